/** The API key: only in this tab, from the fragment of the address or from the form. */

import { usesTokens } from "./sign_in_offer.js";

const NAME = "smile.key";

/**
 * Take the key out of the address bar, where the history of the browser would keep it. It is of no
 * use where people sign in.
 */
export function takeKeyFromAddress() {
  const match = /^#key=([^&]*)&?(.*)$/.exec(location.hash);
  if (!match) return;
  const key = decode(match[1]);
  if (key && !usesTokens) sessionStorage.setItem(NAME, key);
  const rest = match[2] ? `#${match[2]}` : "";
  history.replaceState(null, "", `${location.pathname}${location.search}${rest}`);
}

function decode(text) {
  try {
    return decodeURIComponent(text).trim();
  } catch {
    return "";
  }
}

/** @returns {string | null} */
export function currentKey() {
  return sessionStorage.getItem(NAME);
}

/** @param {string} key */
export function useKey(key) {
  sessionStorage.setItem(NAME, key.trim());
}

/** The scope that a key says at its start; null when it says none. */
export function keyScope() {
  return /^(read|feedback|admin)_/.exec(currentKey() ?? "")?.[1] ?? null;
}

export function forgetKey() {
  sessionStorage.removeItem(NAME);
}
