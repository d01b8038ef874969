// Numbers and times as text. What is unknown is a dash, never a zero.

const DASH = "–";
const missing = (value) => value === null || value === undefined;

export function usd(text) {
  if (missing(text)) return DASH;
  const amount = Number(text);
  const size = Math.abs(amount);
  const places = size === 0 || size >= 1 ? 2 : Math.min(9, Math.max(4, 1 - Math.floor(Math.log10(size))));
  return money(amount, places);
}

function money(amount, places) {
  const figure = Math.abs(amount).toLocaleString("en-US", {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  });
  return `${amount < 0 ? "−" : ""}$${figure}`;
}

// Money of one column, with as many places as its largest needs.
export function usdColumn(texts) {
  const largest = Math.max(0, ...texts.map((text) => Math.abs(Number(text ?? 0))));
  if (largest < 1) return texts.map(usd);
  const small = (text) => Number(text) !== 0 && Math.abs(Number(text)) < 0.005;
  return texts.map((text) =>
    missing(text) ? DASH : small(text) ? `< ${Number(text) < 0 ? "−" : ""}$0.01` : money(Number(text), 2),
  );
}

export const count = (value) => (missing(value) ? DASH : value.toLocaleString("en-US"));

export function short(value) {
  if (missing(value)) return DASH;
  return value < 10000
    ? count(value)
    : value.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 1 });
}

export function percent(share) {
  if (missing(share)) return DASH;
  const value = share * 100;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  return `${value.toLocaleString("en-US", { maximumFractionDigits: value < 10 || value > 99 ? 1 : 0 })} %`;
}

export function ms(value) {
  if (missing(value)) return DASH;
  if (value < 1000) return `${value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 1 : 0 })} ms`;
  return `${(value / 1000).toLocaleString("en-US", { maximumFractionDigits: value < 10000 ? 2 : 1 })} s`;
}

export const bytes = (value) =>
  value < 1e9 ? `${count(Math.round(value / 1e6))} MB` : `${(value / 1e9).toFixed(1)} GB`;

// What takes longer than an answer.
export function duration(value) {
  return value < 120 ? `${count(Math.round(value))} s` : `${count(Math.round(value / 60))} min`;
}

// As `ms`, of seconds.
export const seconds = (value) => (missing(value) ? DASH : ms(value * 1000));

// So many of something a second.
export const rate = (value) =>
  missing(value) ? DASH : value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 1 : 0 });

// Above 1, which no score reaches, the cloud is never asked.
export const thresholdText = (threshold) =>
  threshold > 1 ? "never the cloud" : threshold.toFixed(threshold * 100 === Math.round(threshold * 100) ? 2 : 3);

export const score = (value) => (missing(value) ? DASH : value.toFixed(3));

const SAME_DAY = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const OTHER_DAY = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

export function moment(iso) {
  const date = new Date(iso);
  const today = new Date().toDateString() === date.toDateString();
  return date.toLocaleString("en-GB", today ? SAME_DAY : OTHER_DAY);
}

// As `moment`, for what begins at a full minute.
export function minute(iso) {
  const date = new Date(iso);
  const { second, ...hours } = SAME_DAY;
  return date.toLocaleString("en-GB", new Date().toDateString() === date.toDateString() ? hours : OTHER_DAY);
}

export const day = (iso) =>
  new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });

export const fullMoment = (iso) => new Date(iso).toLocaleString("en-GB", { dateStyle: "full", timeStyle: "long" });
