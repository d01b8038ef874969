// How long the local model would take, as estimated when a request was decided, beside how long it took.

import { el } from "./dom.js";
import { ms, percent } from "./format.js";

export function estimateWords(item) {
  const parts = [
    part(item.estimated_first_token_ms, "to the first token", item.first_token_ms, item.first_token_error_ratio),
    part(item.estimated_answer_ms, "in all", item.total_ms, item.answer_error_ratio),
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

// The figure of the overview's tile and its note; null where nothing was compared.
export function estimateTile(estimates) {
  if (!estimates) return null; // no local model
  const { hours, first_token: first, answer } = estimates;
  if (!first.answers && !answer.answers) return null;
  const whole = answer.answers ? `; whole answers ${percent(answer.error_ratio_p50)}` : "";
  return [percent(first.error_ratio_p50), `first token, median of the last ${hours} h${whole}`];
}
