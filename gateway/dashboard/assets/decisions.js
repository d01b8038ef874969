// The table of requests: filters, pages, export; a click explains one request.

import { get, url } from "./api.js";
import { detail } from "./detail.js";
import { byId, el, fill, say } from "./dom.js";
import { expectedNote } from "./estimate.js";
import { count, fullMoment, moment, ms, score, usd } from "./format.js";
import { OUTCOMES, REASONS, ROUTES } from "./labels.js";

const PAGE = 50;
const COLUMNS = ["Time", "Who", "Went to", "Reason", "Score", "Model", "Outcome", "Tokens", "First byte", "Paid"];
const NUMBERS = new Set(["Tokens", "First byte", "Paid"]);

const state = { range: {}, filters: {}, after: [], open: null, asked: 0 };

// A refresh must not close an opened row or turn back a page.
export const busy = () => state.open !== null || state.after.length > 0;

export function build(view) {
  fill(
    view,
    el(
      "div.card",
      {},
      el(
        "div.heading",
        {},
        el("h1", { id: "decisions-title" }, "Decisions"),
        el(
          "p.note",
          {},
          "Every request, why it went to its side, and how it ended. No text of any prompt or answer is kept.",
        ),
      ),
      el(
        "form.filters",
        { id: "filters", "aria-label": "Filters", onsubmit: (event) => event.preventDefault() },
        filters(),
      ),
      el("div.scroll", { id: "decisions-table", tabindex: "0", role: "region", "aria-labelledby": "decisions-title" }),
      el(
        "div.pager",
        {},
        el("button", { type: "button", id: "newer", onclick: newer, disabled: true }, "← Newer"),
        el("span", { id: "decisions-note", role: "status" }),
        el("button", { type: "button", id: "older", onclick: older, disabled: true }, "Older →"),
      ),
    ),
  );
}

function filters() {
  const choice = (name, label, options) =>
    el(
      "label",
      {},
      label,
      el(
        "select",
        { name, id: `filter-${name}`, onchange: () => choose(name) },
        el("option", { value: "" }, "any"),
        Object.entries(options).map(([value, text]) => el("option", { value }, text)),
      ),
    );
  const file = (format, text) =>
    el("a.button", { id: `export-${format}`, href: "v1/decisions/export", download: true }, text);
  return [
    choice("route", "Went to", ROUTES),
    choice("reason", "Reason", Object.fromEntries(Object.keys(REASONS).map((reason) => [reason, reason]))),
    choice("outcome", "Outcome", OUTCOMES),
    choice("model", "Model", {}),
    choice("key_id", "Key", {}),
    choice("team", "Team", {}),
    choice("tag", "Tag", {}),
    choice("session_id", "Session", {}),
    el("span.files", {}, file("csv", "CSV"), file("json", "JSON")),
  ];
}

function choose(name) {
  state.filters[name] = byId(`filter-${name}`).value || null;
  turnTo([]);
}

// Filters that a link names, instead of those chosen before.
export function narrowTo(named) {
  if (![...named.keys()].length) return;
  state.filters = Object.fromEntries(named);
  startOver();
  for (const select of byId("filters").querySelectorAll("select")) {
    const value = state.filters[select.name] ?? "";
    if (![...select.options].some((option) => option.value === value)) select.append(el("option", { value }, value));
    select.value = value;
  }
}

const query = () => ({ ...state.range, ...state.filters });

export function ask(range) {
  state.range = range;
  state.asked += 1;
  return Promise.all([
    get("v1/decisions", { ...query(), limit: PAGE, after: state.after.at(-1) }),
    get("v1/decisions/choices", range),
    state.asked,
  ]);
}

function offer(name, values, names = {}) {
  const select = byId(`filter-${name}`);
  select.closest("label").hidden = values.length === 0 && !state.filters[name];
  const kept = state.filters[name];
  const all = kept && !values.includes(kept) ? [kept, ...values] : values;
  fill(
    select,
    el("option", { value: "" }, "any"),
    all.map((value) => el("option", { value, selected: value === kept }, names[value] ?? value)),
  );
}

export function show([page, choices, asked]) {
  if (asked !== state.asked) return; // filters or page were chosen meanwhile: their rows are the ones to show
  const opened = byId("open-row");
  offer("model", choices.models);
  offer("key_id", choices.keys, choices.key_names);
  offer("team", choices.teams);
  offer("tag", choices.tags);
  offer("session_id", []);
  for (const format of ["csv", "json"])
    byId(`export-${format}`).href = url("v1/decisions/export", { ...query(), format });
  byId("newer").disabled = state.after.length === 0;
  byId("older").disabled = page.next === null;
  byId("older").dataset.after = page.next ?? "";
  say(
    byId("decisions-note"),
    page.data.length ? `Page ${count(state.after.length + 1)}` : "No request matches. Widen the range or the filters.",
  );
  const anybody = page.data.some((item) => item.key_id || item.session_id);
  const columns = COLUMNS.filter((heading) => anybody || heading !== "Who");
  fill(
    byId("decisions-table"),
    page.data.length > 0 &&
      el(
        "table.decisions",
        { role: "table" },
        el(
          "thead",
          { role: "rowgroup" },
          el(
            "tr",
            { role: "row" },
            columns.map((heading) =>
              el(NUMBERS.has(heading) ? "th.number" : "th", { scope: "col", role: "columnheader" }, heading),
            ),
          ),
        ),
        el(
          "tbody",
          { role: "rowgroup" },
          page.data.map((item) => row(item, anybody && who(item, choices.key_names))),
        ),
      ),
  );
  if (opened && state.open) putUnder(lineOf(state.open), opened);
}

function who(item, names) {
  const notes = [item.team, item.session_id].filter(Boolean).join(" · ");
  return cell("who", { title: item.key_id ?? "" }, names[item.key_id] ?? item.key_id ?? "–", el("small", {}, notes));
}

function row(item, whose) {
  const routed = item.route !== "none";
  return el(
    "tr",
    { role: "row", "data-id": item.id, onclick: (event) => event.target.closest("button") || toggleRow(item.id) },
    el(
      "th",
      { scope: "row", role: "rowheader" },
      el(
        "button.open",
        {
          type: "button",
          "aria-expanded": "false",
          "aria-label": `Explain the request of ${moment(item.created)}`,
          onclick: () => toggleRow(item.id),
        },
        el("time", { datetime: item.created, title: fullMoment(item.created) }, moment(item.created)),
      ),
    ),
    whose,
    cell("went", {}, el(`span.dot.${item.route}`, { "aria-hidden": "true" }), routed ? item.route : "refused"),
    cell("reason", { title: REASONS[item.reason] ?? "" }, item.reason),
    cell("scored", {}, routed ? gauge(item.score, item.threshold) : "–"),
    cell("model", { title: `asked for ${item.requested_model}` }, item.served_model || "–"),
    cell(`outcome.${item.outcome}`, {}, OUTCOMES[item.outcome] ?? item.outcome),
    cell("number.tokens", {}, `${count(item.prompt_tokens)} + ${count(item.completion_tokens)}`),
    cell("number.first-byte", {}, ms(item.first_token_ms), expectedNote(item)),
    cell("number.paid", {}, usd(item.cost_usd)),
  );
}

// On a phone the style sheet lays a row out as a card, and browsers then drop its table semantics: hence the roles.
const cell = (classes, attributes, ...children) => el(`td.${classes}`, { role: "cell", ...attributes }, ...children);

export function gauge(value, threshold) {
  const words = `score ${score(value)}, threshold ${score(threshold)}`;
  return el(
    `span.gauge.${value >= threshold ? "cloud" : "local"}`,
    { title: words },
    el("span", {}, value.toFixed(2)),
    el("i", { "aria-hidden": "true", style: { "--value": Math.min(value, 1), "--at": Math.min(threshold, 1) } }),
  );
}

async function toggleRow(id) {
  const opened = state.open;
  byId("open-row")?.remove();
  state.open = null;
  if (opened) lineOf(opened)?.querySelector(".open").setAttribute("aria-expanded", "false");
  if (opened === id) return;
  state.open = id;
  const item = await get(`v1/decisions/${encodeURIComponent(id)}`);
  if (state.open !== id) return;
  const line = lineOf(id);
  const cells = el("td", { role: "cell", colspan: line?.cells.length }, detail(item));
  putUnder(line, el("tr.opened", { id: "open-row", role: "row" }, cells));
}

const lineOf = (id) => document.querySelector(`[data-id="${CSS.escape(id)}"]`);

function putUnder(line, opened) {
  if (!line) return; // not on this page of the table any more
  line.querySelector(".open").setAttribute("aria-expanded", "true");
  line.after(opened);
}

function older() {
  turnTo([...state.after, byId("older").dataset.after]);
}

function newer() {
  turnTo(state.after.slice(0, -1));
}

async function turnTo(after) {
  state.after = after;
  state.open = null;
  show(await ask(state.range));
}

export function startOver() {
  state.after = [];
  state.open = null;
}
