// The last decisions, one row each.

import { byId, el, fill } from "./dom.js";
import { count, fullMoment, moment, ms, score, usd } from "./format.js";
import { OUTCOMES, REASONS, ROUTES } from "./words.js";

const NUMBERS = new Set(["Score", "Threshold", "Tokens", "First byte", "Paid"]);

export function build(view) {
  fill(view, el("section.card", { "aria-labelledby": "decisions-title" }, el("h2", { id: "decisions-title" }, "Last decisions"), el("div.scroll", { id: "decisions-table", tabindex: "0", role: "region", "aria-label": "Last decisions" })));
}

export function show(rows) {
  const headings = ["Time", "Went to", "Reason", "Score", "Threshold", "Model", "Outcome", "Tokens", "First byte", "Paid"];
  fill(
    byId("decisions-table"),
    el(
      "table.decisions",
      {},
      el("thead", {}, el("tr", {}, headings.map((heading) => el(NUMBERS.has(heading) ? "th.number" : "th", { scope: "col" }, heading)))),
      el("tbody", {}, rows.map(row)),
    ),
  );
}

function row(item) {
  return el(
    "tr",
    { "data-id": item.id },
    el("th", { scope: "row" }, el("time", { datetime: item.created, title: fullMoment(item.created) }, moment(item.created))),
    el("td", {}, el(`span.dot.${item.route}`, { "aria-hidden": "true" }), item.route === "none" ? "refused" : item.route),
    el("td", { title: REASONS[item.reason] ?? "" }, item.reason),
    el("td.number", {}, item.route === "none" ? "–" : score(item.score)),
    el("td.number", {}, item.route === "none" ? "–" : score(item.threshold)),
    el("td.model", { title: `asked for ${item.requested_model}` }, item.served_model || "–"),
    el(`td.${item.outcome}`, {}, OUTCOMES[item.outcome] ?? item.outcome),
    el("td.number", {}, `${count(item.prompt_tokens)} + ${count(item.completion_tokens)}`),
    el("td.number", {}, ms(item.first_token_ms)),
    el("td.number", {}, usd(item.cost_usd)),
  );
}
