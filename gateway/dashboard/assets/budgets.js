// The limits on money: of each, what is spent and set aside, and until when.

import { get } from "./api.js";
import { byId, el, fill } from "./dom.js";
import { count, minute, percent, usdColumn } from "./format.js";

const SHOWN = 20;
const WARN_AT = 0.8;
const names = new Map(); // of keys, by id

const HOW = `[budget]
usd_per_month = 200
time_zone = "Europe/Berlin"

[budget.teams.shop]
usd_per_day = 5`;

export function budgetsCard() {
  return el(
    "section.card",
    { id: "budgets-card", "aria-labelledby": "budgets-title" },
    el("h2", { id: "budgets-title" }, "Budgets"),
    el("div", { id: "budgets" }),
  );
}

const partOf = (limit, name) => (Number(limit.limit_usd) ? Number(limit[name]) / Number(limit.limit_usd) : 1);

// The fullest first; with as many keys as a company has, the others matter little.
export async function showBudgets(budget) {
  if (!budget.length) {
    fill(byId("budgets"), none());
    return;
  }
  const shown = [...budget].sort((a, b) => partOf(b, "spent_usd") - partOf(a, "spent_usd")).slice(0, SHOWN);
  await learnNames(shown);
  const trouble = shown.find((limit) => limit.trouble)?.trouble;
  fill(
    byId("budgets"),
    trouble && el("p.warning", {}, `The amounts may be out of date: ${trouble}`),
    el("ul.budgets", {}, shown.map(item)),
    el(
      "p.note",
      {},
      shown.length < budget.length ? `The ${SHOWN} fullest of ${count(budget.length)}. ` : "",
      "Set aside is what requests in progress may cost at most. A key's budget shows from its first request on.",
    ),
  );
}

function none() {
  return [
    el("p", {}, "No budget is set: the cloud may cost anything. In slimgate.toml, for all and for a team:"),
    el("pre", { tabindex: "0" }, el("code", {}, HOW)),
    el("p.note", {}, "A key has limits of its own: “Limits and privacy” in its form."),
  ];
}

async function learnNames(limits) {
  const ids = limits.map((limit) => keyOf(limit.account)).filter((id) => id && !names.has(id));
  await Promise.all(
    [...new Set(ids)].map(async (id) => {
      const key = await get(`v1/keys/${encodeURIComponent(id)}`).catch(() => null);
      names.set(id, key?.name ?? id);
    }),
  );
}

const keyOf = (account) => (account.startsWith("key:") ? account.slice("key:".length) : null);

function nameOf(account) {
  if (account === "all") return "Everybody";
  const id = keyOf(account);
  return id ? `Key ${names.get(id)}` : `Team ${account.slice("team:".length)}`;
}

function item(limit) {
  const spent = partOf(limit, "spent_usd");
  const level = spent >= 1 ? "full" : spent >= WARN_AT ? "near" : "fine";
  const [most, paid, held] = usdColumn([limit.limit_usd, limit.spent_usd, limit.reserved_usd]);
  const aside = Number(limit.reserved_usd) > 0 ? `, ${held} set aside` : "";
  return el(
    `li.${level}`,
    {},
    el("div", {}, el("b", {}, nameOf(limit.account)), ` per ${limit.period}`),
    el("div.amount", {}, `${paid} of ${most} spent (${percent(spent)})${aside}`),
    el(
      "div.bar",
      { "aria-hidden": "true" },
      el("i.spent", { style: { "--part": Math.min(1, spent) } }),
      el("i.aside", { style: { "--part": Math.min(Math.max(0, 1 - spent), partOf(limit, "reserved_usd")) } }),
    ),
    el("p.note", {}, `until ${minute(limit.until)}, by ${limit.setting}`),
  );
}
