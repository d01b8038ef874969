// The fields of a key's form: how each is called and typed, and what the API takes for what was typed.
// Nothing is judged here: what cannot be used is sent as it is, and the API says why it refuses that.

import { el } from "./dom.js";

const words = (text) => text.split(/[\s,]+/).filter(Boolean);
const lines = (text) => text.split("\n").filter((line) => line.trim());

function number(text) {
  if (text === "") return null;
  return Number.isNaN(Number(text)) ? text : Number(text);
}

function pair(line) {
  const [name, ...rest] = line.split("=");
  return [name.trim(), rest.join("=").trim()];
}

// What the input takes is the reader's own clock.
function localTime(iso) {
  if (!iso) return "";
  const date = new Date(iso);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function moment(input) {
  if (input.validity.badInput) return "incomplete"; // which must not pass for "never"
  return input.value ? new Date(input.value).toISOString() : null;
}

const typed = (more) => (attributes) => el("input", { type: "text", autocomplete: "off", ...more, ...attributes });
const select = (options) => (attributes) =>
  el(
    "select",
    attributes,
    Object.entries(options).map(([value, text]) => el("option", { value }, text)),
  );

const text = {
  input: typed({}),
  read: (input) => input.value.trim(),
  write: (input, value) => (input.value = value ?? ""),
};
const orNone = { ...text, read: (input) => input.value.trim() || null };
const amount = { ...orNone, input: typed({ inputmode: "decimal" }) };
const figure = { ...amount, read: (input) => number(input.value.trim()) };
const list = {
  ...text,
  read: (input) => words(input.value),
  write: (input, value) => (input.value = (value ?? []).join(", ")),
};
const listOrNone = { ...list, read: (input) => (input.value.trim() ? words(input.value) : null) };
const time = {
  input: typed({ type: "datetime-local" }),
  read: moment,
  write: (input, value) => (input.value = localTime(value)),
};
const flag = {
  input: typed({ type: "checkbox" }),
  read: (input) => input.checked,
  write: (input, value) => (input.checked = value),
};
const pairs = {
  input: (attributes) => el("textarea", { rows: 2, ...attributes }),
  read: (input) => Object.fromEntries(lines(input.value).map(pair)),
  write: (input, value) =>
    (input.value = Object.entries(value ?? {})
      .map((each) => each.join(" = "))
      .join("\n")),
};
const choice = (options) => ({ ...text, input: select(options), read: (input) => input.value });
const sides = {
  input: select({ "": "local model and cloud", local: "local model only", cloud: "cloud only" }),
  read: (input) => (input.value ? [input.value] : null),
  write: (input, value) => (input.value = value?.length === 1 ? value[0] : ""),
};

const ROLES = { caller: "caller", viewer: "viewer", admin: "admin" };
const SEES = { own: "its own", team: "those of its team", all: "all" };

const field = (name, label, kind, hint = "") => ({ name, label, kind, hint });

export const DETAILS = [
  field("name", "Name", text, "What people call it."),
  field("owner", "Owner", text, "Who is responsible for it."),
  field("team", "Team", text, "For reports and budgets."),
  field("tags", "Tags", list, "Words for reports, with commas between."),
  field(
    "role",
    "Role",
    choice(ROLES),
    "A caller asks models, a viewer looks at this page, an admin may do everything.",
  ),
  field("sees", "Sees requests", choice(SEES), "An admin sees all."),
  field("expires", "Expires", time, "By your clock. Empty: never."),
];

export const TERMS = {
  Privacy: [
    field("terms.local_only", "Nothing may leave this machine", flag, "No header can change that."),
    field("terms.routes", "May be answered by", sides),
    field(
      "terms.models",
      "Models it may ask for",
      listOrNone,
      "With commas between; * stands for any characters. Empty: all.",
    ),
  ],
  "Requests and tokens": [
    field("terms.requests_per_minute", "Requests a minute", figure),
    field("terms.tokens_per_minute", "Tokens a minute", figure),
    field("terms.max_concurrent", "Requests at the same time", figure),
    field("terms.max_n", "Answers to one request (n)", figure),
    field("terms.max_tokens", "Tokens of one answer", figure),
    field("terms.max_body_bytes", "Bytes of one request", figure),
  ],
  "Money for the cloud, in US dollars": [
    field("terms.usd_per_day", "A day", amount),
    field("terms.usd_per_week", "A week", amount),
    field("terms.usd_per_month", "A month", amount),
  ],
  Routing: [
    field("terms.threshold", "Threshold", figure, "Its own; empty: the gateway's."),
    field("terms.may_override", "Requests may set another threshold", flag),
    field("terms.aliases", "Aliases", pairs, "One a line: gpt-4o = auto"),
    field("terms.baseline_model", "Baseline model", orNone, "What its savings are measured against."),
  ],
};

export const FIELDS = [...DETAILS, ...Object.values(TERMS).flat()];

// What a new key has before anything is typed.
export const NEW = { role: "caller", sees: "own", terms: { may_override: true, aliases: {} } };
