// The chart of what was paid and what the baseline model would have cost.

import { axisFormat, clock, colour, draw, plainText, table } from "./chart.js";
import { byId, fill } from "./dom.js";
import { minute, usd } from "./format.js";

export function showMoney(savings, intervals) {
  const model = savings.baseline_models.join(" or ") || "the baseline model";
  const x = intervals.length ? [clock(intervals[0].since), ...intervals.map((interval) => clock(interval.until))] : [];
  const paid = addedUp(intervals, "paid_usd");
  const baseline = addedUp(intervals, "baseline_usd");
  byId("money-takeaway").textContent = "Added up over the range; the shaded gap is what was saved.";
  draw("money", () => ({
    traces: [
      {
        name: "you paid",
        x,
        y: paid,
        mode: "lines",
        line: { color: colour("cloud"), width: 2.5 },
        hovertemplate: "%{y:$,.4~f}",
      },
      {
        name: `with ${plainText(model)}`,
        x,
        y: baseline,
        mode: "lines",
        line: { color: colour("ink-soft"), width: 2, dash: "dot" },
        fill: "tonexty",
        fillcolor: colour("local-wash"),
        hovertemplate: "%{y:$,.4~f}",
      },
    ],
    layout: { yaxis: { tickprefix: "$", exponentformat: "none" }, xaxis: axisFormat(x) },
  }));
  fill(
    byId("money-table"),
    table(
      ["From", "You paid", `With ${model}`, "Saved (est.)"],
      intervals.map((interval) => [
        minute(interval.since),
        usd(interval.paid_usd),
        usd(interval.baseline_usd),
        usd(interval.saved_usd),
      ]),
    ),
  );
}

// For drawing only: the sums themselves come from the server.
function addedUp(intervals, field) {
  let sum = 0;
  return [0, ...intervals.map((interval) => (sum += Number(interval[field])))];
}
