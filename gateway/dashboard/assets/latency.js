// The chart of how long callers waited for the first token.

import { axisFormat, clock, colour, draw, table } from "./chart.js";
import { byId, fill } from "./dom.js";
import { errorWords } from "./estimate.js";
import { count, minute, ms } from "./format.js";

export function showLatency(latency, estimates) {
  const { intervals } = latency;
  byId("latency-takeaway").textContent =
    `Solid: half of the streamed answers began within this time. Dotted: 95 in 100. Of the newest ${count(latency.newest)} a side. ${errorWords(estimates)}`;
  draw("latency", () => {
    const x = intervals.map((interval) => middle(interval));
    const line = (route, name, key, style) => ({
      name,
      x,
      y: intervals.map((interval) => (interval[route][key] === null ? null : interval[route][key] / 1000)),
      mode: "lines",
      connectgaps: true,
      line: { color: colour(route), width: 2.5, ...style },
      hovertemplate: "%{y:.3~f} s",
    });
    return {
      traces: [
        line("local", "local, half", "p50_ms", {}),
        line("local", "local, 95 %", "p95_ms", { dash: "dot", width: 1.5 }),
        line("cloud", "cloud, half", "p50_ms", {}),
        line("cloud", "cloud, 95 %", "p95_ms", { dash: "dot", width: 1.5 }),
      ],
      layout: { yaxis: { ticksuffix: " s" }, xaxis: axisFormat(x) },
    };
  });
  fill(
    byId("latency-table"),
    table(
      ["From", "Local, half within", "Local, 95 % within", "Cloud, half within", "Cloud, 95 % within"],
      intervals.map((interval) => [
        minute(interval.since),
        ...["local", "cloud"].flatMap((route) => [ms(interval[route].p50_ms), ms(interval[route].p95_ms)]),
      ]),
    ),
  );
}

function middle(interval) {
  const length = Date.parse(interval.until) - Date.parse(interval.since);
  return new Date(Date.parse(`${clock(interval.since)}Z`) + length / 2).toISOString().slice(0, 19);
}
