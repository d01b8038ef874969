// Keys as rows of a table; on a narrow screen the style sheet makes a card of each.

import { el } from "./dom.js";
import { day, fullMoment, moment } from "./format.js";
import { limitWords } from "./limits.js";

const COLUMNS = ["Name", "Secret", "Team and tags", "Role", "Limits", "Created", "Expires", "State", ""];
const DOTS = { live: "local", expired: "warn", revoked: "none" };

// `actions` gives the buttons that change a key.
export function keyRows(keys, actions) {
  return el(
    "table.keys",
    { role: "table" },
    el(
      "thead",
      { role: "rowgroup" },
      el(
        "tr",
        { role: "row" },
        COLUMNS.map((heading) =>
          el("th", { scope: "col", role: "columnheader" }, heading || el("span.unseen", {}, "Change")),
        ),
      ),
    ),
    el(
      "tbody",
      { role: "rowgroup" },
      keys.map((key) => row(key, actions(key))),
    ),
  );
}

const cell = (name, ...children) => el(`td.${name}`, { role: "cell" }, ...children);

function row(key, buttons) {
  return el(
    "tr",
    { role: "row", "data-id": key.id },
    el(
      "th.name",
      { scope: "row", role: "rowheader", title: key.id },
      key.name,
      key.owner && el("small", {}, key.owner),
    ),
    cell("prefix", key.secrets.map(secretOf)),
    cell(
      "team",
      key.team ? el("span", {}, key.team) : key.tags.length === 0 && "–",
      key.tags.map((tag) => el("span.tag", {}, tag)),
    ),
    cell("role", key.role, key.role !== "admin" && key.sees !== "own" && el("small", {}, `sees ${key.sees}`)),
    cell("limits", limitWords(key.terms) || "–"),
    cell("created", time(key.created)),
    cell("expires", key.expires ? time(key.expires) : "never"),
    cell(`state.${key.status}`, el(`span.dot.${DOTS[key.status]}`, { "aria-hidden": "true" }), key.status),
    cell("actions", key.status === "revoked" ? null : buttons),
  );
}

const time = (iso) => el("time", { datetime: iso, title: fullMoment(iso) }, day(iso));

const secretOf = (secret) =>
  el(
    "div",
    {},
    el("code", {}, `${secret.prefix}…`),
    secret.expires && el("small", {}, `until ${moment(secret.expires)}`),
  );
