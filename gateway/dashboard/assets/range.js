// The chosen span of time, in the reader's time zone.

export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

const MINUTE = 60_000;
const DAY_STARTS = { today: 0, "30d": 29, month: null };

// Rolling ranges begin at a full minute, half hour or hour, so that the first bar is as wide as the others.
const ROLLING = {
  "1h": { length: 60 * MINUTE, full: MINUTE },
  "24h": { length: 24 * 60 * MINUTE, full: 30 * MINUTE },
  "7d": { length: 7 * 24 * 60 * MINUTE, full: 180 * MINUTE },
};

export function span(name, custom = {}) {
  if (name === "all") return { since: null, until: null };
  if (name === "custom") return { since: iso(custom.since), until: iso(custom.until) };
  if (name in ROLLING) {
    const { length, full } = ROLLING[name];
    const offset = new Date().getTimezoneOffset() * MINUTE;
    const local = Date.now() - length - offset;
    return { since: new Date(local - (local % full) + offset).toISOString(), until: null };
  }
  const start = new Date();
  start.setHours(0, 0, 0, 0);
  if (name === "month") start.setDate(1);
  else start.setDate(start.getDate() - DAY_STARTS[name]);
  return { since: start.toISOString(), until: null };
}

const iso = (typed) => (typed ? new Date(typed).toISOString() : null);
