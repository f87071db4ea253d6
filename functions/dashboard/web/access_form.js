/** Ask for what the API needs: the key, or a sign-in. */

import { forgetAccess } from "./access.js";
import { ApiError } from "./api.js";
import { keyForm } from "./key_form.js";
import { signInForm } from "./sign_in_form.js";
import { usesTokens } from "./sign_in_offer.js";

/**
 * @param {() => void} onDone called when the service accepts the key
 */
export function accessForm(onDone) {
  return usesTokens ? signInForm() : keyForm(onDone);
}

/**
 * Ask again, because the service no longer accepts the key or the token.
 * @param {() => void} onDone
 */
export function accessFormAgain(onDone) {
  if (usesTokens) return signInForm("Your sign-in has ended.", "Sign in");
  return keyForm(
    onDone,
    "The service does not accept this key. It may be mistyped, or no longer valid.",
  );
}

/** Show the form instead of the view when a failure is about access. @param {unknown} error */
export function askAgainAfter(error) {
  if (!(error instanceof ApiError) || error.kind !== "key") return false;
  forgetAccess();
  document.dispatchEvent(new CustomEvent("smile:access"));
  return true;
}
