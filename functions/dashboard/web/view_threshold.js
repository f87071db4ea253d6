/** Try a threshold: which smiles of a camera would stay, change or vanish with other settings. */

import { askAgainAfter } from "./access_form.js";
import { get } from "./api.js";
import { addCameras, knownCameras } from "./cameras.js";
import { add, el, field, select, show } from "./dom.js";
import { hashOf, replaceQuery } from "./router.js";
import { empty, failure, loading } from "./states.js";
import { replayResult } from "./threshold_result.js";

const PAUSE_MS = 300; // after the last movement of a slider
const NARROWEST = 0.01;
const FIRST = { on: 0.6, off: 0.4, min: 0.5 };

/** @type {import("./app.js").View} */
export function thresholdView(main, route) {
  const control = new AbortController();
  const content = el("div", { class: "stack" }, loading());
  show(
    main,
    el("h1", {}, "Try a threshold"),
    el(
      "p",
      { class: "lead" },
      "Replays the scores of stored smiles. Nothing changes on the camera.",
    ),
    content,
  );
  const load = async () => {
    try {
      const device = route.query.get("device") ?? (await knownCameras(control.signal))[0];
      if (control.signal.aborted) return;
      if (device === undefined)
        show(content, empty("No cameras yet", "A camera appears here with its first smile."));
      else await startWith(content, device, route.query, control.signal);
    } catch (error) {
      if (control.signal.aborted || askAgainAfter(error)) return;
      show(
        content,
        failure(
          error,
          el("button", { class: "button", type: "button", on: { click: load } }, "Try again"),
        ),
      );
    }
  };
  load();
  return () => control.abort();
}

/**
 * @param {HTMLElement} content
 * @param {string} device
 * @param {URLSearchParams} query
 * @param {AbortSignal} signal
 */
async function startWith(content, device, query, signal) {
  const current = await currentThresholds(device, signal);
  const given = (/** @type {string} */ name, /** @type {number} */ initial) => {
    const value = Number.parseFloat(query.get(name) ?? "");
    return Number.isFinite(value) ? value : initial;
  };
  const on = slider(
    "Starts at score",
    given("on", current.on),
    { min: 0.2, max: 0.99, step: 0.01 },
    2,
  );
  const off = slider(
    "Ends below score",
    given("off", current.off),
    { min: 0.05, max: 0.98, step: 0.01 },
    2,
  );
  const least = slider(
    "Lasts at least, in seconds",
    given("min", FIRST.min),
    { min: 0, max: 5, step: 0.1 },
    1,
  );
  const camera = select([[device, device]], device);
  const result = el("div", { class: "stack", "aria-live": "polite" }, loading());
  let timer = 0;
  let run = 0;

  const apply = el("a", { class: "button" }, "Use for this camera…");

  const replay = async () => {
    run += 1;
    const own = run;
    const wanted = { on: on.value().toFixed(2), off: off.value().toFixed(2) };
    const values = { ...wanted, min: least.value().toFixed(1) };
    replaceQuery(["threshold"], { device: camera.value, ...values });
    apply.setAttribute("href", hashOf(["devices", camera.value], values));
    const path = `v1/devices/${encodeURIComponent(camera.value)}/thresholds`;
    try {
      const found = await get(
        path,
        { ...wanted, min_duration_ms: Math.round(least.value() * 1000) },
        signal,
      );
      if (own === run && !signal.aborted) show(result, replayResult(found));
    } catch (error) {
      if (own === run && !signal.aborted && !askAgainAfter(error)) show(result, failure(error));
    }
  };
  const later = () => {
    clearTimeout(timer);
    timer = window.setTimeout(replay, PAUSE_MS);
  };
  on.input.addEventListener("input", () => {
    if (off.value() > on.value() - NARROWEST) off.set(on.value() - NARROWEST);
    later();
  });
  off.input.addEventListener("input", () => {
    if (on.value() < off.value() + NARROWEST) on.set(off.value() + NARROWEST);
    later();
  });
  least.input.addEventListener("input", later);
  camera.addEventListener("change", later);
  signal.addEventListener("abort", () => clearTimeout(timer));
  const form = el("form", {
    class: "card",
    "aria-label": "Thresholds",
    on: { submit: (/** @type {Event} */ event) => event.preventDefault() },
  });
  add(
    form,
    el("div", { class: "settings" }, field("Camera", camera), on.node, off.node, least.node),
    el("div", { class: "actions start" }, apply),
  );
  show(content, form, result);
  await replay();
  addCameras(camera, signal);
}

/** The thresholds of the newest smile. @param {string} device @param {AbortSignal} signal */
async function currentThresholds(device, signal) {
  const { events } = await get("v1/events", { device, limit: 1 }, signal);
  const model = events[0]?.model;
  return model ? { on: model.threshold_on, off: model.threshold_off } : FIRST;
}

/**
 * @param {string} label
 * @param {number} value
 * @param {{min: number, max: number, step: number}} limits
 * @param {number} digits shown behind the point
 */
function slider(label, value, limits, digits) {
  const input = /** @type {HTMLInputElement} */ (el("input", { type: "range", ...limits, value }));
  const node = field(label, input);
  const output = el("output", { for: input.id }, input.valueAsNumber.toFixed(digits));
  const line = el("div", { class: "slider" });
  input.replaceWith(line);
  add(line, input, output);
  const refresh = () => show(output, input.valueAsNumber.toFixed(digits));
  input.addEventListener("input", refresh);
  return {
    node,
    input,
    value: () => input.valueAsNumber,
    set: (/** @type {number} */ next) => {
      input.valueAsNumber = next;
      refresh();
    },
  };
}
