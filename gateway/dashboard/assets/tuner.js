// The tuner: a slider over the threshold, and what each threshold would mean for the requests that really came.

import { get, post } from "./api.js";
import { chart } from "./chart.js";
import { byId, el, fill } from "./dom.js";
import { askExam, examSection, showExam } from "./exam.js";
import { showFlips } from "./flips.js";
import { count, percent, thresholdText, usd } from "./format.js";
import { showHistory } from "./history.js";
import { trial } from "./trial.js";
import { drawTuner } from "./tunerchart.js";

const state = { curve: null, active: null, range: {}, at: null, asked: 0 }; // `at`: index into the grid, null until the slider is moved
let waiting = 0;

export function build(view) {
  fill(
    view,
    el(
      "section.card.tuner",
      { "aria-labelledby": "tuner-title" },
      el(
        "div.heading",
        {},
        el("h1", { id: "tuner-title" }, "The threshold"),
        el(
          "p.note",
          {},
          "Each request gets a score: how likely it is that the local model's answer fails. Requests that score the threshold or more go to the cloud. Move the threshold to see what it would have meant for your own requests. ",
          el("a", { href: "#tuner", onclick: () => byId("exam").scrollIntoView() }, "What this model can do"),
        ),
      ),
      el(
        "dl.readouts",
        {},
        readout("share", "Answered locally"),
        readout("cost", "Paid in 30 days"),
        readout("failing", "Local answers that fail"),
      ),
      chart("tuner-plot", "Every threshold", {
        under: [
          el("input", { type: "range", id: "slider", min: 0, step: 1, "aria-label": "Threshold", oninput: moved }),
          el(
            "p.ends",
            { "aria-hidden": "true" },
            el("span", {}, "← careful: more to the cloud"),
            el("span", {}, "saving: more stays local →"),
          ),
        ],
      }),
      el("div.controls", {}, el("div.presets", { id: "presets", role: "group", "aria-label": "Presets" }), targets()),
      el(
        "form.apply",
        { id: "apply-form", onsubmit: apply },
        el(
          "label.grow",
          {},
          el("span.unseen", {}, "Why (kept in the history)"),
          el("input", {
            id: "apply-note",
            maxlength: 300,
            placeholder: "Why? (kept in the history)",
            autocomplete: "off",
          }),
        ),
        el("button.primary", { id: "apply", type: "submit", disabled: true }, "Apply"),
      ),
      el("p.said", { id: "apply-said", role: "status" }),
      el("p.note", { id: "tuner-basis" }),
    ),
    el(
      "div.pair",
      {},
      el(
        "div.stack",
        {},
        el(
          "section.card",
          { "aria-labelledby": "flips-title" },
          el("h2", { id: "flips-title" }, "What would go elsewhere"),
          el("div", { id: "flips", role: "status" }),
        ),
        el(
          "section.card",
          { "aria-labelledby": "history-title" },
          el("h2", { id: "history-title" }, "History"),
          el("div", { id: "history" }),
        ),
      ),
      trial(() => threshold()),
    ),
    examSection(),
  );
}

const readout = (id, name) =>
  el(
    "div",
    {},
    el("dt", { id: `readout-${id}-name` }, name),
    el("dd", {}, el("b", { id: `readout-${id}` }, "–"), el("span", { id: `readout-${id}-now` })),
  );

function targets() {
  const target = (id, label, unit, find) =>
    el(
      "label",
      {},
      label,
      el(
        "span.unit",
        {},
        unit === "$" ? "$" : null,
        el("input", {
          id,
          type: "number",
          min: 0,
          step: "any",
          inputmode: "decimal",
          onchange: (event) => aim(event.target.value, find),
        }),
        unit === "%" ? "%" : null,
      ),
    );
  return el(
    "div.targets",
    {},
    target("target-cost", "At most, in 30 days", "$", (points, wanted) =>
      points.findIndex((point) => point.usd_per_30_days !== null && Number(point.usd_per_30_days) <= wanted),
    ),
    target("target-failing", "At most failing", "%", (points, wanted) =>
      points.findLastIndex((_point, i) => failureAt(i) * 100 <= wanted),
    ),
  );
}

export function ask(range) {
  state.range = range;
  state.asked += 1;
  return Promise.all([get("v1/threshold/curve", range), get("v1/threshold"), askExam(), state.asked]);
}

export function show([curve, active, exam, asked], status) {
  showExam(exam, status?.exam);
  if (asked !== state.asked) return; // asked again meanwhile, after a threshold was applied or the range changed
  Object.assign(state, { curve, active });
  byId("slider").max = curve.points.length - 1;
  display();
  showFlips(byId("flips"), state.range, active.threshold, threshold());
}

const nearest = (value) =>
  state.curve.points.reduce(
    (best, point, i) =>
      Math.abs(point.threshold - value) < Math.abs(state.curve.points[best].threshold - value) ? i : best,
    0,
  );
const threshold = () => (state.at === null ? state.active.threshold : state.curve.points[state.at].threshold);
const point = () => (state.at === null ? state.curve.in_force : state.curve.points[state.at]);

function display() {
  const { curve, active } = state;
  byId("slider").value = state.at ?? nearest(active.threshold);
  byId("slider").style.setProperty("--part", byId("slider").value / byId("slider").max);
  byId("slider").setAttribute("aria-valuetext", sentence());
  readouts(curve.in_force, point());
  presets();
  const same = Math.abs(threshold() - active.threshold) < 1e-9;
  byId("apply").disabled = same;
  byId("apply").textContent = same
    ? `In force: ${thresholdText(active.threshold)}`
    : `Apply ${thresholdText(threshold())}`;
  byId("tuner-plot-takeaway").textContent = sentence();
  fill(byId("tuner-basis"), basis());
  drawTuner(curve, active.threshold, threshold());
  showHistory(byId("history"), active, (value, note) => set(value, note));
}

function readouts(now, then) {
  const own = state.curve.requests > 0; // else the classifier's test prompts stand in
  const changed = then !== now;
  const say = (id, text, note) => {
    byId(`readout-${id}`).textContent = text;
    byId(`readout-${id}-now`).textContent = note;
  };
  const before = (text) => (changed ? `now ${text}` : "as it is now");
  say(
    "share",
    percent(own ? then.local_share : tested().local_share),
    own ? before(percent(now.local_share)) : "of test prompts",
  );
  say("cost", usd(then.usd_per_30_days), own ? before(usd(now.usd_per_30_days)) : "needs requests of yours");
  const rate = measuredRate();
  byId("readout-failing-name").textContent =
    own && !rate ? "Local answers expected to fail" : "Local answers that fail";
  if (rate)
    say(
      "failing",
      percent(rate.failure_rate),
      `${percent(rate.low)} to ${percent(rate.high)}, by ${count(rate.n_local)} ${judged()}`,
    );
  else if (own) say("failing", percent(then.expected_failure_rate), before(percent(now.expected_failure_rate)));
  else say("failing", percent(tested().failure_rate), "of test prompts");
}

const judged = () => (state.curve.failure_rates.source === "file" ? "labels" : "judged answers");

// The failure rate at this threshold by the user's labels or callers' feedback; null where there are too few of them.
function measuredRate() {
  const point = state.curve.failure_rates.points[state.at === null ? 0 : state.at + 1];
  return point && point.failure_rate !== null ? point : null;
}

// The failure rate of a grid point: measured, else expected, else of the test prompts; 0 where nothing stays local.
function failureAt(i) {
  const { failure_rates: labels, points, validation } = state.curve;
  return labels.points[i + 1]?.failure_rate ?? points[i].expected_failure_rate ?? validation[i].failure_rate ?? 0;
}

const tested = () => state.curve.validation[state.at ?? nearest(threshold())];

function sentence() {
  const { local_share: share, usd_per_30_days: cost } = point();
  const at = threshold() > 1 ? "With the cloud never asked" : `At ${thresholdText(threshold())}`;
  if (share === null)
    return `${at}, about ${percent(tested().local_share)} of the classifier's own test prompts stay local. No request of yours was answered in this range.`;
  return `${at}, about ${percent(share)} of requests like yours stay local and 30 days cost about ${usd(cost)}.`;
}

function basis() {
  const { curve } = state;
  const days = curve.span_ms / 86_400_000;
  const others = curve.of_other_artifacts
    ? `${count(curve.of_other_artifacts)} requests that another classifier scored count for the volume only: scores of two classifiers do not compare. `
    : "";
  if (!curve.requests)
    return [
      `${others ? "Nothing that this classifier scored" : "No answered requests"} in this range: the figures are of the prompts that the classifier was tested on, and of how often small models failed them. Yours will differ. `,
      ...(curve.failure_rates.labels || curve.failure_rates.trouble ? failures() : []),
    ];
  const from = `Computed from ${count(curve.requests)} answered requests of ${days < 1.5 ? `${(days * 24).toFixed(1)} hours` : `${days.toFixed(1)} days`}, ${count(curve.movable)} of which the score decides; rules decide the rest, at any threshold. `;
  const cost =
    curve.coverage !== null && curve.coverage < 1 ? `Prices are known for ${percent(curve.coverage)} of them. ` : "";
  return [
    from,
    others,
    cost,
    ...failures(),
    !measuredRate() &&
      tested().failure_rate !== null &&
      `On the classifier's own test prompts, which it was not fitted on, small models failed ${percent(tested().failure_rate)} of what stays local at this threshold. `,
  ];
}

function failures() {
  const { failure_rates: labels } = state.curve;
  const byFeedback = labels.source === "feedback";
  if (measuredRate())
    return [
      byFeedback
        ? `Failures are measured on ${count(labels.labels)} local answers that callers judged; the 95 % interval assumes that those are like the others. `
        : `Failures are measured on your ${count(labels.labels)} labels, with a 95 % interval. `,
    ];
  const expected = "The failures are what the scores expect, not a measurement. ";
  if (labels.trouble) return [expected, el("b.bad", {}, `Your labels cannot be used: ${labels.trouble}. `)];
  if (!byFeedback)
    return [
      expected,
      `Of your ${count(labels.labels)} labels fewer than ${count(labels.enough)} stay local at this threshold, which is too few to measure. `,
    ];
  const few = labels.labels
    ? `Of ${count(labels.labels)} local answers that callers judged, fewer than ${count(labels.enough)} count at this threshold: those given while it was this high or higher. `
    : "Not enough labels yet. ";
  return [
    expected,
    few,
    "To measure failures, have callers report whether answers were good enough: POST ",
    el("code", {}, '{"request_id": "…", "ok": true}'),
    " to ",
    el("code", {}, "/v1/feedback"),
    " with the answer's x-request-id. Or label a few hundred prompts of your own, one a line as ",
    el("code", {}, '{"prompt": "…", "local_ok": true}'),
    ", and name the file in ",
    el("code", {}, "router.labels"),
    ". ",
    el("code", {}, `slimgate calibrate --max-failure-rate 0.05 ${labels.labels ? "--ledger" : "--labels FILE"}`),
    " finds a threshold with a guarantee. ",
  ];
}

function presets() {
  const { curve, active } = state;
  const offers = [
    ...Object.entries(curve.presets).map(([name, at]) => [name, at.threshold, at]),
    ["default", active.default, curve.default],
  ];
  fill(
    byId("presets"),
    offers.map(([name, value, at]) =>
      el(
        "button",
        {
          type: "button",
          "data-preset": name,
          "aria-pressed": String(nearest(value) === (state.at ?? nearest(active.threshold))),
          title: `threshold ${thresholdText(value)}`,
          onclick: () => go(nearest(value)),
        },
        el("b", {}, name),
        el("span", {}, at.local_share === null ? thresholdText(value) : `${percent(at.local_share)} local`),
      ),
    ),
  );
}

function moved(event) {
  go(Number(event.target.value));
}

function go(at) {
  state.at = at === nearest(state.active.threshold) ? null : at;
  display();
  clearTimeout(waiting);
  waiting = setTimeout(() => showFlips(byId("flips"), state.range, state.active.threshold, threshold()), 250);
}

function aim(typed, find) {
  if (typed === "") return;
  const at = find(state.curve.points, Number(typed));
  byId("apply-said").textContent =
    at < 0 ? "No threshold reaches that: the requests that rules send to the cloud cost more already." : "";
  if (at >= 0) go(at);
}

async function apply(event) {
  event.preventDefault();
  await set(threshold(), byId("apply-note").value);
}

async function set(value, note) {
  const said = byId("apply-said");
  try {
    state.active = await post("v1/threshold", { threshold: value, note, expected: state.active.threshold });
    said.textContent = `In force now, in every worker: ${thresholdText(state.active.threshold)}.`;
    byId("apply-note").value = "";
    state.at = null;
  } catch (error) {
    said.textContent = error.message;
  }
  show(await ask(state.range));
}
