/** The API key: only in this tab, from the fragment of the address or from the form. */

const NAME = "smile.key";

/** Take the key out of the address bar, where the history of the browser would keep it. */
export function takeKeyFromAddress() {
  const match = /^#key=([^&]*)&?(.*)$/.exec(location.hash);
  if (!match) return;
  const key = decode(match[1]);
  if (key) sessionStorage.setItem(NAME, key);
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

/** Whether the key may change settings: a key says its scope at its start, and the API decides. */
export function mayAdminister() {
  return !/^(read|feedback)_/.test(currentKey() ?? "");
}

export function forgetKey() {
  sessionStorage.removeItem(NAME);
}
