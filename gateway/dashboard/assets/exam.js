// What the local model can do: how far its exam is, its report card, and another model beside it.

import { get } from "./api.js";
import { byId, el, fill } from "./dom.js";
import { card } from "./examcard.js";
import { comparison } from "./examcompare.js";
import { bytes, count, duration, moment } from "./format.js";

// `chosen` and `other` are keys of models; empty for the model at hand, and for none.
const state = { chosen: "", other: "", asked: 0, shown: "" };

export const examSection = () =>
  el(
    "section.card.exam",
    { id: "exam", "aria-labelledby": "exam-title" },
    el("div.heading", {}, el("h2", { id: "exam-title" }, "What this model can do"), el("p.note", {}, INTRODUCTION)),
    el("div", { id: "exam-progress" }),
    el("div", { id: "exam-card" }),
  );

const INTRODUCTION =
  "Its entrance exam: questions that a program makes and checks, here on this machine, so that the score means this very model.";

export async function askExam() {
  state.asked += 1;
  const { asked } = state;
  const report = await get("v1/exam");
  const keys = report.models.map((model) => model.key);
  const known = (key) => (keys.includes(key) ? key : "");
  const key = known(state.chosen) || report.current?.model.key || keys[0];
  const other = known(state.other);
  const [marks, beside] = await Promise.all([key && marksOf(report, key), other && marksOf(report, other)]);
  return { asked, report, marks, beside };
}

const marksOf = (report, key) =>
  report.current?.model.key === key ? report.current : get(`v1/exam/${encodeURIComponent(key)}`);

// `exam`: how far it is, as /v1/status says; undefined where that was not asked for.
export function showExam(answer, exam) {
  if (exam !== undefined) fill(byId("exam-progress"), progress(exam));
  const { asked, ...found } = answer;
  if (asked !== state.asked) return; // asked again meanwhile, for another model
  const text = JSON.stringify(found);
  if (text === state.shown) return; // filled anew, what is folded out would fold, and an open list close
  state.shown = text;
  fill(byId("exam-card"), content(found));
}

async function choose(change) {
  Object.assign(state, change);
  try {
    showExam(await askExam());
  } catch (error) {
    state.shown = "";
    fill(byId("exam-card"), el("p.bad", {}, error.message));
  }
}

function content({ report, marks, beside }) {
  const troubles = report.troubles.map((trouble) => el("p.bad", {}, trouble));
  if (!marks)
    return [
      ...troubles,
      el("p.note", {}, "No model has been examined yet. ", el("code", {}, "slimgate exam"), " does it at once."),
    ];
  return [
    ...troubles,
    report.models.length > 1 && choices(report, marks, beside),
    el("p.note", { id: "exam-about" }, about(report, marks)),
    ...card(marks),
    beside && comparison(marks, beside),
  ];
}

function choices(report, marks, beside) {
  const option = (model, selected) =>
    el("option", { value: model.key, selected }, model.name, model.key === report.current?.model.key && " (at hand)");
  const others = report.models.filter((model) => model.key !== marks.model.key);
  return el(
    "div.filters",
    {},
    el(
      "label",
      {},
      "Model",
      el(
        "select",
        { id: "exam-model", onchange: (event) => choose({ chosen: event.target.value }) },
        report.models.map((model) => option(model, model.key === marks.model.key)),
      ),
    ),
    el(
      "label",
      {},
      "Compare with",
      el(
        "select",
        { id: "exam-other", onchange: (event) => choose({ other: event.target.value }) },
        el("option", { value: "" }, "no other"),
        others.map((model) => option(model, model.key === beside?.model?.key)),
      ),
    ),
  );
}

function about(report, marks) {
  const { model } = marks;
  const other = report.current && report.current.model.key !== model.key;
  return [
    el("b.model", {}, model.name),
    model.size_bytes !== null && ` (${bytes(model.size_bytes)})`,
    `: ${count(marks.asked)} questions in about ${duration(marks.total_s)}, ${moment(marks.at)}.`,
    !marks.is_complete && " The exam is not finished: these are the marks so far.",
    other && " Not the model at hand.",
  ];
}

function progress(exam) {
  if (!exam) return null;
  const trouble = exam.trouble && el("p.bad", {}, `The exam failed: ${exam.trouble}`);
  if (!UNDER_WAY[exam.state]) return trouble;
  return [
    el("p", { id: "exam-words" }, `${UNDER_WAY[exam.state]}: ${examWords(exam)}${sofar(exam)}.`),
    el("progress", { max: Math.max(1, exam.expected), value: exam.asked, "aria-labelledby": "exam-words" }),
    trouble,
  ];
}

// States of an exam that is neither done nor off.
const UNDER_WAY = {
  running: "Being examined",
  waiting: "The exam goes on when the local model is idle",
  stopped: "The exam is stopped",
};

export const isUnderWay = (exam) => Boolean(exam && UNDER_WAY[exam.state]);

export function examWords({ state, asked, expected, eta_s: eta }) {
  if (!asked) return state === "running" ? "it begins" : "no question asked yet";
  const left = eta === null || eta === undefined ? "" : `, about ${duration(eta)} left`;
  return `${count(asked)} of about ${count(expected)} questions${left}`;
}

const sofar = (exam) =>
  exam.asked
    ? `; ${count(exam.passed)} passed, ${count(exam.families_known)} of ${count(exam.families)} families known well enough`
    : "";
