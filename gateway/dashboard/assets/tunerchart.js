// The chart above the slider: for every threshold the local share and the cost, with the requests' scores behind.

import { colour, draw, table } from "./chart.js";
import { byId, fill } from "./dom.js";
import { percent, usd } from "./format.js";

// Drawn over the bars, each with a scale of its own.
const OVER = { overlaying: "y", fixedrange: true, automargin: false, zeroline: false, nticks: 5, tickmode: "auto" };

const BIN = 4; // grid steps in a bar

export function drawTuner(curve, inForce, candidate) {
  const { points } = curve;
  const scale = points.filter((point) => point.threshold <= 1);
  const x = scale.map((point) => point.threshold);
  const own = curve.requests > 0;
  const share = own
    ? scale.map((point) => point.local_share)
    : curve.validation.slice(0, scale.length).map((point) => point.local_share);
  const bars = histogram(x, share);
  draw("tuner-plot", () => ({
    traces: [
      {
        type: "bar",
        name: own ? "your requests by score" : "test prompts by score",
        ...bars,
        marker: { color: colour("line") },
        hoverinfo: "skip",
      },
      {
        name: own ? "stays local" : "stays local, of test prompts",
        x,
        y: share,
        yaxis: "y2",
        mode: "lines",
        line: { color: colour("local"), width: 3 },
        hovertemplate: "%{y:.0%} local",
      },
      own && {
        name: "cost of 30 days",
        x,
        y: scale.map((point) => Number(point.usd_per_30_days)),
        yaxis: "y3",
        mode: "lines",
        line: { color: colour("cloud"), width: 3 },
        hovertemplate: "%{y:$,.4~f} in 30 days",
      },
    ].filter(Boolean),
    layout: {
      height: 270,
      margin: { l: 52, r: 60, t: 8, b: 28 },
      xaxis: {
        range: [0, 1],
        automargin: false,
        tickformat: ".1f",
        hoverformat: ".3f",
        nticks: innerWidth < 620 ? 6 : 11,
      },
      yaxis: { range: [0, 1.6 * Math.max(...bars.y, 0.01)], visible: false, automargin: false },
      yaxis2: {
        ...OVER,
        side: "left",
        range: [0, 1.02],
        tickformat: ".0%",
        gridcolor: colour("line"),
        tickfont: { color: colour("local"), size: 12 },
      },
      yaxis3: {
        ...OVER,
        side: "right",
        rangemode: "tozero",
        tickprefix: "$",
        showgrid: false,
        tickfont: { color: colour("cloud"), size: 12 },
      },
      shapes: [mark(inForce, colour("ink-soft"), "dot"), mark(candidate, colour("ink"), "solid")],
    },
  }));
  const shown = scale.filter((_point, i) => i % 10 === 0);
  fill(
    byId("tuner-plot-table"),
    table(
      ["Threshold", "Stays local", "Costs in 30 days", "Expected to fail"],
      shown.map((point) => [
        point.threshold.toFixed(2),
        percent(point.local_share),
        usd(point.usd_per_30_days),
        percent(point.expected_failure_rate),
      ]),
    ),
  );
}

function histogram(x, share) {
  const bars = { x: [], y: [], width: [] };
  for (let i = BIN; i < x.length; i += BIN) {
    bars.x.push((x[i] + x[i - BIN]) / 2);
    bars.y.push(share[i] - share[i - BIN]);
    bars.width.push((x[i] - x[i - BIN]) * 0.8);
  }
  return bars;
}

function mark(value, color, dash) {
  const at = Math.min(value, 1);
  return { type: "line", x0: at, x1: at, yref: "paper", y0: 0, y1: 1, line: { color, width: 2, dash } };
}
