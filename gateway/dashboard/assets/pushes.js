// What pushed a score: bars to the left for easier, to the right for harder.

import { el } from "./dom.js";

const WORDS = { wording: "its words, together" };

export function pushed(pushes) {
  if (!pushes.length) return [];
  const most = Math.max(...pushes.map(([, push]) => Math.abs(push)), 1e-9);
  return [
    el("h3", {}, "What pushed the score"),
    el("ul.pushes", {}, pushes.map((push) => bar(push, most))),
    el("p.note.legend", { "aria-hidden": "true" }, el("span", {}, "← easier"), el("span", {}, "harder →")),
  ];
}

function bar([name, push], most) {
  const direction = push > 0 ? "harder" : "easier";
  return el(`li.${direction}`, {}, el("span", {}, WORDS[name] ?? name), el("i", { style: { "--part": Math.abs(push) / most } }), el("span.unseen", {}, direction));
}
