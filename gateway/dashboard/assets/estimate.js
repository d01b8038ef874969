// How long the local model would take, as estimated when a request was decided, beside how long it took.

import { el } from "./dom.js";
import { ms, percent } from "./format.js";

export function estimateWords(item) {
  const parts = [
    part(item.estimated_first_token_ms, "to the first token", item.true_first_token_ms, item.first_token_error_ratio),
    part(item.estimated_answer_ms, "in all", item.true_answer_ms, item.answer_error_ratio),
  ].filter(Boolean);
  if (!parts.length) return null;
  return `${item.route === "local" ? "expected" : "the local model would have taken about"} ${parts.join("; ")}`;
}

// Without an error there is nothing to compare: the cloud answered, say, or a second look held tokens back.
function part(expectedMs, until, tookMs, error) {
  if (expectedMs === null) return null;
  const took = error === null ? "" : `, took ${ms(tookMs)} (${percent(error)} off)`;
  return `${ms(expectedMs)} ${until}${took}`;
}

// For the column of the first byte, which an answer that is not streamed has only at its end.
export function expectedNote(item) {
  if (item.route !== "local") return null;
  const expectedMs = item.stream ? item.estimated_first_token_ms : item.estimated_answer_ms;
  return expectedMs === null ? null : el("small.expected", {}, `expected ${ms(expectedMs)}`);
}

// How good the estimates were lately, as a sentence; empty where nothing was compared.
export function errorWords(estimates) {
  if (!estimates) return ""; // no local model
  const { hours, first_token: first, answer } = estimates;
  const parts = [
    first.answers && `${percent(first.error_ratio_p50)} to the first token`,
    answer.answers && `${percent(answer.error_ratio_p50)} to the end of the answer`,
  ].filter(Boolean);
  return parts.length
    ? `The local model's estimated times were off by ${parts.join(" and ")} (median, last ${hours} h).`
    : "";
}
