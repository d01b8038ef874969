// Joins the views: which one is shown, over which span, and how often it is refreshed.

import { showAccount } from "./account.js";
import { get } from "./api.js";
import { redraw } from "./chart.js";
import * as decisions from "./decisions.js";
import { byId, say } from "./dom.js";
import { moment } from "./format.js";
import * as overview from "./overview.js";
import { span, ZONE } from "./range.js";
import { showStatus } from "./status.js";
import * as tuner from "./tuner.js";
import { showWelcome } from "./welcome.js";

const REFRESH_MS = 5000;
const VIEWS = { overview, tuner, decisions }; // each can `ask` for what it `show`s

let zone = ZONE;
let loading = null;

const place = () => location.hash.slice(1).split("?"); // a view, and what it is narrowed to
const view = () => (place()[0] in VIEWS ? place()[0] : "overview");

function chosenSpan() {
  const form = byId("custom");
  return span(byId("range").value, { since: form.since.value, until: form.until.value });
}

async function loadOnce() {
  const range = chosenSpan();
  const name = view();
  try {
    const answers = VIEWS[name].ask(range, zone);
    answers.catch(() => {}); // handled below, unless the status fails first
    const status = await statusIfSeen();
    byId("status").hidden = document.querySelector("[data-view=tuner]").hidden = status === null;
    if (status) showStatus(byId("status"), status);
    const empty = status !== null && status.ledger.oldest === null;
    const newcomer = empty && name !== "tuner"; // the tuner has something to show without any request
    byId("welcome").hidden = !newcomer;
    for (const each of Object.keys(VIEWS)) byId(`view-${each}`).hidden = each !== name || newcomer;
    if (newcomer) showWelcome(byId("welcome"), status, load);
    VIEWS[name].show(await answers, status);
    say(byId("span"), spanWords(range, status));
    byId("trouble").hidden = true;
  } catch (error) {
    if (error.status === 400 && zone !== "UTC" && error.message.startsWith("tz:")) {
      zone = "UTC"; // a server without this time zone's rules
      return loadOnce();
    }
    byId("trouble").textContent = `The figures could not be fetched: ${error.message}`;
    byId("trouble").hidden = false;
  }
  return redraw();
}

// Who may look at their own requests only is not told the gateway's state; then there is nothing to tune, either.
function statusIfSeen() {
  return get("v1/status").catch((error) => {
    if (error.status === 403) return null;
    throw error;
  });
}

// One at a time. A call during another runs after it, since the span may have changed meanwhile.
function load() {
  loading = (loading ?? Promise.resolve()).then(loadOnce).finally(() => (loading = null));
  return loading;
}

function spanWords(range, status) {
  const since = range.since ?? status?.ledger.oldest;
  return since ? `From ${moment(since)} to ${range.until ? moment(range.until) : "now"}, ${zone} time.` : "";
}

function turnTo() {
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === view()) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `slimgate: ${view()}`;
  if (view() === "decisions") decisions.narrowTo(new URLSearchParams(place()[1]));
  load();
}

function chooseTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("slimgate-theme", root.dataset.theme);
  redraw();
}

function chooseRange() {
  decisions.startOver();
  localStorage.setItem("slimgate-range", byId("range").value);
  byId("custom").hidden = byId("range").value !== "custom";
  if (byId("range").value !== "custom") load();
}

function refresh() {
  const live = byId("live").getAttribute("aria-pressed") === "true";
  const reading = view() === "decisions" && decisions.busy();
  if (live && !document.hidden && !loading && !reading) load();
}

overview.build(byId("view-overview"));
decisions.build(byId("view-decisions"));
tuner.build(byId("view-tuner"));
const kept = localStorage.getItem("slimgate-range");
if (kept && kept !== "custom" && byId("range").querySelector(`[value="${CSS.escape(kept)}"]`))
  byId("range").value = kept;
byId("range").addEventListener("change", chooseRange);
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
setInterval(refresh, REFRESH_MS);
showAccount();
turnTo();
