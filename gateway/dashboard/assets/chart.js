// Charts: plotly in the page's colours. Each has its numbers in a table too, for readers who cannot see it.

import { el } from "./dom.js";

const LEGEND = {
  orientation: "h",
  x: 0,
  y: 1.02,
  yanchor: "bottom",
  font: { size: 12 },
  itemclick: false,
  itemdoubleclick: false,
};

const drawn = new Map();

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export function chart(id, title, { tools = [], under = [] } = {}) {
  return el(
    "figure.card.chart",
    { id: `${id}-figure`, "aria-labelledby": `${id}-title` },
    el("figcaption", {}, el("h2", { id: `${id}-title` }, title), el("div.chart-tools", {}, tools)),
    el("p.takeaway", { id: `${id}-takeaway` }),
    el("div.plot", { id, "aria-hidden": "true" }),
    under,
    el(
      "details.numbers",
      {},
      el("summary", {}, "The numbers"),
      el("div.scroll", { id: `${id}-table`, tabindex: "0", role: "region", "aria-label": `${title}: the numbers` }),
    ),
  );
}

// `make` is called again when the colours change, so it must read them each time.
export function draw(id, make) {
  drawn.set(id, make);
  const node = document.getElementById(id);
  if (!window.Plotly || !node || node.offsetParent === null) return;
  const { traces, layout = {} } = make();
  Plotly.react(node, traces, dressed(layout), {
    displayModeBar: false,
    responsive: true,
    doubleClick: false,
    showTips: false,
  });
}

// Plotly is large, so the figures do not wait for it: the charts are drawn when it has loaded.
document.getElementById("plotly").addEventListener("load", redraw);

export function redraw() {
  for (const [id, make] of drawn) draw(id, make);
}

function dressed(layout) {
  const ink = colour("ink-soft");
  const axis = {
    fixedrange: true,
    gridcolor: colour("line"),
    zeroline: false,
    automargin: true,
    tickfont: { size: 12, color: ink },
    ticklabeloverflow: "allow",
  };
  return {
    height: 230,
    margin: { l: 8, r: 8, t: 8, b: 8 },
    paper_bgcolor: "transparent",
    plot_bgcolor: "transparent",
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: ink },
    hovermode: "x unified",
    hoverlabel: {
      bgcolor: colour("card"),
      bordercolor: colour("line-strong"),
      font: { color: colour("ink"), size: 12 },
    },
    dragmode: false,
    ...layout,
    legend: { ...LEGEND, ...layout.legend },
    xaxis: { ...axis, showgrid: false, nticks: 6, ...layout.xaxis },
    yaxis: { ...axis, rangemode: "tozero", nticks: 5, ...layout.yaxis },
  };
}

// The server answers in the reader's time zone; without the offset, plotly shows that time unchanged.
export const clock = (iso) => iso.slice(0, 19);

// Axis labels: hours for a short span, days for a longer one, months for a long one.
export function axisFormat(x) {
  const hours = x.length ? (Date.parse(x.at(-1)) - Date.parse(x[0])) / 3_600_000 : 0;
  const tickformat = hours <= 30 ? "%H:%M" : hours <= 24 * 300 ? "%-d %b" : "%b %Y";
  return { tickformat, hoverformat: hours <= 24 * 31 ? "%a %-d %b, %H:%M" : "%a %-d %b %Y" };
}

// Plotly takes markup in names.
export const plainText = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export function bars(intervals) {
  const starts = intervals.map((interval) => Date.parse(interval.since));
  const widths = intervals.map((interval, i) => Date.parse(interval.until) - starts[i]);
  const middles = intervals.map((interval, i) => {
    const shifted = new Date(Date.parse(`${clock(interval.since)}Z`) + widths[i] / 2);
    return shifted.toISOString().slice(0, 19);
  });
  return { x: middles, width: widths.map((width) => width * 0.82) };
}

export function table(headings, rows) {
  return el(
    "table",
    {},
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        headings.map((heading) => el("th", { scope: "col" }, heading)),
      ),
    ),
    el(
      "tbody",
      {},
      rows.map((cells) =>
        el(
          "tr",
          {},
          cells.map((cell, i) => (i ? el("td", {}, cell) : el("th", { scope: "row" }, cell))),
        ),
      ),
    ),
  );
}
