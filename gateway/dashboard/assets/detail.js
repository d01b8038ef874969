// One request taken apart.

import { el } from "./dom.js";
import { count, fullMoment, ms, percent, usd } from "./format.js";
import { pushed } from "./pushes.js";
import { OUTCOMES } from "./words.js";

const MARKS = { passed: "✓", decided: "➜", unasked: "·" };
const SPOKEN = { passed: "passed", decided: "decided", unasked: "not asked" };

export function detail(item) {
  return el(
    "div.detail",
    {},
    item.rules.length ? el("div", {}, el("h2.small", {}, "How it was decided"), steps(item.rules), why(item.traits)) : el("div", {}, el("h2.small", {}, "It never came to a decision"), el("p", {}, `Refused: ${item.error_code ?? OUTCOMES[item.outcome]}`)),
    el("dl.facts", {}, facts(item).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
  );
}

function why(traits) {
  if (!traits) return el("p.note", {}, "What pushed the score was not kept for this one: only a few a second are.");
  const unsure = traits.familiarity < 0.5 && el("p.note", {}, `Only ${percent(traits.familiarity)} familiar, so the score stays near “don't know”.`);
  return el("div", {}, pushed(Object.entries(traits.pushes)), unsure);
}

export function steps(rules) {
  return el(
    "ol.steps",
    {},
    rules.map((step) => el(`li.${step.verdict}`, {}, el("i", { "aria-hidden": "true" }, MARKS[step.verdict]), el("span", {}, el("b", {}, step.rule), el("span.unseen", {}, ` ${SPOKEN[step.verdict]}:`), " ", step.text))),
  );
}

function secondLook(look) {
  const thrownAway = look.completion_tokens && `; thrown away: ${count(look.prompt_tokens)} tokens in, ${count(look.completion_tokens)} out`;
  return `${ms(look.ms)} by ${look.model}${thrownAway || ""}`;
}

function facts(item) {
  return [
    ["Request", el("code", {}, item.id)],
    ["When", fullMoment(item.created)],
    ["Asked for", item.requested_model || "–"],
    ["Answered by", item.served_model || "–"],
    ["Ended", `${OUTCOMES[item.outcome] ?? item.outcome}${item.error_code ? ` (${item.error_code})` : ""}`],
    ["Tokens", `${count(item.prompt_tokens)} in (${count(item.cached_tokens)} cached), ${count(item.completion_tokens)} out${item.usage_estimated ? ", estimated" : ""}`],
    ["Time", `${ms(item.first_token_ms)} to the first byte, ${ms(item.total_ms)} in all, ${ms(item.overhead_ms)} of it the gateway's own`],
    item.second_look && ["Second look", secondLook(item.second_look)],
    ["Money", `paid ${usd(item.cost_usd)}${Number(item.deciding_usd) ? `, and ${usd(item.deciding_usd)} for the second look` : ""}; with ${item.baseline_model ?? "the baseline model"} ${usd(item.baseline_usd)}`],
    item.key_id && ["Key", item.key_id],
  ].filter(Boolean);
}
