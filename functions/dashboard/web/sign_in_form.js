/** Offer to sign in, or say why that is not possible. */

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { startSignIn } from "./sign_in.js";
import { offer } from "./sign_in_offer.js";

/**
 * @param {string} [problem] why the person is not signed in
 * @param {string} [action] text of the button
 */
export function signInForm(problem, action = problem ? "Try again" : "Sign in") {
  if (offer.problem === "not set up") {
    return card(
      "Sign-in is not set up",
      "This service takes tokens, and no keys. To sign in here, the operator sets the parameter JwtClientId: the id of a public client at the issuer.",
    );
  }
  if (offer.problem) {
    return card(
      "The sign-in service does not answer",
      "Nobody can sign in now. Try again in a moment.",
      button("Try again", () => location.reload()),
    );
  }
  return card(
    "Sign in",
    "You sign in at your organisation's sign-in service, and come back here. This tab then stays signed in until you close it or sign out.",
    problem && el("p", { class: "form-error", role: "alert" }, problem),
    button(action, startSignIn),
  );
}

/** @param {string} text @param {() => void} click */
function button(text, click) {
  const node = el("button", { class: "button primary", type: "button", on: { click } }, text);
  queueMicrotask(() => node.focus());
  return node;
}

/**
 * @param {string} title
 * @param {string} text
 * @param {...import("./dom.js").Child} more
 */
function card(title, text, ...more) {
  return el(
    "section",
    { class: "card key-form" },
    el("span", { class: "state-icon" }, icon("person", 28)),
    el("h1", {}, title),
    el("p", { class: "muted" }, text),
    ...more,
  );
}
