/** Loading, nothing to show, and what went wrong: one panel each, with what to do next. */

import { ApiError } from "./api.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { usesTokens } from "./sign_in_offer.js";

/** @param {string} text */
export function loading(text = "Loading…") {
  return el(
    "div",
    { class: "state", role: "status" },
    el("span", { class: "spinner" }),
    el("p", {}, text),
  );
}

/**
 * @param {string} title
 * @param {string} text
 * @param {...HTMLElement} actions
 */
export function empty(title, text, ...actions) {
  return panel("empty", title, text, actions);
}

const TITLES = {
  offline: "You are offline",
  key: usesTokens ? "Your sign-in has ended" : "This key does not work",
  forbidden: usesTokens ? "Your account may not do that" : "This key may not do that",
  throttled: "Too many requests",
  down: "The service does not answer",
  missing: "Not found",
  invalid: "This request is not valid",
};
const ICONS = {
  offline: "offline",
  key: "key",
  forbidden: "key",
  throttled: "slow",
  down: "down",
  missing: "empty",
  invalid: "down",
};

/**
 * What to tell a person about a failure.
 * @param {unknown} error
 */
export function textOf(error) {
  if (!(error instanceof ApiError)) {
    console.error(error);
    return { kind: "down", title: "This view failed", text: "Load the page again." };
  }
  const next = {
    offline: "The page goes on by itself when the connection is back.",
    key: usesTokens ? "Sign in again." : "Enter another key, or ask the operator for one.",
    forbidden: usesTokens
      ? "Ask the operator for more rights, then sign out and in again."
      : "Enter a key with more rights, or ask the operator.",
    throttled: error.retryAfterS
      ? `The page tries again in ${error.retryAfterS} s.`
      : "The page tries again by itself.",
    down: "The page tries again by itself.",
    missing: "",
    invalid: "",
  };
  const text = [error.message, next[error.kind]].filter(Boolean).join(" ");
  return { kind: error.kind, title: TITLES[error.kind], text };
}

/**
 * @param {unknown} error
 * @param {...HTMLElement} actions
 */
export function failure(error, ...actions) {
  const { kind, title, text } = textOf(error);
  const node = panel(ICONS[kind] ?? "down", title, text, actions);
  node.setAttribute("role", "alert");
  node.dataset.kind = kind;
  return node;
}

/**
 * A line above content that is still shown, but old.
 * @param {unknown} error
 */
export function warning(error) {
  const { kind, title, text } = textOf(error);
  return el(
    "p",
    { class: "banner", role: "alert", "data-kind": kind },
    icon(ICONS[kind] ?? "down"),
    el("span", {}, el("strong", {}, `${title}. `), text),
  );
}

/**
 * @param {any} name
 * @param {string} title
 * @param {string} text
 * @param {HTMLElement[]} actions
 */
function panel(name, title, text, actions) {
  return el(
    "div",
    { class: "state" },
    el("span", { class: "state-icon" }, icon(name, 28)),
    el("h2", {}, title),
    el("p", {}, text),
    actions.length > 0 && el("div", { class: "actions" }, ...actions),
  );
}
