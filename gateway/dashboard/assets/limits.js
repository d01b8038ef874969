// What a key may do and spend, in few words.

import { count, thresholdText, usd } from "./format.js";

const each = (unit) => (value) => `${count(value)} ${unit}`;

const WORDS = {
  local_only: (value) => value && "stays here",
  routes: (value) => value && `${value.join(" and ")} only`,
  models: (value) => value && (value.length === 1 ? value[0] : `${value.length} models`),
  threshold: (value) => `threshold ${thresholdText(value)}`,
  may_override: (value) => !value && "no other threshold",
  requests_per_minute: each("requests a minute"),
  tokens_per_minute: each("tokens a minute"),
  max_concurrent: each("at a time"),
  max_n: (value) => `n up to ${value}`,
  max_tokens: (value) => `answers up to ${count(value)} tokens`,
  max_body_bytes: (value) => `${count(value)} bytes a request`,
  usd_per_day: (value) => `${usd(value)} a day`,
  usd_per_week: (value) => `${usd(value)} a week`,
  usd_per_month: (value) => `${usd(value)} a month`,
  aliases: (value) => Object.keys(value).length > 0 && `aliases for ${Object.keys(value).join(", ")}`,
  baseline_model: (value) => `compared with ${value}`,
};

export function limitWords(terms) {
  return Object.entries(WORDS)
    .filter(([name]) => terms[name] !== null && terms[name] !== undefined)
    .map(([name, say]) => say(terms[name]))
    .filter(Boolean)
    .join(", ");
}
