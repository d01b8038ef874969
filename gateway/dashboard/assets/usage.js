// Who used what: a table by key, team, tag or session, each line a link to its requests, and a month's bill as a file.

import { get, url } from "./api.js";
import { byId, el, fill } from "./dom.js";
import { count, moment, percent, usdColumn } from "./format.js";

const LINES = 10;
const MONTHS = 12;
const KINDS = {
  key: { heading: "Key", filter: (item) => ({ key_id: item.id }), none: "No requests in this range." },
  team: { heading: "Team", filter: (item) => ({ team: item.id }), none: "No requests in this range." },
  tag: { heading: "Tag", filter: (item) => ({ tag: item.id }), none: "No request came with a key that has tags." },
  session: {
    heading: "Session",
    filter: (item) => ({ session_id: item.id, key_id: item.key_id }),
    none: "No request named a session.",
  },
};

const state = { by: "key", range: {}, zone: "UTC" };

export function usageCard() {
  const button = (kind) =>
    el(
      "button",
      { type: "button", "data-usage": kind, "aria-pressed": String(kind === state.by), onclick: () => choose(kind) },
      kind,
    );
  return el(
    "section.card",
    { id: "usage-card", "aria-labelledby": "usage-title" },
    el(
      "div.heading",
      {},
      el("h2", { id: "usage-title" }, "Who used what"),
      el("div.switch", { role: "group", "aria-label": "Told apart by" }, Object.keys(KINDS).map(button)),
    ),
    el("div.scroll", { id: "usage", tabindex: "0", role: "region", "aria-labelledby": "usage-title" }),
    el(
      "p.bill",
      {},
      el("label", {}, "Every key in ", el("select", { id: "bill-month", onchange: showBill }, months())),
      el("a.button", { id: "bill", href: "v1/usage/chargeback.csv", download: true }, "CSV"),
    ),
  );
}

export function askUsage(range, zone) {
  Object.assign(state, { range, zone });
  return get("v1/usage", { ...range, by: state.by, limit: LINES });
}

export function showUsage(answer) {
  if (answer.by !== state.by) return; // another kind was chosen meanwhile
  fill(byId("usage"), answer.data.length ? table(answer) : el("p.note", {}, KINDS[answer.by].none));
  showBill();
}

async function choose(kind) {
  state.by = kind;
  for (const button of document.querySelectorAll("[data-usage]"))
    button.setAttribute("aria-pressed", String(button.dataset.usage === kind));
  showUsage(await askUsage(state.range, state.zone));
}

function table({ by, data, next }) {
  const paid = usdColumn(data.map((item) => item.paid_usd));
  const saved = usdColumn(data.map((item) => item.saved_usd));
  const headings = [KINDS[by].heading, "Requests", "Local", "Errors", "Paid", "Saved (est.)"];
  return [
    el(
      "table.groups",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          headings.map((heading) => el("th", { scope: "col" }, heading)),
        ),
      ),
      el(
        "tbody",
        {},
        data.map((item, i) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, label(item, by)),
            el("td", {}, count(item.requests)),
            el("td", {}, percent(item.answered ? item.answered_locally / item.answered : null)),
            el("td", {}, count(item.errors)),
            el("td", {}, paid[i]),
            el("td", {}, saved[i]),
          ),
        ),
      ),
    ),
    next && el("p.note", {}, `The ${by === "session" ? "newest" : "busiest"} ${count(data.length)}.`),
  ];
}

function label(item, by) {
  if (item.id === null) return `without a ${by}`;
  const link = el("a", { href: url("#decisions", KINDS[by].filter(item)) }, (by === "key" && item.name) || item.id);
  const note = by === "session" ? sessionNote(item) : item.team;
  return [link, note && el("small", {}, ` ${note}`)];
}

const sessionNote = (item) => [item.name ?? item.key_id, `last ${moment(item.last)}`].filter(Boolean).join(", ");

function months() {
  const now = new Date();
  return Array.from({ length: MONTHS }, (_, back) => {
    const month = new Date(now.getFullYear(), now.getMonth() - back, 1);
    const value = `${month.getFullYear()}-${String(month.getMonth() + 1).padStart(2, "0")}`;
    return el("option", { value }, month.toLocaleString("en-GB", { month: "long", year: "numeric" }));
  });
}

function showBill() {
  byId("bill").href = url("v1/usage/chargeback.csv", { month: byId("bill-month").value, tz: state.zone });
}
