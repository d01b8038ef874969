// One request explained: rules, contributions to the score, and its figures.

import { url } from "./api.js";
import { contributionBars } from "./contributions.js";
import { el } from "./dom.js";
import { estimateWords } from "./estimate.js";
import { count, fullMoment, ms, percent, usd } from "./format.js";
import { OUTCOMES } from "./labels.js";

const MARKS = { passed: "✓", decided: "➜", unasked: "·" };
const SPOKEN = { passed: "passed", decided: "decided", unasked: "not asked" };

export function detail(item) {
  return el(
    "div.detail",
    {},
    item.rules.length
      ? el("div", {}, el("h2.small", {}, "How it was decided"), steps(item.rules), contributions(item.contributions))
      : el(
          "div",
          {},
          el("h2.small", {}, "It was refused before a decision"),
          el("p", {}, `Refused: ${item.error_code ?? OUTCOMES[item.outcome]}`),
        ),
    el(
      "dl.figures",
      {},
      figures(item).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    ),
    egress(item),
  );
}

function contributions(kept) {
  if (!kept)
    return el(
      "p.note",
      {},
      "The contributions to this score were not kept: they are for a few requests a second only.",
    );
  const unsure =
    kept.vocabulary_coverage < 0.5 &&
    el(
      "p.note",
      {},
      `Vocabulary coverage is only ${percent(kept.vocabulary_coverage)}, so the score stays near “don't know”.`,
    );
  return el("div", {}, contributionBars(Object.entries(kept.features)), unsure);
}

// What was sent to clouds, call by call: an auditor compares the hash with what the provider received.
function egress(item) {
  const calls = item.egress?.calls ?? [];
  return el(
    "section.egress",
    {},
    el("h2.small", {}, "What left this machine"),
    calls.length ? el("ol", {}, calls.map(sent)) : el("p.note", {}, stayed(item)),
    calls.length ? el("p.note", {}, `The privacy detector: ${item.egress.verdict}.`) : null,
  );
}

function sent(call) {
  const way = `${call.via_proxy ? ", by a proxy" : ""}, because of ${call.rule}`;
  return el(
    "li",
    {},
    el("b", {}, call.host),
    ` for ${call.model}, ${count(call.bytes)} bytes${way}`,
    el("span.hash", {}, "SHA-256 of the body ", el("code", {}, call.sha256)),
  );
}

function stayed(item) {
  if (item.egress) return `Nothing was sent to a cloud: ${item.egress.verdict}.`;
  return item.route === "cloud" ? "It was not recorded." : "Nothing was sent to a cloud.";
}

export function steps(rules) {
  return el(
    "ol.steps",
    {},
    rules.map((step) =>
      el(
        `li.${step.verdict}`,
        {},
        el("i", { "aria-hidden": "true" }, MARKS[step.verdict]),
        el("span", {}, el("b", {}, step.rule), el("span.unseen", {}, ` ${SPOKEN[step.verdict]}:`), " ", step.text),
      ),
    ),
  );
}

function secondLook(result) {
  const thrownAway =
    result.completion_tokens &&
    `; thrown away: ${count(result.prompt_tokens)} tokens in, ${count(result.completion_tokens)} out`;
  return `${ms(result.ms)} by ${result.model}${thrownAway || ""}`;
}

const sessionLink = (item) =>
  el("a", { href: url("#decisions", { session_id: item.session_id, key_id: item.key_id }) }, item.session_id);

function figures(item) {
  const estimate = estimateWords(item);
  return [
    ["Request", el("code", {}, item.id)],
    ["When", fullMoment(item.created)],
    ["Asked for", item.requested_model || "–"],
    ["Answered by", item.served_model || "–"],
    ["Ended", `${OUTCOMES[item.outcome] ?? item.outcome}${item.error_code ? ` (${item.error_code})` : ""}`],
    [
      "Tokens",
      `${count(item.prompt_tokens)} in (${count(item.cached_tokens)} cached), ${count(item.completion_tokens)} out${item.usage_estimated ? ", estimated" : ""}`,
    ],
    [
      "Time",
      `${ms(item.first_token_ms)} to the first byte, ${ms(item.total_ms)} in all, ${ms(item.overhead_ms)} of it the gateway's own`,
    ],
    estimate && ["Estimate", estimate],
    item.second_look && ["Second look", secondLook(item.second_look)],
    [
      "Money",
      `paid ${usd(item.cost_usd)}${Number(item.abandoned_usd) ? ` (${usd(item.abandoned_usd)} of it to a cloud that failed)` : ""}${Number(item.deciding_usd) ? `, and ${usd(item.deciding_usd)} for the second look` : ""}; with ${item.baseline_model ?? "the baseline model"} ${usd(item.baseline_usd)}`,
    ],
    item.key_id && ["Key", item.key_name ? `${item.key_name} (${item.key_id})` : item.key_id],
    item.team && ["Team", item.team],
    item.tags?.length && ["Tags", item.tags.join(", ")],
    item.session_id && ["Session", sessionLink(item)],
    item.end_user && ["End user", item.end_user],
  ].filter(Boolean);
}
