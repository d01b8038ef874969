// Who moved the threshold, when and why, and the way back.

import { el, fill } from "./dom.js";
import { fullMoment, moment, thresholdText } from "./format.js";

const SHOWN = 8;

export function showHistory(node, active, set) {
  const instead = active.applied
    ? `what was applied for this one, ${thresholdText(active.threshold)},`
    : `the default, ${thresholdText(active.default)},`;
  const outdated =
    active.outdated &&
    el(
      "p.note",
      {},
      `The last change was made for another classifier or configuration and does not count here: ${instead} is in force.`,
    );
  if (!active.history.length) {
    fill(
      node,
      el("p.note", {}, `Nobody has moved the threshold: the default, ${thresholdText(active.default)}, is in force.`),
    );
    return;
  }
  fill(
    node,
    outdated,
    el(
      "ol.history",
      {},
      active.history.slice(0, SHOWN).map((change) => entry(change, active, set)),
    ),
  );
}

function entry(change, active, set) {
  const isForeign = change.artifact !== active.artifact; // a threshold for another classifier means something else here: no way back to it
  const to = change.threshold === null ? `the default` : thresholdText(change.threshold);
  return el(
    "li",
    {},
    el(
      "div",
      {},
      el("b", {}, `${thresholdText(change.before)} → ${to}`),
      change.note && el("span", {}, ` “${change.note}”`),
      el(
        "small",
        {},
        el("time", { datetime: change.at, title: fullMoment(change.at) }, moment(change.at)),
        ` by ${change.by}`,
      ),
    ),
    isForeign
      ? el("small", {}, `for the classifier ${change.artifact}`)
      : Math.abs(change.before - active.threshold) > 1e-9 &&
          el(
            "button",
            { type: "button", onclick: () => set(change.before, `back to ${thresholdText(change.before)}`) },
            `Back to ${thresholdText(change.before)}`,
          ),
  );
}
