// Which recent requests would go to the other side.

import { get } from "./api.js";
import { gauge } from "./decisions.js";
import { el, fill } from "./dom.js";
import { count, fullMoment, moment, usd } from "./format.js";

const COLUMN = { "Answered by": "th.model", "In the cloud": "th.number" };

let asked = 0;
let shown = "";

export async function showFlips(node, range, inForce, candidate) {
  const mine = ++asked;
  if (Math.abs(inForce - candidate) < 1e-9) {
    shown = "";
    fill(node, el("p.note", {}, "Move the line to see the requests that would cross it."));
    return;
  }
  const found = await get("v1/threshold/flips", { ...range, candidate, limit: 12 });
  if (mine !== asked || JSON.stringify(found) === shown) return; // the line has moved on, or nothing has changed
  shown = JSON.stringify(found);
  const side = found.to === "local" ? "stay local instead of going to the cloud" : "go to the cloud instead of staying local";
  fill(
    node,
    el("p", {}, el("b", { id: "flips-count" }, count(found.count)), ` of the newest ${count(found.of)} requests that the score decides would ${side}.`),
    found.data.length > 0 && el("div.scroll", { tabindex: "0", role: "region", "aria-label": "Requests that would go elsewhere" }, list(found, candidate)),
  );
}

function list(found, candidate) {
  return el(
    "table.flips",
    {},
    el("thead", {}, el("tr", {}, ["Time", "Score", "Answered by", "In the cloud"].map((heading) => el(COLUMN[heading] ?? "th", { scope: "col" }, heading)))),
    el(
      "tbody",
      {},
      found.data.map((item) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, el("time", { datetime: item.created, title: fullMoment(item.created) }, moment(item.created))),
          el("td", {}, gauge(item.score, candidate)),
          el("td.model", {}, item.served_model),
          el("td.number", {}, usd(item.route === "cloud" ? item.cost_usd : item.baseline_usd)),
        ),
      ),
    ),
  );
}
