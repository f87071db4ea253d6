/** Settings of a camera: pause it, change its thresholds, and see what it makes of that. */

import { mayAdminister } from "./access.js";
import { askAgainAfter } from "./access_form.js";
import { ApiError, change, get } from "./api.js";
import { NUMBERS, labelOf, numberControl, wanted, withLabels } from "./camera_setting_fields.js";
import { add, el, notify, setText, show } from "./dom.js";
import { poll } from "./poller.js";
import { usesTokens } from "./sign_in_offer.js";
import { textOf } from "./states.js";

const WAITING_MS = 2000;
const REFRESH_MS = 15000;

/**
 * A card that keeps itself up to date.
 * @param {string} name of the camera
 * @param {URLSearchParams} query values to propose
 * @returns {{node: HTMLElement, setState: (state: string) => void, stop: () => void}}
 */
export function cameraSettings(name, query) {
  const path = `v1/devices/${encodeURIComponent(name)}/settings`;
  const mayChange = mayAdminister();
  /** @type {any} */
  let settings = null;
  let state = "";
  let isMissing = false;
  let isClosed = false;
  const status = el("p", { class: "muted", role: "status" }, "Loading…");
  const refused = el("div", { class: "stack", role: "alert", hidden: true });
  const message = el("p", { class: "form-error", role: "alert" });
  const controls = Object.keys(NUMBERS).map((key) => numberControl(key, query));
  const pause = button("Pause", "button", () => send({ paused: !wanted(settings, "paused") }));
  const save = button("Save", "button primary");
  const reset = button("Use the camera's own values", "link", () => {
    for (const control of controls) control.forget();
    return send({ smile: Object.fromEntries(Object.keys(NUMBERS).map((key) => [key, null])) });
  });
  save.setAttribute("type", "submit");

  const send = async (/** @type {any} */ changes) => {
    show(message);
    stop(); // an older state would enable the buttons
    for (const one of [pause, save, reset]) one.disabled = true;
    try {
      settings = await change("PATCH", path, changes);
      for (const control of controls) control.forget();
      notify("The settings are saved.");
    } catch (error) {
      show(message, sentence(error));
    }
    draw();
    restart();
  };

  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const changed = controls.filter((control) => control.isChanged());
    const [on, off] = controls.map((control) => control.value());
    if (changed.length === 0) show(message, "No value has changed.");
    else if (off >= on) show(message, "A smile must end below a lower score than it starts at.");
    else send({ smile: Object.fromEntries(changed.map((one) => [one.key, one.value()])) });
  };

  const draw = () => {
    if (settings === null) return;
    for (const one of [pause, save, reset]) one.disabled = !mayChange;
    setText(status, statusText(settings, state));
    setText(pause, wanted(settings, "paused") ? "Resume" : "Pause");
    reset.hidden = settings.desired.smile === undefined;
    for (const control of controls) control.update(settings, mayChange);
    showRefused(refused, settings.rejected);
  };

  const form = el("form", { class: "stack", "aria-label": "Thresholds", on: { submit } });
  add(
    form,
    el("div", { class: "settings" }, ...controls.map((control) => control.node)),
    message,
    el("div", { class: "actions start" }, save, reset),
  );
  const node = el(
    "section",
    { class: "card", "aria-labelledby": "camera-settings" },
    el("div", { class: "head" }, el("h2", { id: "camera-settings" }, "Settings"), pause),
    status,
    refused,
    form,
    !mayChange &&
      el("p", { class: "muted" }, usesTokens
          ? "Your account can only read. Changing settings needs the scope admin."
          : "Your key can only read. Changing settings needs a key of the scope admin."),
  );
  node.hidden = true; // until the service has answered

  let stop = () => {};
  const restart = () => {
    stop();
    if (isClosed) return; // the page was left while a change was sent
    stop = poll(
      () => (settings?.waiting.length > 0 ? WAITING_MS : REFRESH_MS),
      async (signal) => {
        settings = await get(path, {}, signal);
        node.hidden = isMissing = false;
        draw();
      },
      (error) => {
        if (askAgainAfter(error)) return;
        // unknown, or an id in the address that cannot be one
        isMissing = error instanceof ApiError && ["missing", "invalid"].includes(error.kind);
        node.hidden = isMissing;
        setText(status, sentence(error));
      },
    );
  };
  restart();
  return {
    node,
    setState: (/** @type {string} */ next) => {
      state = next;
      if (isMissing) restart(); // its first sign of life has arrived
      draw();
    },
    stop: () => {
      isClosed = true;
      stop();
    },
  };
}

/** @param {any} settings @param {string} state of the camera */
function statusText(settings, state) {
  const isAway = state === "offline" || state === "silent";
  const isPaused = settings.reported?.paused === true;
  if (settings.waiting.length > 0) {
    return isAway
      ? `The camera is ${state}; it takes the settings over when it is back.`
      : "Waiting for the camera…";
  }
  if (settings.reported === null) return "The camera has not reported its settings.";
  if (isAway) return `The camera is ${state}; these are the values that it reported last.`;
  if (isPaused) return "The camera is paused: it looks for no faces.";
  if (settings.rejected.length > 0) return "The camera keeps its own values instead of refused ones.";
  return "The camera uses these settings.";
}

/** @param {HTMLElement} node @param {{field: string, reason: string}[]} rejected */
function showRefused(node, rejected) {
  const lines = rejected.map(
    (one) => `The camera refuses “${labelOf(one.field)}”: ${withLabels(one.reason)}.`,
  );
  if (node.textContent === lines.join("")) return; // screen readers read each change
  node.hidden = lines.length === 0;
  show(node, ...lines.map((line) => el("p", { class: "banner" }, line)));
}

/** @param {string} text @param {string} kind @param {() => void} [click] */
function button(text, kind, click) {
  return /** @type {HTMLButtonElement} */ (
    el("button", { class: kind, type: "button", on: click ? { click } : {} }, text)
  );
}

/** @param {unknown} error */
function sentence(error) {
  if (askAgainAfter(error)) return "";
  const fields = error instanceof ApiError ? error.errors.filter((one) => one.field) : [];
  if (fields.length > 0) {
    return fields.map((one) => `${labelOf(one.field)}: ${one.detail}`).join(" ");
  }
  const { title, text } = textOf(error);
  return `${title}. ${text}`;
}
