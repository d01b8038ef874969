// The overview: what was saved, where requests went and why, how long callers waited, and who they were.

import { get } from "./api.js";
import { chart } from "./chart.js";
import { byId, el, fill } from "./dom.js";
import { count, ms, percent, short, usdColumn } from "./format.js";
import { groupTable } from "./groups.js";
import { showLatency } from "./latency.js";
import { showMoney } from "./money.js";
import { showRequests, toggle } from "./requests.js";
import { askUsage, showUsage, usageCard } from "./usage.js";

export function build(view) {
  fill(
    view,
    el(
      "div.hero",
      {},
      el("section.card.saved", { id: "saved", "aria-label": "Savings" }),
      chart("money", "Paid, and what you would have paid"),
    ),
    el("dl.tiles", { id: "tiles" }),
    el(
      "div.pair",
      {},
      el(
        "div.stack",
        {},
        chart("requests", "Requests", { tools: [toggle()] }),
        chart("latency", "Time to the first token"),
      ),
      el(
        "div.stack",
        {},
        el(
          "section.card",
          { "aria-labelledby": "groups-title" },
          el("h2", { id: "groups-title" }, "Where requests went, and why"),
          el("div.scroll", { id: "groups", tabindex: "0", role: "region", "aria-label": "By route and reason" }),
        ),
        usageCard(),
      ),
    ),
  );
}

export function ask(range, zone) {
  return Promise.all([
    get("v1/savings", range),
    get("v1/savings/timeline", { ...range, tz: zone }),
    get("v1/latency", { ...range, tz: zone }),
    askUsage(range, zone),
  ]);
}

export function show([savings, timeline, latency, usage], status) {
  fill(byId("saved"), headline(savings, status));
  fill(byId("tiles"), tiles(savings, latency));
  fill(byId("groups"), groupTable(savings));
  showUsage(usage);
  showMoney(savings, timeline.data);
  showRequests(timeline.data);
  showLatency(latency, status?.local?.estimates);
}

function headline(savings, status) {
  return [...money(savings), localBar(savings), thresholdNote(status), gaps(savings)];
}

function money(savings) {
  if (!savings.answered)
    return [
      el("h1", {}, "Saved, by estimate"),
      el("p.figure.quiet", { id: "saved-usd" }, "–"),
      el("p.story", {}, "No request was answered in this range."),
    ];
  if (!savings.coverage) {
    return [
      el("h1", {}, "Saved, by estimate"),
      el("p.figure.quiet", { id: "saved-usd" }, "–"),
      el(
        "p.story",
        {},
        "No prices are known for these requests. Set them in the configuration, under ",
        el("code", {}, "[prices]"),
        ".",
      ),
    ];
  }
  const [saved, baseline, paid] = usdColumn([savings.saved_usd, savings.baseline_usd, savings.paid_usd]);
  const lost = savings.saved_usd.startsWith("-");
  const model = savings.baseline_models.join(" or ") || "the baseline model";
  return [
    el("h1", {}, lost ? "Lost, by estimate" : "Saved, by estimate"),
    el(`p.figure${lost ? ".bad" : ""}`, { id: "saved-usd" }, saved),
    el(
      "p.story",
      {},
      "You would have paid ",
      el("b", {}, baseline),
      " with ",
      el("b.model", {}, model),
      ". You paid ",
      el("b", {}, paid),
      ".",
    ),
  ];
}

function localBar(savings) {
  if (savings.local_share === null) return null;
  return el(
    "div.share",
    {},
    el(
      "div.bar",
      { "aria-hidden": "true" },
      el("i.local-part", { style: { "flex-grow": savings.local_share } }),
      el("i.cloud-part", { style: { "flex-grow": 1 - savings.local_share } }),
    ),
    el(
      "p",
      {},
      el("b", {}, percent(savings.local_share)),
      ` of ${count(savings.answered)} answers came from the local model`,
    ),
  );
}

function thresholdNote(status) {
  if (!status) return null;
  return el(
    "p.note",
    {},
    "Requests that score ",
    el("b", {}, status.threshold.toFixed(2)),
    " or more go to the cloud. ",
    el("a", { href: "#tuner" }, "Move the threshold"),
  );
}

function gaps(savings) {
  if (savings.coverage === null || savings.coverage === 1) return null;
  return el(
    "p.note",
    {},
    `Prices are known for ${percent(savings.coverage)} of the answers; the others are left out of the money.`,
  );
}

function tiles(savings, latency) {
  const rate = (part) => (savings.requests ? part / savings.requests : null);
  const first = (route) => [
    ms(latency[route].p50_ms),
    latency[route].answers ? `95 % within ${ms(latency[route].p95_ms)}` : "no streamed answers",
  ];
  return [
    tile("requests", "Requests", short(savings.requests), `${count(savings.answered)} answered`),
    tile("first-local", "First token, local", ...first("local")),
    tile("first-cloud", "First token, cloud", ...first("cloud")),
    tile(
      "tokens",
      "Tokens",
      short(savings.prompt_tokens + savings.completion_tokens),
      `${short(savings.prompt_tokens)} in, ${short(savings.completion_tokens)} out`,
    ),
    tile(
      "errors",
      "Errors",
      percent(rate(savings.errors)),
      `${count(savings.errors)} requests`,
      savings.errors > savings.requests * 0.05,
    ),
    tile("failovers", "Failovers", percent(rate(savings.failovers)), `${count(savings.failovers)} rescued`),
  ];
}

const tile = (id, name, figure, note, bad = false) =>
  el(
    "div.card.tile",
    { id: `tile-${id}` },
    el("dt", {}, name),
    el("dd", {}, el(bad ? "b.bad" : "b", {}, figure), el("span", {}, note)),
  );
