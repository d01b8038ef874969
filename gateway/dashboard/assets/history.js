// Who moved the line, when and why, and the way back.

import { el, fill } from "./dom.js";
import { fullMoment, moment } from "./format.js";
import { words } from "./tuner.js";

const SHOWN = 8;

export function showHistory(node, line, set) {
  const instead = line.applied ? `what was applied for this one, ${words(line.threshold)},` : `the default, ${words(line.default)},`;
  const outdated = line.outdated && el("p.note", {}, `The last change was made for another classifier or configuration and does not count here: ${instead} is in force.`);
  if (!line.history.length) {
    fill(node, el("p.note", {}, `Nobody has moved the line: the default, ${words(line.default)}, is in force.`));
    return;
  }
  fill(node, outdated, el("ol.history", {}, line.history.slice(0, SHOWN).map((change) => entry(change, line, set))));
}

function entry(change, line, set) {
  const foreign = change.artifact !== line.artifact; // its numbers mean something else here: no way back to them
  const to = change.threshold === null ? `the default` : words(change.threshold);
  return el(
    "li",
    {},
    el("div", {}, el("b", {}, `${words(change.before)} → ${to}`), change.note && el("span", {}, ` “${change.note}”`), el("small", {}, el("time", { datetime: change.at, title: fullMoment(change.at) }, moment(change.at)), ` by ${change.by}`)),
    foreign ? el("small", {}, `for the classifier ${change.artifact}`) : Math.abs(change.before - line.threshold) > 1e-9 && el("button", { type: "button", onclick: () => set(change.before, `back to ${words(change.before)}`) }, `Back to ${words(change.before)}`),
  );
}
