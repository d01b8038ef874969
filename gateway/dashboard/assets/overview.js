// The first view: what was saved, where requests went, and why.

import { bars, chart, clock, colour, draw, table } from "./chart.js";
import { byId, el, fill } from "./dom.js";
import { count, ms, percent, short, usd } from "./format.js";
import { REASON_COLOURS, REASONS, ROUTES } from "./words.js";

let split = "route";
let shown = null;

export function build(view) {
  fill(
    view,
    el(
      "div.hero",
      {},
      el("div.card.saved", { id: "saved", "aria-live": "polite" }),
      chart("money", "Paid, and what you would have paid"),
    ),
    el("dl.tiles", { id: "tiles" }),
    el(
      "div.pair",
      {},
      chart("requests", "Requests", { tools: [toggle()] }),
      el("section.card", { "aria-labelledby": "why-title" }, el("h2", { id: "why-title" }, "Where requests went, and why"), el("div.scroll", { id: "why", tabindex: "0", role: "region", "aria-label": "By route and reason" })),
    ),
  );
}

export function show(savings, intervals) {
  shown = { savings, intervals };
  fill(byId("saved"), headline(savings));
  fill(byId("tiles"), tiles(savings));
  fill(byId("why"), why(savings));
  showMoney(savings, intervals);
  showRequests(intervals);
}

function headline(savings) {
  if (!savings.coverage) {
    return [
      el("h1", {}, "Saved"),
      el("p.figure", { id: "saved-usd" }, "–"),
      el("p", {}, "No prices are known for these requests. Give them in the configuration, under ", el("code", {}, "[prices]"), "."),
      localBar(savings),
    ];
  }
  const lost = Number(savings.saved_usd) < 0;
  const model = savings.baseline_models.join(" or ") || "the baseline model";
  return [
    el("h1", {}, lost ? "Lost, by estimate" : "Saved, by estimate"),
    el(`p.figure${lost ? ".bad" : ""}`, { id: "saved-usd" }, usd(savings.saved_usd)),
    el("p.story", {}, "You would have paid ", el("b", {}, usd(savings.baseline_usd)), " with ", el("b.model", {}, model), ". You paid ", el("b", {}, usd(savings.cost_usd)), "."),
    localBar(savings),
    savings.coverage < 1 && el("p.note", {}, `Prices are known for ${percent(savings.coverage)} of the answered requests; the others are left out of the money.`),
  ];
}

function localBar(savings) {
  if (savings.local_share === null) return null;
  const share = percent(savings.local_share);
  return el(
    "div.share",
    {},
    el("div.bar", { "aria-hidden": "true" }, el("i.local-part", { style: { "flex-grow": savings.local_share } }), el("i.cloud-part", { style: { "flex-grow": 1 - savings.local_share } })),
    el("p", {}, el("b", {}, share), ` of ${count(savings.answered)} answers came from the local model`),
  );
}

function tiles(savings) {
  const rate = (part) => (savings.requests ? part / savings.requests : null);
  const tokens = savings.prompt_tokens + savings.completion_tokens;
  return [
    tile("Requests", short(savings.requests), `${count(savings.answered)} answered`),
    tile("First byte, mean", ms(savings.first_token_ms_mean), "all answers"),
    tile("Tokens", short(tokens), `${short(savings.prompt_tokens)} in, ${short(savings.completion_tokens)} out`),
    tile("Errors", percent(rate(savings.errors)), `${count(savings.errors)} requests`),
    tile("Failovers", percent(rate(savings.failovers)), `${count(savings.failovers)} saved by the other side`),
  ];
}

const tile = (name, figure, note) => el("div.card.tile", {}, el("dt", {}, name), el("dd", {}, el("b", {}, figure), el("span", {}, note)));

function why(savings) {
  const most = Math.max(...savings.groups.map((group) => group.requests), 1);
  const rows = [...savings.groups].sort((a, b) => b.requests - a.requests);
  return el(
    "table.why",
    {},
    el("thead", {}, el("tr", {}, ["Route and reason", "Requests", "Paid", "Saved (est.)"].map((heading) => el("th", { scope: "col" }, heading)))),
    el(
      "tbody",
      {},
      rows.map((group) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, el(`span.dot.${group.route}`, { "aria-hidden": "true" }), el("span", {}, ROUTES[group.route] ?? group.route, el("small", {}, `${REASONS[group.reason] ?? group.reason} (${group.reason})`))),
          el("td", {}, count(group.requests), el("i.meter", { "aria-hidden": "true", style: { "--part": group.requests / most } })),
          el("td", {}, usd(group.cost_usd)),
          el("td", {}, usd(group.saved_usd)),
        ),
      ),
    ),
  );
}

function showMoney(savings, intervals) {
  const upTo = (field) => {
    let sum = 0;
    return [0, ...intervals.map((interval) => (sum += Number(interval[field])))];
  };
  const x = intervals.length ? [clock(intervals[0].since), ...intervals.map((interval) => clock(interval.until))] : [];
  const model = savings.baseline_models.join(" or ") || "the baseline model";
  byId("money-takeaway").textContent = "Added up over the range. The gap is what was saved.";
  draw("money", () => ({
    traces: [
      { name: "You paid", x, y: upTo("cost_usd"), mode: "lines", line: { color: colour("cloud"), width: 2.5 }, hovertemplate: "%{y:$,.4~f}" },
      { name: `With ${escapeText(model)}`, x, y: upTo("baseline_usd"), mode: "lines", line: { color: colour("ink-soft"), width: 2, dash: "dot" }, fill: "tonexty", fillcolor: colour("local-wash"), hovertemplate: "%{y:$,.4~f}" },
    ],
    layout: { yaxis: { tickprefix: "$" } },
  }));
  fill(
    byId("money-table"),
    table(["From", "You paid", `With ${model}`, "Saved (est.)"], intervals.map((interval) => [clock(interval.since).replace("T", " "), usd(interval.cost_usd), usd(interval.baseline_usd), usd(interval.saved_usd)])),
  );
}

function showRequests(intervals) {
  const field = `by_${split}`;
  const names = [...new Set(intervals.flatMap((interval) => Object.keys(interval[field])))];
  const order = Object.keys(split === "route" ? ROUTES : REASONS);
  names.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const label = (name) => (split === "route" ? ROUTES[name] : REASONS[name]) ?? name;
  const tint = (name) => (split === "route" ? { local: "local", cloud: "cloud" }[name] ?? "none" : REASON_COLOURS[name] ?? "none");
  byId("requests-takeaway").textContent = `${count(intervals.reduce((sum, interval) => sum + interval.requests, 0))} requests in the range.`;
  draw("requests", () => ({
    traces: names.map((name) => ({
      type: "bar",
      name: label(name),
      ...bars(intervals),
      y: intervals.map((interval) => interval[field][name] ?? 0),
      marker: { color: colour(tint(name)) },
      hovertemplate: "%{y:,}",
    })),
    layout: { barmode: "stack", showlegend: true },
  }));
  fill(
    byId("requests-table"),
    table(["From", ...names.map(label)], intervals.map((interval) => [clock(interval.since).replace("T", " "), ...names.map((name) => count(interval[field][name] ?? 0))])),
  );
}

function toggle() {
  const button = (name, text) =>
    el("button", { type: "button", "data-split": name, "aria-pressed": String(name === split), onclick: () => choose(name) }, text);
  return el("div.switch", { role: "group", "aria-label": "Split by" }, button("route", "by route"), button("reason", "by reason"));
}

function choose(name) {
  split = name;
  document.querySelectorAll("[data-split]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.split === name)));
  if (shown) showRequests(shown.intervals);
}

// Plotly reads a little markup in names.
const escapeText = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
