// Feature contributions to a score: bars to the left for easier, to the right for harder.

import { el } from "./dom.js";

const NAMES = { wording: "its words, together" };

export function contributionBars(contributions) {
  if (!contributions.length) return [];
  const most = Math.max(...contributions.map(([, logOdds]) => Math.abs(logOdds)), 1e-9);
  return [
    el("h3", {}, "What made the score"),
    el(
      "ul.contributions",
      {},
      contributions.map((contribution) => bar(contribution, most)),
    ),
    el("p.note.legend", { "aria-hidden": "true" }, el("span", {}, "← easier"), el("span", {}, "harder →")),
  ];
}

function bar([name, logOdds], most) {
  const direction = logOdds > 0 ? "harder" : "easier";
  return el(
    `li.${direction}`,
    {},
    el("span", {}, NAMES[name] ?? name),
    el("i", { style: { "--part": Math.abs(logOdds) / most } }),
    el("span.unseen", {}, direction),
  );
}
