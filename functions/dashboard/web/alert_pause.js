/** Pause alerts for a while, and go on. */

import { el, show } from "./dom.js";
import { formatFull } from "./format.js";

const HOUR_MS = 3600 * 1000;
/** @type {[string, number][]} */
const PAUSES = [
  ["1 hour", HOUR_MS],
  ["8 hours", 8 * HOUR_MS],
  ["24 hours", 24 * HOUR_MS],
  ["7 days", 168 * HOUR_MS],
];

/**
 * @param {any} document the answer of the alert settings
 * @param {string} device empty for all cameras
 * @param {(values: Object<string, any>, done: string) => Promise<string>} store
 */
export function alertPause(document, device, store) {
  const until = Date.parse(document.settings.suspended_until ?? "");
  const isPaused = until > Date.now();
  const message = el("p", { class: "form-error", role: "alert" });
  const pause = async (/** @type {number} */ ms) => {
    const time = new Date(Date.now() + ms).toISOString();
    show(
      message,
      await store(
        { ...document.stored, suspended_until: time },
        "Alerts are paused. Smiles are still stored.",
      ),
    );
  };
  const resume = async () => {
    const { suspended_until: _, ...rest } = document.stored;
    show(message, await store(rest, "Alerts go out again."));
  };
  const isOwn =
    document.stored.suspended_until !== undefined && document.stored.suspended_until !== null;
  const what = device ? `Alerts of ${device}` : "Alerts of all cameras";
  return el(
    "section",
    { class: "card pause", "aria-labelledby": "pause-title" },
    el("h2", { id: "pause-title" }, isPaused ? "Paused" : "Pause"),
    el(
      "p",
      { class: isPaused ? "" : "muted" },
      isPaused
        ? `${what} are paused until ${formatFull(until)}.`
        : `${what} go out. A pause stops them for everybody; smiles are still stored.`,
    ),
    isPaused &&
      !isOwn &&
      el("p", { class: "muted" }, "All cameras are paused; choose them above to go on."),
    message,
    el(
      "div",
      { class: "actions start" },
      ...(isPaused && isOwn
        ? [
            el(
              "button",
              { class: "button primary", type: "button", on: { click: resume } },
              "Send alerts again",
            ),
          ]
        : PAUSES.map(([text, ms]) =>
            el("button", { class: "button", type: "button", on: { click: () => pause(ms) } }, text),
          )),
    ),
  );
}
