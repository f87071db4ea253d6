/** Ask for the API key, and check it before the page goes on. */

import { ApiError, get } from "./api.js";
import { add, el, field, show } from "./dom.js";
import { icon } from "./icons.js";
import { forgetKey, useKey } from "./key.js";
import { textOf } from "./states.js";

/**
 * @param {() => void} onDone called when the service accepts the key
 * @param {string} [problem] why the page asks again
 */
export function keyForm(onDone, problem) {
  const input = /** @type {HTMLInputElement} */ (
    el("input", {
      type: "password",
      autocomplete: "off",
      spellcheck: "false",
      required: true,
      name: "key",
    })
  );
  const button = /** @type {HTMLButtonElement} */ (
    el("button", { class: "button primary", type: "submit" }, "Continue")
  );
  const message = el("p", { class: "form-error", role: "alert" });
  if (problem) show(message, problem);

  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (!input.value.trim()) {
      show(message, "Enter a key.");
      input.focus();
      return;
    }
    button.disabled = true;
    useKey(input.value);
    try {
      await get("v1/events", { limit: 1 });
      onDone();
    } catch (error) {
      const isWrong = error instanceof ApiError && error.kind === "key";
      if (isWrong) forgetKey();
      const { title, text } = textOf(error);
      show(
        message,
        isWrong
          ? "The service does not accept this key. Check that you copied all of it."
          : `${title}. ${text}`,
      );
      button.disabled = false;
      input.focus();
    }
  };
  const form = el("form", { class: "card key-form", on: { submit } });
  add(
    form,
    el("span", { class: "state-icon" }, icon("key", 28)),
    el("h1", {}, "Enter your key"),
    el(
      "p",
      { class: "muted" },
      "The dashboard reads the smile history with an API key. It stays in this tab, and is gone when you close it.",
    ),
    field("API key", input),
    message,
    button,
  );
  queueMicrotask(() => input.focus());
  return form;
}
