// The table of requests by route and reason.

import { el } from "./dom.js";
import { count, usdColumn } from "./format.js";
import { REASONS, ROUTES } from "./labels.js";

const sum = (groups, field) => groups.reduce((total, group) => total + group[field], 0);

export function groupTable(savings) {
  const most = Math.max(1, ...savings.groups.map((group) => group.requests));
  const paid = usdColumn(savings.groups.map((group) => group.paid_usd));
  const saved = usdColumn(savings.groups.map((group) => group.saved_usd));
  const rows = savings.groups.map((group, i) => ({ ...group, paid: paid[i], saved: saved[i] }));
  return el(
    "table.groups",
    {},
    head(["Went to, because", "Requests", "Paid", "Saved (est.)"]),
    Object.keys(ROUTES).map((route) =>
      routeRows(
        route,
        rows.filter((group) => group.route === route),
        most,
      ),
    ),
  );
}

function routeRows(route, groups, most) {
  if (!groups.length) return null;
  groups.sort((a, b) => b.requests - a.requests);
  return el(
    "tbody",
    {},
    el(
      "tr.route",
      {},
      el(
        "th",
        { scope: "rowgroup", colspan: 4 },
        el(`span.dot.${route}`, { "aria-hidden": "true" }),
        ROUTES[route],
        el("small", {}, ` ${count(sum(groups, "requests"))} requests`),
      ),
    ),
    groups.map((group) =>
      el(
        "tr",
        {},
        el(
          "th",
          { scope: "row" },
          REASONS[group.reason] ?? group.reason,
          el("code", {}, group.reason),
          el(`i.meter.${route}`, { "aria-hidden": "true", style: { "--part": group.requests / most } }),
        ),
        el("td", {}, count(group.requests)),
        el("td", {}, group.paid),
        el("td", {}, group.saved),
      ),
    ),
  );
}

const head = (headings) =>
  el(
    "thead",
    {},
    el(
      "tr",
      {},
      headings.map((heading) => el("th", { scope: "col" }, heading)),
    ),
  );
