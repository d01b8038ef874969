// One line on the state of each side.

import { el, fill } from "./dom.js";
import { examWords, isUnderWay } from "./exam.js";
import { count, moment } from "./format.js";

export function showStatus(node, status) {
  fill(node, local(status), cloud(status), exam(status), ledger(status), classifier(status));
}

function local({ local, recent_minutes: minutes }) {
  if (!local) return part("off", "Local model", "off");
  if (!local.up) return part("bad", local.model ?? "Local model", `down: ${local.trouble ?? "not ready"}`);
  const load = local.load ? `${count(local.load.running)} running, ${count(local.load.queued)} waiting` : "up";
  const restarts = local.restarts ? `, restarts: ${count(local.restarts)}` : "";
  const errors = local.recent.errors ? `, ${count(local.recent.errors)} errors in ${minutes} min` : "";
  const down = local.servers.filter(({ up }) => !up);
  const servers = local.servers.length
    ? `, ${count(local.servers.length - down.length)} of ${count(local.servers.length)} servers up`
    : "";
  const why = down.length ? `: ${down[0].trouble ?? "not ready"}` : "";
  const state = errors || down.length ? "warn" : "local";
  return part(state, local.model ?? "Local model", load + restarts + errors + servers + why);
}

function cloud({ cloud, local, recent_minutes: minutes }) {
  if (!cloud) return part("off", "Cloud", "off: set OPENAI_API_KEY and start again");
  const refused = cloud.models.find(({ trouble }) => trouble?.key_refused);
  if (refused)
    return part(
      "bad",
      refused.model,
      `refuses the gateway's key since ${moment(refused.trouble.since)}: change the key`,
    );
  if (!cloud.up) return part("bad", cloud.model, "keeps failing and is not asked for a while; the local model answers");
  // A request that failed over from the cloud is counted on the local side.
  const failed = cloud.recent.errors + (local?.recent.failovers ?? 0);
  if (failed) return part("warn", cloud.model, `failed ${count(failed)} times in ${minutes} min`);
  return part(
    "cloud",
    cloud.model,
    cloud.recent.requests ? `no errors in ${minutes} min` : `nothing sent in ${minutes} min`,
  );
}

function exam({ exam }) {
  if (exam?.trouble) return part("warn", "Exam", exam.trouble);
  return isUnderWay(exam) ? part("local", "Exam", examWords(exam)) : null;
}

function ledger({ ledger }) {
  if (ledger.refused_rows) return part("bad", "Ledger", `${count(ledger.refused_rows)} rows lost: the disk is full`);
  if (ledger.pending_bytes > 1_000_000)
    return part(
      "warn",
      "Ledger",
      `${count(Math.round(ledger.pending_bytes / 1_000_000))} MB of rows wait for the database`,
    );
  return null;
}

function classifier({ artifact, artifact_trouble: trouble }) {
  return trouble ? part("bad", "Classifier", `${artifact} stays in use: ${trouble}`) : null;
}

const part = (state, name, words) =>
  el("span.side", {}, el(`span.dot.${state}`, { "aria-hidden": "true" }), el("b", {}, name), ` ${words}`);
