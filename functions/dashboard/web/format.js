/** Numbers and times as the viewer's language and time zone have them. */

export const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

const time = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const shortTime = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, {
  weekday: "short",
  day: "numeric",
  month: "short",
});
const longDay = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "long" });
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(undefined, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const twoDigits = new Intl.NumberFormat(undefined, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** @typedef {string | number | Date} When */

export const formatTime = (/** @type {When} */ at) => time.format(new Date(at));
export const formatShortTime = (/** @type {When} */ at) => shortTime.format(new Date(at));
export const formatDay = (/** @type {When} */ at) => day.format(new Date(at));
export const formatLongDay = (/** @type {When} */ at) => longDay.format(new Date(at));
export const formatFull = (/** @type {When} */ at) => full.format(new Date(at));
export const formatCount = (/** @type {number} */ count) => whole.format(count);

/** @param {number} number */
export const formatNumber = (number) => oneDigit.format(number);

/** A score, cut so that 0.999 does not look certain. */
export const formatScore = (/** @type {number} */ score) =>
  twoDigits.format(Math.trunc(score * 100) / 100);

/** @param {number} ms */
export function formatDuration(ms) {
  if (ms < MINUTE_MS) return `${oneDigit.format(ms / SECOND_MS)} s`;
  const seconds = Math.round(ms / SECOND_MS);
  if (ms < HOUR_MS) return `${Math.trunc(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.trunc(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * How long ago, such as "5 minutes ago".
 * @param {When} at
 * @param {number} [now]
 */
export function formatAgo(at, now = Date.now()) {
  const ago = new Date(at).getTime() - now;
  const size = Math.abs(ago);
  if (size < MINUTE_MS) return relative.format(Math.round(ago / SECOND_MS), "second");
  if (size < HOUR_MS) return relative.format(Math.round(ago / MINUTE_MS), "minute");
  if (size < DAY_MS) return relative.format(Math.round(ago / HOUR_MS), "hour");
  return relative.format(Math.round(ago / DAY_MS), "day");
}

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/**
 * The start of the viewer's day, `days` after that of `at`.
 * @param {When} at
 * @param {number} [days]
 */
export function startOfDay(at, days = 0) {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days);
}

/** A day as a date input has it, in the viewer's zone. @param {Date} date */
export function dayValue(date) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The start of the day of a date input, or null. @param {string} value */
export function dayOf(value) {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value);
  return match ? new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3])) : null;
}
