// What may be done with a key, each in a dialog: its secret shown once, another secret, the end.

import { post, remove } from "./api.js";
import { codeTabs, copyButton } from "./code.js";
import { dialogButtons, onSubmit, openDialog } from "./dialog.js";
import { el } from "./dom.js";

const HOUR_S = 3600;
const GRACES = [
  [0, "stops at once"],
  [HOUR_S, "works for an hour more"],
  [24 * HOUR_S, "works for a day more"],
  [7 * 24 * HOUR_S, "works for a week more"],
  [30 * 24 * HOUR_S, "works for 30 days more"],
];

// Only its button closes it: the secret is lost with it.
export function showSecret(key, { note, back }) {
  const input = el("input.secret", { id: "secret", readonly: true, value: key.secret, "aria-label": "Secret" });
  const copy = copyButton(() => key.secret, { id: "copy-secret" });
  const dialog = openDialog(
    "secret-dialog",
    `The secret of “${key.name}”`,
    { class: "wide", closedby: "none" },
    back,
    el(
      "form",
      { method: "dialog" },
      el("p.warning", {}, "Copy it now: it is not shown again. The gateway keeps only a hash of it."),
      el("div.secret-line", {}, input, copy),
      note && el("p", {}, note),
      examples(key),
      el("div.buttons", {}, el("button.primary", { type: "submit", id: "secret-kept" }, "I have copied it")),
    ),
  );
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  input.addEventListener("focus", () => input.select());
  input.focus();
}

function examples(key) {
  if (key.role === "viewer")
    return el("p.note", {}, "A viewer's key opens this page and the reports; it asks no model. Log in with it.");
  const named = key.terms.models?.find((model) => !model.includes("*"));
  return el("div", {}, el("h3", {}, "Use it"), codeTabs(key.secret, named ?? "auto"));
}

export function rotateKey(key, { back, done }) {
  const grace = el(
    "select",
    { id: "grace" },
    GRACES.map(([value, text]) => el("option", { value, selected: value === 24 * HOUR_S }, text)),
  );
  const dialog = ask({
    id: "rotate-dialog",
    title: `Another secret for “${key.name}”`,
    text: [
      el("p", {}, "The key stays what it is, under a new secret, which is shown once."),
      el("div.field", {}, el("label", { for: "grace" }, "The old secret"), grace),
    ],
    submit: "Rotate",
    send: () => post(`v1/keys/${key.id}/rotate`, { grace_s: Number(grace.value) }),
    back,
    done,
  });
  dialog.querySelector("select").focus();
}

export function revokeKey(key, { isOwn, back, done }) {
  ask({
    id: "revoke-dialog",
    title: `Revoke “${key.name}”?`,
    text: [
      el("p", {}, `The key ${key.id} (${prefixes(key)}) stops within a second, everywhere and for good.`),
      el("p.note", {}, "Its requests stay in the ledger."),
      isOwn && el("p.warning", {}, "You are logged in with this key: your login ends with it."),
    ],
    submit: "Revoke",
    danger: true,
    send: () => remove(`v1/keys/${key.id}`),
    back,
    done,
  });
}

const prefixes = (key) => key.secrets.map((secret) => `${secret.prefix}…`).join(", ") || "no secret";

function ask({ id, title, text, submit, danger, send, back, done }) {
  const said = el("p.bad.said", { role: "alert" });
  const form = el("form", {}, text, said, dialogButtons(submit, { danger }));
  const dialog = openDialog(id, title, {}, back, form);
  const doIt = async () => {
    said.textContent = "";
    const answer = await send();
    dialog.close();
    await done(answer);
  };
  onSubmit(form, doIt, (error) => {
    said.textContent = error.message;
  });
  return dialog;
}
