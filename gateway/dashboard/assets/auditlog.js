// The newest entries of the audit chain, its end to note elsewhere, and how to verify it.

import { get } from "./api.js";
import { copyButton } from "./code.js";
import { byId, el, fill, say } from "./dom.js";
import { count, fullMoment, moment } from "./format.js";
import { pager, showPager } from "./pager.js";

const PAGE = 10;
const TYPING_MS = 250;
const KINDS = { egress: "Left this machine", private: "Had to stay", admin: "An administrator's act" };

const state = { kind: "", request: "", after: [], asked: 0, head: null, reload: null };

// A refresh must not close an opened entry or turn back a page.
export const reading = () => state.after.length > 0 || document.querySelector("#audit-entries details[open]") !== null;

export function auditCard(reload) {
  state.reload = reload;
  return el(
    "section.card",
    { id: "audit-card", "aria-labelledby": "audit-title" },
    el("h2", { id: "audit-title" }, "Audit chain"),
    el(
      "p.note",
      {},
      "What left this machine, what had to stay, and what administrators did. An entry that is changed or removed shows.",
    ),
    el(
      "p.head",
      {},
      "Its end now: ",
      el("code", { id: "audit-head" }),
      copyButton(() => headText(), { id: "copy-head", "aria-label": "Copy the end of the chain" }),
    ),
    el("p.note", {}, "Note it elsewhere from time to time: only that shows that the end was cut off. To verify:"),
    el("pre", { tabindex: "0" }, el("code", {}, "slimgate audit verify\nslimgate audit verify --expect NOTED_END")),
    filters(),
    el("div", { id: "audit-entries" }),
    pager("audit", newer, older),
  );
}

function filters() {
  return el(
    "form.filters",
    { "aria-label": "Filters of the audit chain", onsubmit: (event) => event.preventDefault() },
    el(
      "label",
      {},
      "Kind",
      el(
        "select",
        { id: "audit-kind", onchange: chosen },
        el("option", { value: "" }, "any"),
        Object.entries(KINDS).map(([value, text]) => el("option", { value }, text)),
      ),
    ),
    el(
      "label",
      {},
      "Request",
      el("input", { type: "search", id: "audit-request", placeholder: "req_…", oninput: typed }),
    ),
  );
}

const headText = () => (state.head ? `${state.head.seq}:${state.head.hash}` : "");

export async function askAudit() {
  state.asked += 1;
  const { asked, kind, request, after } = state;
  const page = await get("v1/audit", { limit: PAGE, kind, request_id: request, after: after.at(-1) });
  return { page, asked };
}

export function showAudit({ page, asked }) {
  if (asked !== state.asked) return;
  state.head = page.head;
  say(byId("audit-head"), headText());
  const none = state.kind || state.request ? "No entry matches." : "Nothing is on record yet.";
  showPager("audit", state.after, page.next, page.data.length ? null : none);
  fill(byId("audit-entries"), el("ol.entries", {}, page.data.map(item)));
}

function item(entry) {
  return el(
    "li",
    { "data-id": `audit-${entry.seq}` },
    el(
      "details",
      {},
      el(
        "summary",
        {},
        el("time", { datetime: entry.at, title: fullMoment(entry.at) }, moment(entry.at)),
        " ",
        el("b", {}, KINDS[entry.kind] ?? entry.kind),
        " ",
        el("span", {}, summary(entry)),
      ),
      el(
        "p.note",
        {},
        `Entry ${count(entry.seq)}${entry.request_id ? `, request ${entry.request_id}` : ""}, hash ${entry.hash}`,
      ),
      el("pre", { tabindex: "0" }, el("code", {}, JSON.stringify(entry.body, null, 2))),
    ),
  );
}

function summary({ body }) {
  if (typeof body !== "object" || body === null) return "It cannot be read.";
  if (body.action)
    return `${body.action}${body.key_name ? ` “${body.key_name}”` : ""} by ${body.who}, from ${body.where}`;
  const calls = body.egress?.calls ?? [];
  if (!calls.length) return body.egress?.verdict ?? "";
  const hosts = [...new Set(calls.map((call) => call.host))].join(", ");
  const sent = calls.reduce((sum, call) => sum + call.bytes, 0);
  return `to ${hosts}: ${count(calls.length)} ${calls.length === 1 ? "call" : "calls"}, ${count(sent)} bytes`;
}

function chosen() {
  state.kind = byId("audit-kind").value;
  state.request = byId("audit-request").value.trim();
  turnTo([]);
}

let typing = null;

function typed() {
  clearTimeout(typing);
  typing = setTimeout(chosen, TYPING_MS);
}

const older = (after) => turnTo([...state.after, after]);

const newer = () => turnTo(state.after.slice(0, -1));

function turnTo(after) {
  state.after = after;
  return state.reload();
}
