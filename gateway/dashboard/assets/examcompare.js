// Two examined models side by side: how they do by family, how fast they are, and what each keeps local.

import { el } from "./dom.js";
import { bestFirst, interval } from "./examcard.js";
import { percent, rate, seconds } from "./format.js";

export function comparison(first, second) {
  const models = [first, second];
  return el(
    "div",
    { id: "exam-comparison" },
    el("h3", {}, `${first.model.name} against ${second.model.name}`),
    el("p.note", {}, "Marked is who passes more, where the 90 % intervals do not overlap."),
    el(
      "div.scroll",
      { tabindex: "0", role: "region", "aria-label": "Two models side by side" },
      el(
        "table.beside",
        {},
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            el("th", { scope: "col" }, "Family"),
            models.map(({ model }) => el("th.model", { scope: "col" }, model.name)),
          ),
        ),
        el("tbody.totals", {}, totals(models)),
        el("tbody", {}, families(models)),
      ),
    ),
  );
}

const totals = (models) => [
  line("Whole exam", models),
  plain("Stays local by default", models, ({ classifier }) => percent(classifier?.local_share)),
  plain("Writes, tokens/s", models, ({ speeds }) => rate(speeds.writing_tokens_per_s)),
  plain("Reads, tokens/s", models, ({ speeds }) => rate(speeds.reading_tokens_per_s)),
  plain("First token after", models, ({ speeds }) => seconds(speeds.first_token_s_p50)),
];

const plain = (name, models, text) =>
  el(
    "tr",
    {},
    el("th", { scope: "row" }, name),
    models.map((model) => el("td", {}, text(model))),
  );

function families(models) {
  const titles = new Map(models.flatMap(({ families }) => bestFirst(families)).map(({ name, title }) => [name, title]));
  return [...titles].map(([name, title]) =>
    line(
      title,
      models.map(({ families }) => families.find((family) => family.name === name)),
    ),
  );
}

const line = (title, [first, second]) =>
  el("tr", {}, el("th", { scope: "row" }, title), side(first, second), side(second, first));

function side(marks, other) {
  if (!marks) return el("td", {}, "–");
  const better = other && marks.low > other.high;
  const { stays_local: local } = marks; // of a family; the whole exam has none
  return el(
    better ? "td.better" : "td",
    {},
    el("b", {}, percent(marks.pass_rate)),
    better && el("span.unseen", {}, " better:"),
    el("small", {}, ` ${interval(marks)}`),
    typeof local === "number" && el("small", {}, el("span.comma", {}, ", "), `${percent(local)} local`),
  );
}
