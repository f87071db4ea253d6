/** A smile in a list: a link with its score, its time and its course. */

import { sparkline } from "./chart_score.js";
import { el, show } from "./dom.js";
import { formatDuration, formatScore, formatTime } from "./format.js";
import { eventHash } from "./router.js";

/** A smile whose end never arrived does not go on forever. */
export const LONGEST_MS = 10 * 60 * 1000;

/** @param {any} event */
export function isLasting(event) {
  return event.phase === "started" && Date.now() - Date.parse(event.started_at) < LONGEST_MS;
}

const FEEDBACK = { smile: "right", not_smile: "wrong", unsure: "unsure" };

/** @param {any} event */
export const feedbackOf = (event) => FEEDBACK[event.feedback?.verdict] ?? null;

/** @param {any} event */
export function eventRow(event) {
  const item = el("li", { class: "row", "data-event": event.event_id });
  fillRow(item, event);
  return item;
}

/** @param {Element} item @param {any} event */
export function fillRow(item, event) {
  const lasting = isLasting(event);
  const feedback = feedbackOf(event);
  item.classList.toggle("lasting", lasting);
  show(
    item,
    el(
      "a",
      { href: eventHash(event) },
      el(
        "span",
        { class: "score" },
        formatScore(event.peak_score),
        el("span", { class: "sr" }, " peak score"),
      ),
      el(
        "span",
        { class: "row-text" },
        el(
          "span",
          { class: "row-title" },
          event.device_id,
          el("span", { class: "muted" }, ` face ${event.track_id}`),
        ),
        el(
          "span",
          { class: "row-facts" },
          el("time", { datetime: event.started_at }, formatTime(event.started_at)),
          lasting
            ? el("span", { class: "live-dot" }, "smiling")
            : el("span", {}, lengthText(event)),
          feedback && el("span", { class: `tag ${feedback}` }, feedback),
        ),
      ),
      sparkline(event),
    ),
  );
}

/** @param {any} event */
function lengthText(event) {
  return event.phase === "started" ? "no end reported" : formatDuration(event.duration_ms);
}
