/** The alert settings one by one: their control, and how a value gets in and out of it. */

import { el, select } from "./dom.js";
import { TIME_ZONE } from "./format.js";

/**
 * @typedef {Object} Setting
 * @property {string} label
 * @property {string} hint
 * @property {(value: any) => {node: HTMLElement, read: () => any}} control `read` throws a sentence
 *   for people when the input cannot be used
 * @property {boolean} [deviceOnly]
 */

/** @type {Object<string, Setting>} */
export const SETTINGS = {
  display_name: {
    label: "Name",
    hint: "What alerts call this camera.",
    deviceOnly: true,
    control: (value) => {
      const node = /** @type {HTMLInputElement} */ (
        el("input", { maxlength: 60, value: value ?? "" })
      );
      return { node, read: () => node.value.trim() || null };
    },
  },
  min_peak_score: {
    label: "Lowest peak score",
    hint: "From 0 to 1. Weaker smiles send no alert.",
    control: (value) => number(value, { min: 0, max: 1, step: 0.01 }),
  },
  min_duration_ms: {
    label: "Shortest smile, in seconds",
    hint: "Shorter smiles send no alert.",
    control: (value) => number(value, { min: 0, max: 3600, step: 0.1 }, 1000),
  },
  cooldown_s: {
    label: "Pause after an alert, in seconds",
    hint: "The camera sends no other alert in this time.",
    control: (value) => number(value, { min: 0, max: 86400, step: 1 }),
  },
  max_per_hour: {
    label: "Alerts in an hour, at most",
    hint: "Of one camera; 0 sends none.",
    control: (value) => number(value, { min: 0, max: 1000, step: 1 }),
  },
  sure_score: {
    label: "Sure from peak score",
    hint: "From 0 to 1. Below it, an alert says that the smile is likely.",
    control: (value) => number(value, { min: 0, max: 1, step: 0.01 }),
  },
  quiet_hours: {
    label: "Quiet hours",
    hint: "No alerts from the first time to the second one, in the time zone below.",
    control: hours,
  },
  time_zone: {
    label: "Time zone",
    hint: "Of the quiet hours and of the times in alerts.",
    control: zone,
  },
};

/**
 * @param {number} value
 * @param {{min: number, max: number, step: number}} limits
 * @param {number} [scale] how many units of the setting one unit of the control is
 */
function number(value, limits, scale = 1) {
  const node = /** @type {HTMLInputElement} */ (
    el("input", {
      type: "number",
      inputmode: "decimal",
      required: true,
      ...limits,
      value: value / scale,
    })
  );
  return { node, read: () => Math.round(node.valueAsNumber * scale * 1000) / 1000 };
}

/** @param {{start: string, end: string} | null} value */
function hours(value) {
  const start = /** @type {HTMLInputElement} */ (
    el("input", { type: "time", value: value?.start ?? "", "aria-label": "Quiet from" })
  );
  const end = /** @type {HTMLInputElement} */ (
    el("input", { type: "time", value: value?.end ?? "", "aria-label": "Quiet until" })
  );
  const node = el(
    "div",
    { class: "pair", role: "group" },
    start,
    el("span", { "aria-hidden": "true" }, "–"),
    end,
  );
  return {
    node,
    read: () => {
      if (!start.value && !end.value) return null;
      if (!start.value || !end.value) throw new Error("Quiet hours need both times, or none.");
      if (start.value === end.value) throw new Error("Quiet hours need two different times.");
      return { start: start.value, end: end.value };
    },
  };
}

/** @param {string} value */
function zone(value) {
  const known =
    typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : [];
  const names = [...new Set([value, TIME_ZONE, "UTC", ...known])].sort();
  const node = /** @type {HTMLSelectElement} */ (
    select(
      names.map((name) => [name, name]),
      value,
    )
  );
  return { node, read: () => node.value };
}
