// A prompt to try: its decision is explained, nothing is generated or kept.

import { post } from "./api.js";
import { contributionBars } from "./contributions.js";
import { gauge } from "./decisions.js";
import { byId, el, fill } from "./dom.js";
import { ms, percent } from "./format.js";
import { REASONS } from "./labels.js";

const SHOWN = 8;

export function trial(threshold) {
  const send = async (event) => {
    event.preventDefault();
    const out = byId("trial-out");
    try {
      const headers = { "x-slimgate-threshold": String(threshold()) };
      const decision = await post("v1/route", { prompt: byId("trial-prompt").value }, headers);
      fill(out, result(decision));
    } catch (error) {
      fill(out, el("p.bad", {}, error.message));
    }
  };
  return el(
    "section.card",
    { "aria-labelledby": "trial-title" },
    el("h2", { id: "trial-title" }, "Try a prompt"),
    el("p.note", {}, "See where it would go at the chosen threshold, and why. Nothing is generated or kept."),
    el(
      "form.try",
      { onsubmit: send },
      el("textarea", {
        id: "trial-prompt",
        rows: 3,
        required: true,
        "aria-label": "Prompt",
        placeholder: "Prove that there are infinitely many primes.",
      }),
      el("div", {}, el("button", { id: "trial-send", type: "submit" }, "Show the decision")),
    ),
    el("div", { id: "trial-out", role: "status" }),
  );
}

function result(decision) {
  return [
    el(
      "p.verdict",
      {},
      el(`span.dot.${decision.route}`, { "aria-hidden": "true" }),
      el("b", {}, `To the ${decision.route === "local" ? "local model" : "cloud"}`),
      ` because: ${(REASONS[decision.reason] ?? decision.reason).toLowerCase()}`,
    ),
    el(
      "p",
      {},
      gauge(decision.score, decision.threshold),
      el("span.note", {}, ` threshold ${decision.threshold.toFixed(3)}`),
    ),
    decision.estimate &&
      el(
        "p.note",
        {},
        `The local model would take about ${ms(decision.estimate.first_token_s * 1000)} to the first token, ${ms(decision.estimate.answer_s * 1000)} in all.`,
      ),
    decision.vocabulary_coverage < 0.5 &&
      el(
        "p.note",
        {},
        `Vocabulary coverage is only ${percent(decision.vocabulary_coverage)}: the classifier knows few of these words, so the score stays near “don't know”.`,
      ),
    ...contributionBars(Object.entries(decision.contributions).slice(0, SHOWN)),
  ];
}
