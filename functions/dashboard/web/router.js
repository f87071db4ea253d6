/** Views by the fragment of the address: `#/history?device=cam-1`. */

/**
 * @typedef {{path: string[], query: URLSearchParams}} Route
 */

/** @returns {Route} */
export function currentRoute() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * @param {string[]} path
 * @param {Object<string, any>} [query] empty values are left out
 */
export function hashOf(path, query = {}) {
  const given = Object.entries(query).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/**
 * Change the query of the address, without a step in the history of the browser.
 * @param {string[]} path
 * @param {Object<string, any>} query
 */
export function replaceQuery(path, query) {
  history.replaceState(null, "", `${location.pathname}${location.search}${hashOf(path, query)}`);
}

/** The address of an event. @param {{device_id: string, event_id: string}} event */
export const eventHash = (event) => hashOf(["devices", event.device_id, "events", event.event_id]);
