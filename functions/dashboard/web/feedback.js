/** What people say about a smile: right, wrong or unsure. The last word counts. */

import { askAgainAfter } from "./access_form.js";
import { ApiError, change } from "./api.js";
import { el, show } from "./dom.js";
import { formatAgo } from "./format.js";
import { icon } from "./icons.js";
import { textOf } from "./states.js";

/** @type {[string, string, any][]} */
const CHOICES = [
  ["smile", "Right", "yes"],
  ["not_smile", "Wrong", "no"],
  ["unsure", "Unsure", "unsure"],
];

/**
 * @param {any} event
 * @param {string} path of the event in the API
 */
export function feedbackCard(event, path) {
  const message = el("p", { class: "form-error", role: "alert" });
  const note = el("p", { class: "muted", role: "status" });
  const buttons = CHOICES.map(([value, text, name]) =>
    el(
      "button",
      { class: "button", type: "button", on: { click: () => send(value) } },
      icon(name, 18),
      text,
    ),
  );
  const mark = (/** @type {any} */ feedback) => {
    CHOICES.forEach(([value], at) =>
      buttons[at].setAttribute("aria-pressed", String(feedback?.verdict === value)),
    );
    const by = feedback?.by ? ` by ${feedback.by}` : "";
    show(
      note,
      feedback
        ? `Said ${formatAgo(feedback.at)}${by}. Counts use the last answer.`
        : "Nobody has said yet. Answers show how precise the camera is.",
    );
  };
  const send = async (/** @type {string} */ verdict) => {
    show(message);
    try {
      const { feedback } = await change("PUT", `${path}/feedback`, { verdict });
      mark(feedback);
    } catch (error) {
      if (askAgainAfter(error)) return;
      const { title, text } = textOf(error);
      const needs =
        error instanceof ApiError && error.kind === "forbidden"
          ? " It needs the scope feedback or admin."
          : "";
      show(message, `${title}. ${text}${needs}`);
    }
  };
  mark(event.feedback);
  return el(
    "section",
    { class: "card", "aria-labelledby": "feedback-title" },
    el("h2", { id: "feedback-title" }, "Is this a smile?"),
    el("div", { class: "actions start" }, ...buttons),
    message,
    note,
  );
}
