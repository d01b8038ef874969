// Recent requests that would go to the other side at another threshold.

import { get } from "./api.js";
import { gauge } from "./decisions.js";
import { el, fill } from "./dom.js";
import { count, fullMoment, moment, usd } from "./format.js";

const COLUMN = { "Answered by": "th.model", "In the cloud": "th.number" };

let latest = 0;
let shown = "";

export async function showFlips(node, range, inForce, candidate) {
  const mine = ++latest;
  if (Math.abs(inForce - candidate) < 1e-9) {
    shown = "";
    fill(node, el("p.note", {}, "Move the threshold to see which requests would change sides."));
    return;
  }
  const flips = await get("v1/threshold/flips", { ...range, candidate, limit: 12 });
  if (mine !== latest || JSON.stringify(flips) === shown) return; // the threshold has moved again, or nothing has changed
  shown = JSON.stringify(flips);
  const side =
    flips.to === "local" ? "stay local instead of going to the cloud" : "go to the cloud instead of staying local";
  fill(
    node,
    el(
      "p",
      {},
      el("b", { id: "flips-count" }, count(flips.count)),
      ` of the newest ${count(flips.of)} requests that the score decides would ${side}.`,
    ),
    flips.data.length > 0 &&
      el(
        "div.scroll",
        { tabindex: "0", role: "region", "aria-label": "Requests that would go elsewhere" },
        list(flips, candidate),
      ),
  );
}

function list(flips, candidate) {
  return el(
    "table.flips",
    {},
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        ["Time", "Score", "Answered by", "In the cloud"].map((heading) =>
          el(COLUMN[heading] ?? "th", { scope: "col" }, heading),
        ),
      ),
    ),
    el(
      "tbody",
      {},
      flips.data.map((item) =>
        el(
          "tr",
          {},
          el(
            "th",
            { scope: "row" },
            el("time", { datetime: item.created, title: fullMoment(item.created) }, moment(item.created)),
          ),
          el("td", {}, gauge(item.score, candidate)),
          el("td.model", {}, item.served_model),
          el("td.number", {}, usd(item.route === "cloud" ? item.cost_usd : item.baseline_usd)),
        ),
      ),
    ),
  );
}
