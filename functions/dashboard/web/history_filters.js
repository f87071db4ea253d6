/** The filters of the history: in the address, in a form, and in requests. */

import { cameraSelect } from "./cameras.js";
import { add, el, field, select } from "./dom.js";
import {
  dayOf,
  dayValue,
  formatCount,
  formatDay,
  formatDuration,
  formatLongDay,
  formatShortTime,
  startOfDay,
  TIME_ZONE,
} from "./format.js";

const DAYS_SHOWN = 6;
const MOST_DAYS_BY_HOUR = 3;
const DAY_MS = 24 * 3600 * 1000;
/** @type {[string, string][]} */
const PERS = [
  ["", "automatic"],
  ["hour", "hour"],
  ["day", "day"],
];

/** @type {[string, string][]} */
const SCORES = [
  ["", "any"],
  ["0.7", "0.70 and more"],
  ["0.8", "0.80 and more"],
  ["0.9", "0.90 and more"],
];
/** @type {[string, string][]} */
const LENGTHS = [
  ["", "any"],
  ["1000", "1 s and more"],
  ["3000", "3 s and more"],
  ["10000", "10 s and more"],
  ["60000", "1 min and more"],
];

/**
 * @typedef {{device: string, from: string, to: string, per: string, min_score: string, min_duration_ms: string}} Filters
 */

/** @param {URLSearchParams} query @returns {Filters} */
export function filtersOf(query) {
  const value = (/** @type {string} */ name, initial = "") => query.get(name) ?? initial;
  return {
    device: value("device"),
    from: value("from", dayValue(startOfDay(Date.now(), -DAYS_SHOWN))),
    to: value("to", dayValue(new Date())),
    per: value("per"),
    min_score: value("min_score"),
    min_duration_ms: value("min_duration_ms"),
  };
}

/** @param {Filters} filters */
function range({ from, to }) {
  const first = dayOf(from);
  const last = dayOf(to);
  return {
    from: first ? first.toISOString() : "",
    to: last ? startOfDay(last, 1).toISOString() : "",
  };
}

/** @param {Filters} filters */
export function listQuery(filters) {
  return {
    device: filters.device,
    ...range(filters),
    min_score: filters.min_score,
    min_duration_ms: filters.min_duration_ms,
  };
}

/** @param {Filters} filters */
export function statsQuery(filters) {
  return { device: filters.device, ...range(filters), per: perOf(filters), time_zone: TIME_ZONE };
}

/** @param {Filters} filters @returns {"hour" | "day"} */
export function perOf({ from, to, per }) {
  if (per === "hour" || per === "day") return per;
  const days =
    ((dayOf(to) ?? new Date()).getTime() - (dayOf(from) ?? new Date(0)).getTime()) / DAY_MS + 1;
  return days <= MOST_DAYS_BY_HOUR ? "hour" : "day";
}

/** @param {any} bucket @param {"hour" | "day"} per @returns {import("./chart_bars.js").Bar} */
export function barOf(bucket, per) {
  const { smile, not_smile: notSmile, unsure } = bucket.feedback;
  const day = formatLongDay(bucket.start);
  const isMajor = per === "hour" && new Date(bucket.start).getHours() === 0;
  return {
    label: per === "hour" && !isMajor ? formatShortTime(bucket.start) : formatDay(bucket.start),
    isMajor,
    name:
      per === "hour"
        ? `${day}, ${formatShortTime(bucket.start)} to ${formatShortTime(bucket.end)}`
        : day,
    count: bucket.events,
    cells: [
      bucket.mean_duration_ms === null ? "–" : formatDuration(bucket.mean_duration_ms),
      ...[smile, notSmile, unsure].map(formatCount),
    ],
  };
}

/**
 * @param {Filters} filters
 * @param {AbortSignal} signal
 * @param {(changed: Partial<Filters>) => void} onChange
 */
export function filterForm(filters, signal, onChange) {
  const controls = {
    device: cameraSelect(filters.device, signal),
    from: el("input", { type: "date", value: filters.from, required: true }),
    to: el("input", { type: "date", value: filters.to, required: true }),
    per: select(PERS, filters.per),
    min_score: select(SCORES, filters.min_score),
    min_duration_ms: select(LENGTHS, filters.min_duration_ms),
  };
  const from = /** @type {HTMLInputElement} */ (controls.from);
  const to = /** @type {HTMLInputElement} */ (controls.to);
  const read = (/** @type {Event} */ event) => {
    event.preventDefault();
    to.setCustomValidity(
      from.value && to.value && to.value < from.value
        ? "Choose a day that is not before the first one."
        : "",
    );
    if (!form.reportValidity()) return;
    const values = Object.entries(controls).map(([name, one]) => [
      name,
      /** @type {HTMLInputElement} */ (one).value,
    ]);
    onChange(Object.fromEntries(values));
  };
  const form = /** @type {HTMLFormElement} */ (
    el("form", {
      class: "filters",
      role: "search",
      "aria-label": "Filters",
      on: { submit: read, change: read },
    })
  );
  add(
    form,
    field("Camera", controls.device),
    field("From", controls.from),
    field("To", controls.to),
    field("Bars by", controls.per),
    field("Peak score", controls.min_score),
    field("Length", controls.min_duration_ms),
  );
  return form;
}
