// The report card of one model: its figures, families by level as a heat map, languages, and examples of failures.

import { el } from "./dom.js";
import { count, percent, rate, seconds, thresholdText } from "./format.js";

const LEVELS = [1, 2, 3, 4, 5];
const NOT_SAID =
  "What these marks do not say: how the model does on requests unlike any of these families. Only labels of your own requests tell that.";

const opened = { intervals: false, failures: false }; // by the reader; kept when the card is filled anew

export function card(marks) {
  return [
    readouts(marks),
    el("p", { id: "exam-promise" }, promise(marks.classifier)),
    el(
      "div.marks",
      {},
      heatMap(bestFirst(marks.families)),
      el("div.stack", {}, languages(marks.languages), secondLook(marks.second_look), failures(marks.families)),
    ),
    el("p.note", {}, NOT_SAID),
  ];
}

export const bestFirst = (families) => [...families].sort((a, b) => b.pass_rate - a.pass_rate);

export const interval = (marks) => `${Math.round(marks.low * 100)} to ${Math.round(marks.high * 100)} %`;

const readouts = ({ classifier, speeds, ...marks }) =>
  el(
    "dl.readouts",
    {},
    readout("Passes", percent(marks.pass_rate), `of the exam; 90 % interval ${interval(marks)}`),
    readout("Stays local by default", percent(classifier?.local_share), "of requests like the exam's"),
    readout(
      "Writes",
      rate(speeds.writing_tokens_per_s),
      `tokens/s; reads ${rate(speeds.reading_tokens_per_s)}, first token after ${seconds(speeds.first_token_s_p50)}`,
    ),
  );

const readout = (name, figure, note) =>
  el("div", {}, el("dt", {}, name), el("dd", {}, el("b", {}, figure), el("span", {}, note)));

// What the default threshold keeps local, and what that promises.
function promise(classifier) {
  if (!classifier)
    return "What stays local is not known yet: the exam has not told enough to fit the score to this model.";
  const most = percent(classifier.max_failure_rate);
  if (!classifier.local_share) return `By default nothing stays local: no threshold keeps the failures under ${most}.`;
  const failed =
    classifier.failure_rate === null ? "" : ` Of these ${percent(classifier.failure_rate)} failed in the exam.`;
  const sure = classifier.confidence === null ? "" : `, with ${percent(classifier.confidence)} confidence`;
  const promised = classifier.is_guaranteed
    ? ` Promised: at most ${most} fail${sure}, of requests like the exam's.`
    : ` Aimed at: at most ${most} fail; the answers are too few to promise it.`;
  return `By default, what scores below ${thresholdText(classifier.threshold)} stays local: ${percent(classifier.local_share)} of requests like the exam's.${failed}${promised}`;
}

function heatMap(families) {
  const table = el(
    `table.heat${opened.intervals ? ".with-intervals" : ""}`,
    {},
    head(),
    el("tbody", {}, families.map(row)),
  );
  const toggle = el(
    "button",
    {
      type: "button",
      id: "exam-intervals",
      "aria-pressed": String(opened.intervals),
      onclick: () => {
        opened.intervals = !opened.intervals;
        toggle.setAttribute("aria-pressed", String(opened.intervals));
        table.classList.toggle("with-intervals", opened.intervals);
      },
    },
    "Show intervals",
  );
  return el(
    "div",
    {},
    el("div.code-head", {}, el("h3", {}, "Pass rates by family and level, in %"), toggle),
    el("div.scroll", { tabindex: "0", role: "region", "aria-label": "Pass rates by family and level" }, table),
  );
}

const head = () =>
  el(
    "thead",
    {},
    el(
      "tr",
      {},
      el("th", { scope: "col" }, "Family"),
      LEVELS.map((level) =>
        el(
          "th.cell",
          { scope: "col" },
          el("span.unseen", {}, "Level "),
          level,
          level === 1 && el("small", {}, " easy"),
        ),
      ),
      el("th.number", { scope: "col", title: "Share of its questions that stay local by default" }, "Local"),
    ),
  );

const row = (family) =>
  el(
    "tr",
    { "data-family": family.name },
    el(
      "th",
      { scope: "row" },
      family.title,
      el("small", {}, `${percent(family.pass_rate)}, ${interval(family)}; ${count(family.asked)} asked`),
    ),
    LEVELS.map((level) => cell(family.levels.find((marks) => marks.level === level))),
    el("td.number", {}, percent(family.stays_local)),
  );

function cell(marks) {
  if (!marks) return el("td.cell", {}, "–");
  const basis = marks.asked ? `${count(marks.asked)} asked` : "none asked, by the other levels";
  return el(
    `td.cell${marks.asked ? "" : ".unasked"}`,
    {
      style: { "--rate": marks.pass_rate },
      title: `Level ${marks.level}: ${percent(marks.pass_rate)}, ${interval(marks)}; ${basis}`,
    },
    Math.round(marks.pass_rate * 100),
    el("span.unseen", {}, ` %, ${interval(marks)}; ${basis}`),
    el("small", { "aria-hidden": "true" }, `${Math.round(marks.low * 100)}–${Math.round(marks.high * 100)}`),
  );
}

const NAMES = new Intl.DisplayNames("en", { type: "language", fallback: "code" });

function languageName(code) {
  try {
    return NAMES.of(code);
  } catch {
    return code; // not a language's code at all
  }
}

const languages = (marks) =>
  marks.length > 0 &&
  el(
    "div",
    {},
    el("h3", {}, "By language"),
    el(
      "table.languages",
      {},
      el(
        "thead.unseen",
        {},
        el(
          "tr",
          {},
          ["Language", "Passes", "90 % interval"].map((name) => el("th", { scope: "col" }, name)),
        ),
      ),
      el(
        "tbody",
        {},
        bestFirst(marks).map((each) =>
          el(
            "tr",
            {},
            el(
              "th",
              { scope: "row" },
              languageName(each.language),
              el("i.meter.local", { "aria-hidden": "true", style: { "--part": each.pass_rate } }),
            ),
            el("td.number", {}, percent(each.pass_rate)),
            el("td.number", {}, el("small", {}, interval(each))),
          ),
        ),
      ),
    ),
  );

const secondLook = (look) =>
  look &&
  el(
    "div",
    {},
    el("h3", {}, "Second look"),
    el(
      "p.note",
      {},
      look.pays
        ? "It pays: the first tokens of an answer tell more of it than the score alone"
        : "It does not pay: the first tokens of an answer tell no more of it than the score",
      look.auc_with !== null && look.auc_without !== null
        ? ` (AUC ${look.auc_with.toFixed(2)} with them, ${look.auc_without.toFixed(2)} without).`
        : ".",
      look.auc_unlike_with !== null && look.auc_unlike_without !== null
        ? ` For kinds of request that the exam did not ask: ${look.auc_unlike_with.toFixed(2)} with them, ${look.auc_unlike_without.toFixed(2)} without.`
        : "",
    ),
  );

function failures(families) {
  const failed = bestFirst(families).filter((family) => family.failures.length);
  if (!failed.length) return null;
  const sum = failed.reduce((total, family) => total + family.failures.length, 0);
  return el(
    "details.numbers",
    {
      id: "exam-failures",
      open: opened.failures,
      ontoggle: (event) => {
        opened.failures = event.target.open;
      },
    },
    el("summary", {}, `Examples of failures (${count(sum)})`),
    el(
      "div.scroll",
      { tabindex: "0", role: "region", "aria-label": "Examples of failures" },
      failed.map((family) => [el("h3", {}, family.title), family.failures.map(failure)]).flat(2),
    ),
  );
}

const failure = ({ level, language, prompt, answer, expected }) =>
  el(
    "dl.figures",
    {},
    [
      ["Level", `${level}, ${languageName(language)}`],
      ["Asked", prompt],
      ["Answered", answer || "(nothing)"],
      ["Right", expected],
    ].map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))),
  );
