// Setup, for administrators: keys, logins, budgets, and the audit chain.

import { fillLogins } from "./account.js";
import { get, whoAmI } from "./api.js";
import { askAudit, auditCard, reading, showAudit } from "./auditlog.js";
import { budgetsCard, showBudgets } from "./budgets.js";
import { byId, el, fill } from "./dom.js";
import { askKeys, keysCard, paged, showKeys } from "./keytable.js";

// A refresh must not disturb whoever reads or types.
export const busy = () => document.querySelector("dialog[open]") !== null || paged() || reading();

export function build(view, reload) {
  fill(
    view,
    el("div", { id: "setup-refused", hidden: true }),
    el(
      "div.stack",
      { id: "setup-parts", hidden: true },
      el("h1.unseen", {}, "Setup"),
      keysCard(reload),
      el("div.pair", {}, budgetsCard(), loginsCard()),
      auditCard(reload),
    ),
  );
}

function loginsCard() {
  return el(
    "section.card",
    { id: "logins-card", "aria-labelledby": "setup-logins-title" },
    el("h2", { id: "setup-logins-title" }, "Logins at this page"),
    el(
      "p.note",
      { id: "no-logins", hidden: true },
      "Nobody is logged in. People log in here with a key, once there is one.",
    ),
    el("ul.logins", { id: "setup-logins" }),
    el("p.bad.said", { id: "logins-said", role: "alert" }),
  );
}

export async function ask() {
  const me = await whoAmI();
  if (me.role !== "admin") return { me };
  const [keys, sessions, audit] = await Promise.all([askKeys(), get("v1/sessions"), askAudit()]);
  return { me, keys, sessions, audit };
}

export async function show({ me, keys, sessions, audit }, status) {
  byId("setup-refused").hidden = keys !== undefined;
  byId("setup-parts").hidden = keys === undefined;
  if (keys === undefined) {
    fill(byId("setup-refused"), refused(me));
    return;
  }
  showKeys(keys, me, status);
  byId("no-logins").hidden = sessions.data.length > 0;
  fillLogins(byId("setup-logins"), sessions.data, byId("logins-said"));
  showAudit(audit);
  await showBudgets(status.budget);
}

function refused(me) {
  return el(
    "section.card",
    {},
    el("h1", {}, "Setup is for administrators"),
    el("p", {}, `You are logged in as ${me.name}, a ${me.role}. An administrator makes keys and sets budgets.`),
  );
}
