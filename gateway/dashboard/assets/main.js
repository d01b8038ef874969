// Joins the views: which one is shown, over which span, and how often it is fetched anew.

import { get } from "./api.js";
import { redraw } from "./chart.js";
import { byId, fill } from "./dom.js";
import * as decisions from "./decisions.js";
import * as overview from "./overview.js";
import { span, ZONE } from "./range.js";

const REFRESH_MS = 5000;
const VIEWS = ["overview", "decisions"];

let loading = false;

function view() {
  const named = location.hash.slice(1);
  return VIEWS.includes(named) ? named : "overview";
}

function chosenSpan() {
  const form = byId("custom");
  return span(byId("range").value, { since: form.since.value, until: form.until.value });
}

async function load() {
  if (loading) return;
  loading = true;
  try {
    const range = chosenSpan();
    const [savings, timeline, rows] = await Promise.all([
      get("v1/savings", range),
      get("v1/savings/timeline", { ...range, tz: ZONE }),
      get("v1/decisions", { limit: 50 }),
    ]);
    overview.show(savings, timeline.data);
    decisions.show(rows.data);
    byId("trouble").hidden = true;
  } catch (error) {
    byId("trouble").textContent = `The figures could not be fetched: ${error.message}`;
    byId("trouble").hidden = false;
  } finally {
    loading = false;
  }
}

function turnTo() {
  for (const name of VIEWS) byId(`view-${name}`).hidden = name !== view();
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === view()) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  redraw();
}

function chooseTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("slimgate-theme", root.dataset.theme);
  redraw();
}

overview.build(byId("view-overview"));
decisions.build(byId("view-decisions"));
byId("range").addEventListener("change", () => {
  byId("custom").hidden = byId("range").value !== "custom";
  if (byId("range").value !== "custom") load();
});
byId("custom").addEventListener("submit", (event) => {
  event.preventDefault();
  load();
});
byId("live").addEventListener("click", () => {
  const on = byId("live").getAttribute("aria-pressed") !== "true";
  byId("live").setAttribute("aria-pressed", String(on));
  if (on) load();
});
byId("theme").addEventListener("click", chooseTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
addEventListener("hashchange", turnTo);
setInterval(() => {
  if (byId("live").getAttribute("aria-pressed") === "true" && !document.hidden) load();
}, REFRESH_MS);

turnTo();
load();
