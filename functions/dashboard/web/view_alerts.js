/** Alerts: what sends one, quiet hours, a pause, and a test; for all cameras or for one. */

import { askAgainAfter } from "./access_form.js";
import { SETTINGS } from "./alert_fields.js";
import { alertPause } from "./alert_pause.js";
import { ApiError, change, get } from "./api.js";
import { cameraSelect } from "./cameras.js";
import { add, el, field, notify, show } from "./dom.js";
import { formatAgo } from "./format.js";
import { hashOf } from "./router.js";
import { failure, loading, textOf } from "./states.js";

/** @type {import("./app.js").View} */
export function alertsView(main, route) {
  const device = route.query.get("device") ?? "";
  const control = new AbortController();
  const path = device
    ? `v1/devices/${encodeURIComponent(device)}/alert-settings`
    : "v1/alert-settings";
  const content = el("div", { class: "stack" }, loading());
  const scope = cameraSelect(device, control.signal, (chosen) => {
    location.hash = hashOf(["alerts"], { device: chosen });
  });
  show(
    main,
    el("h1", {}, "Alerts"),
    el("div", { class: "filters narrow" }, field("Settings of", scope)),
    content,
  );

  const load = async () => {
    try {
      showSettings(await get(path, {}, control.signal));
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

  /** Store `values` instead of what is stored; returns the sentence of a failure. */
  const store = async (/** @type {Object<string, any>} */ values, /** @type {string} */ done) => {
    try {
      showSettings(await change("PUT", path, values));
      notify(done);
      return "";
    } catch (error) {
      return sentence(error);
    }
  };

  const showSettings = (/** @type {any} */ document) => {
    show(
      content,
      alertPause(document, device, store),
      settingsForm(document, device, store),
      testCard(path, device),
    );
  };
  load();
  return () => control.abort();
}

/** @param {unknown} error */
function sentence(error) {
  if (askAgainAfter(error)) return "";
  if (error instanceof ApiError && error.errors.length > 0) {
    return error.errors
      .map((one) => `${SETTINGS[one.field]?.label ?? one.field}: ${one.detail}`)
      .join(" ");
  }
  const { title, text } = textOf(error);
  return `${title}. ${text}`;
}

/**
 * @param {any} document settings, stored, from and updated_at
 * @param {string} device empty for all cameras
 * @param {(values: Object<string, any>, done: string) => Promise<string>} store
 */
function settingsForm(document, device, store) {
  const message = el("p", { class: "form-error", role: "alert" });
  const own = new Set(Object.keys(document.stored));
  const names = Object.keys(SETTINGS).filter((name) => device || !SETTINGS[name].deviceOnly);
  const controls = new Map(
    names.map((name) => [name, SETTINGS[name].control(document.settings[name])]),
  );
  const fields = [...controls].map(([name, one]) =>
    settingField(name, one.node, document, own, device),
  );
  const save = /** @type {HTMLButtonElement} */ (
    el("button", { class: "button primary", type: "submit" }, "Save")
  );
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    show(message);
    const values = {
      ...(own.has("suspended_until") ? { suspended_until: document.stored.suspended_until } : {}),
    };
    try {
      for (const [name, one] of controls) if (own.has(name)) values[name] = one.read();
    } catch (error) {
      show(message, /** @type {Error} */ (error).message);
      return;
    }
    save.disabled = true;
    show(message, await store(values, "The settings are saved. They hold from the next smile on."));
    save.disabled = false;
  };
  const form = el("form", { class: "card", "aria-labelledby": "settings-title", on: { submit } });
  add(
    form,
    el(
      "h2",
      { id: "settings-title" },
      device ? `Settings of ${device}` : "Settings of all cameras",
    ),
    el("div", { class: "settings" }, ...fields),
    message,
    el(
      "div",
      { class: "actions start" },
      save,
      document.updated_at &&
        el("span", { class: "muted" }, `Changed ${formatAgo(document.updated_at)}`),
    ),
  );
  return form;
}

/**
 * @param {string} name
 * @param {HTMLElement} control
 * @param {any} document
 * @param {Set<string>} own the settings that this level stores; changing a control adds its setting
 * @param {string} device empty for all cameras
 */
function settingField(name, control, document, own, device) {
  const node = field(SETTINGS[name].label, control, SETTINGS[name].hint);
  if (control.getAttribute("role") === "group") {
    const label = /** @type {HTMLElement} */ (node.querySelector("label"));
    label.removeAttribute("for");
    label.id = `${control.id}-label`;
    control.setAttribute("aria-labelledby", label.id);
  }
  const origin = el("p", { class: "origin" });
  const showOrigin = () => {
    const reset = () => {
      own.delete(name);
      show(origin, `${device ? "The value of all cameras" : "The default"} is used once you save.`);
    };
    show(
      origin,
      own.has(name)
        ? el(
            "button",
            { class: "link", type: "button", on: { click: reset } },
            device ? "Use the value of all cameras" : "Use the default",
          )
        : device && document.from[name] === "fleet" && "As for all cameras",
    );
  };
  control.addEventListener("input", () => {
    own.add(name);
    showOrigin();
  });
  showOrigin();
  add(node, origin);
  return node;
}

/** @param {string} path @param {string} device */
function testCard(path, device) {
  const message = el("p", { class: "form-error", role: "alert" });
  const click = async () => {
    show(message);
    button.disabled = true;
    try {
      await change("POST", `${path}/test`);
      notify("The test alert is on its way to everybody who gets alerts.");
    } catch (error) {
      show(message, sentence(error));
    }
    button.disabled = false;
  };
  const button = /** @type {HTMLButtonElement} */ (
    el("button", { class: "button", type: "button", on: { click } }, "Send a test alert")
  );
  return el(
    "section",
    { class: "card", "aria-labelledby": "test-title" },
    el("h2", { id: "test-title" }, "Test"),
    el(
      "p",
      { class: "muted" },
      `Sends an alert with invented values${device ? ` in the name of ${device}` : ""}, also while alerts are paused.`,
    ),
    message,
    el("div", { class: "actions start" }, button),
  );
}
