/** The thresholds of a camera as fields of a form, and how a value gets in and out of them. */

import { add, el, field, setText } from "./dom.js";

/**
 * The numbers that a person may change. `scale` is how many units of the setting one unit of the
 * control is; `query` is the name in the address, where the view Threshold puts values.
 * @type {Object<string, {label: string, hint: string, query: string, scale: number, limits: any}>}
 */
export const NUMBERS = {
  threshold_on: {
    label: "Starts at score",
    hint: "More than 0 and less than 1.",
    query: "on",
    scale: 1,
    limits: { min: 0.001, max: 0.999 },
  },
  threshold_off: {
    label: "Ends below score",
    hint: "Less than the score at which a smile starts.",
    query: "off",
    scale: 1,
    limits: { min: 0.001, max: 0.999 },
  },
  min_duration_ms: {
    label: "Lasts at least, in seconds",
    hint: "From 0 to 60. Shorter smiles are ignored.",
    query: "min",
    scale: 1000,
    limits: { min: 0, max: 60 },
  },
};

/** What people call a field of the API, such as `smile.threshold_on`. @param {string} name */
export function labelOf(name) {
  return NUMBERS[name.replace("smile.", "")]?.label ?? name;
}

/** A reason of the API or the camera with what people call the fields. @param {string} reason */
export function withLabels(reason) {
  return reason.replaceAll(/\bsmile\.[a-z_]+/g, (name) => `“${labelOf(name)}”`);
}

/**
 * What is wanted, or else what the camera uses.
 * @param {any} settings
 * @param {string} key
 * @param {string} [section]
 */
export function wanted(settings, key, section) {
  const of = (/** @type {any} */ document) => (section ? document?.[section] : document)?.[key];
  return of(settings.desired) ?? of(settings.reported);
}

/** @param {string} key @param {URLSearchParams} query */
export function numberControl(key, query) {
  const { label, hint, query: name, scale, limits } = NUMBERS[key];
  const input = /** @type {HTMLInputElement} */ (
    el("input", {
      type: "number",
      inputmode: "decimal",
      step: "any",
      required: true,
      disabled: true,
      ...limits,
    })
  );
  const node = field(label, input, hint);
  const use = el("p", { class: "origin" });
  add(node, use);
  const proposed = Number.parseFloat(query.get(name) ?? "");
  let isTouched = Number.isFinite(proposed);
  if (isTouched) input.value = String(proposed);
  let shown = Number.NaN;
  input.addEventListener("input", () => {
    isTouched = true;
  });
  const value = () => Math.round(input.valueAsNumber * scale * 1e6) / 1e6;
  return {
    key,
    node,
    value,
    isChanged: () => isTouched && value() !== shown,
    forget: () => {
      isTouched = false;
    },
    update: (/** @type {any} */ settings, /** @type {boolean} */ mayChange) => {
      input.disabled = !mayChange;
      shown = wanted(settings, key, "smile") ?? Number.NaN;
      if (!isTouched) input.value = Number.isFinite(shown) ? String(shown / scale) : "";
      const used = settings.reported?.smile?.[key];
      const differs = used !== undefined && used !== shown;
      setText(use, differs ? `The camera uses ${Number((used / scale).toFixed(3))}.` : "");
    },
  };
}
