// The form of a key, new or not. What the API refuses is said beside the field that it names.

import { logIn, patch, post } from "./api.js";
import { dialogButtons, onSubmit, openDialog } from "./dialog.js";
import { el } from "./dom.js";
import { fullMoment } from "./format.js";
import { DETAILS, FIELDS, NEW, TERMS } from "./keyfields.js";

const FIRST =
  "The first key must be an administrator's: from then on every call needs a key, and only an admin makes others.";

export function createKey({ isFirst, back, done }) {
  const start = isFirst ? { ...NEW, role: "admin" } : NEW;
  const send = isFirst ? sendFirst : (body) => post("v1/keys", body);
  openForm({ title: "Create a key", submit: "Create", base: NEW, start, note: isFirst && FIRST, send, back, done });
}

// From this key on the page needs a login as everybody does. The form is open meanwhile, so that no refresh comes in
// between, which would lead to the login page before the secret was shown.
async function sendFirst(body) {
  const key = await post("v1/keys", body);
  const isLoggedIn = await logIn(key.secret).then(
    () => true,
    () => false,
  );
  return { ...key, isLoggedIn };
}

export function editKey(key, { back, done }) {
  const send = (body) => patch(`v1/keys/${key.id}`, body);
  const note = `${key.id}, made ${fullMoment(key.created)}.`;
  openForm({ title: `Change “${key.name}”`, submit: "Save", base: key, start: key, note, send, back, done });
}

// Only what differs from `base` is sent, so that nobody's change of another field is undone.
function openForm({ title, submit, base, start, note, send, back, done }) {
  const said = el("p.bad.said", { role: "alert" });
  const form = el(
    "form",
    { novalidate: true },
    note && el("p.note", {}, note),
    el("div.fields", {}, DETAILS.map(row)),
    termsOf(start),
    said,
    dialogButtons(submit),
  );
  const dialog = openDialog("key-form", title, { class: "wide" }, back, form);
  write(form, base);
  const before = read(form);
  write(form, start);
  const save = async () => {
    clear(form);
    const saved = await send(changes(before, read(form)));
    dialog.close();
    await done(saved);
  };
  onSubmit(form, save, (error) => refuse(form, said, error));
  inputOf(form, "name").focus();
}

function termsOf(key) {
  return el(
    "details",
    { open: hasTerms(key) },
    el("summary", {}, "Limits and privacy"),
    el("p.note", {}, "An empty field is no limit."),
    Object.entries(TERMS).map(([legend, fields]) =>
      el("fieldset", {}, el("legend", {}, legend), el("div.fields", {}, fields.map(row))),
    ),
  );
}

function hasTerms({ terms: { may_override, aliases, ...limits } }) {
  return (
    !may_override || Object.keys(aliases).length > 0 || Object.values(limits).some((limit) => limit || limit === 0)
  );
}

function row({ name, label, kind, hint }) {
  const id = `key-${name}`;
  const input = kind.input({ id, name, "aria-describedby": `${id}-hint ${id}-said` });
  return el(
    input.type === "checkbox" ? "div.field.flag" : "div.field",
    { "data-field": name },
    el("label", { for: id }, label),
    input,
    el("p.note", { id: `${id}-hint` }, hint),
    el("p.bad", { id: `${id}-said` }),
  );
}

const inputOf = (form, name) => form.elements.namedItem(name);

const valueAt = (key, name) => name.split(".").reduce((value, part) => value?.[part], key);

const read = (form) => Object.fromEntries(FIELDS.map(({ name, kind }) => [name, kind.read(inputOf(form, name))]));

function write(form, key) {
  for (const { name, kind } of FIELDS) kind.write(inputOf(form, name), valueAt(key, name));
}

function changes(before, after) {
  const changed = Object.keys(after).filter((name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]));
  const body = {};
  // An admin sees all, whatever its key says: that comes to hold with another role.
  for (const name of changed.includes("role") ? new Set([...changed, "sees"]) : changed) {
    const [part, term] = name.split(".");
    if (term) body.terms = { ...body.terms, [term]: after[name] };
    else body[part] = after[name];
  }
  return body;
}

function clear(form) {
  for (const said of form.querySelectorAll("p.bad")) said.textContent = "";
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

function refuse(form, said, error) {
  const field = FIELDS.find(({ name }) => error.param === name || error.param?.startsWith(`${name}.`));
  if (!field) {
    said.textContent = error.message;
    return;
  }
  const input = inputOf(form, field.name);
  const fold = input.closest("details");
  if (fold) fold.open = true;
  input.closest("[data-field]").querySelector("p.bad").textContent = error.message;
  input.setAttribute("aria-invalid", "true");
  input.focus();
}
