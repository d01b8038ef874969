// The chart of requests over time, split by route or by reason.

import { axisFormat, bars, colour, draw, table } from "./chart.js";
import { byId, el, fill } from "./dom.js";
import { count, minute } from "./format.js";
import { OUTCOMES, REASON_COLOURS, REASONS, ROUTES } from "./labels.js";

const SPLITS = {
  route: { labels: ROUTES, tint: { local: "local", cloud: "cloud", none: "none" } },
  reason: { labels: REASONS, tint: REASON_COLOURS },
  outcome: {
    labels: OUTCOMES,
    tint: { ok: "line-strong", rejected: "c7", cancelled: "c9", interrupted: "c4", failed: "bad", lost: "c8" },
  },
};

let split = "route";
let shown = [];

export function showRequests(intervals) {
  shown = intervals;
  const { labels, tint } = SPLITS[split];
  const field = `by_${split}`;
  const order = Object.keys(labels);
  const names = [...new Set(intervals.flatMap((interval) => Object.keys(interval[field])))].sort(
    (a, b) => order.indexOf(a) - order.indexOf(b),
  );
  byId("requests-takeaway").textContent = busiest(intervals);
  draw("requests", () => {
    const place = bars(intervals);
    return {
      traces: names.map((name) => ({
        type: "bar",
        name: labels[name] ?? name,
        ...place,
        y: intervals.map((interval) => interval[field][name] ?? 0),
        marker: { color: colour(tint[name] ?? "none") },
        hovertemplate: "%{y:,}",
      })),
      layout: { barmode: "stack", showlegend: true, legend: { traceorder: "normal" }, xaxis: axisFormat(place.x) },
    };
  });
  fill(
    byId("requests-table"),
    table(
      ["From", ...names.map((name) => labels[name] ?? name)],
      intervals.map((interval) => [minute(interval.since), ...names.map((name) => count(interval[field][name] ?? 0))]),
    ),
  );
}

function busiest(intervals) {
  if (!intervals.some((interval) => interval.requests)) return "None in this range.";
  const most = intervals.reduce((best, interval) => (interval.requests > best.requests ? interval : best));
  return `The busiest bar: ${count(most.requests)}, from ${minute(most.since)} on.`;
}

export function toggle() {
  const button = (name) =>
    el(
      "button",
      { type: "button", "data-split": name, "aria-pressed": String(name === split), onclick: () => choose(name) },
      name,
    );
  return el("div.switch", { role: "group", "aria-label": "Split the bars by" }, Object.keys(SPLITS).map(button));
}

function choose(name) {
  split = name;
  for (const button of document.querySelectorAll("[data-split]"))
    button.setAttribute("aria-pressed", String(button.dataset.split === name));
  showRequests(shown);
}
