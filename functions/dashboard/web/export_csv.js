/** Download the smiles of a query as one CSV file, part after part. */

import { apiUrl, getText } from "./api.js";
import { dayValue } from "./format.js";

/**
 * @param {Object<string, any>} query
 * @param {(count: number) => void} onPart gets the number of smiles so far
 */
export async function downloadCsv(query, onPart) {
  /** @type {string[]} */
  const parts = [];
  let lines = 0;
  /** @type {URL | null} */
  let url = apiUrl("v1/events", { ...query, order: "oldest_first" });
  while (url) {
    // Only the first part has the row of names.
    const { text, link } = await getText(url, "text/csv");
    parts.push(text);
    lines += text.split("\r\n").length - 1;
    onPart(Math.max(lines - 1, 0));
    url = nextOf(link, url);
  }
  const file = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
  const anchor = document.createElement("a");
  anchor.href = file;
  anchor.download = `smiles-${dayValue(new Date())}.csv`;
  anchor.click();
  URL.revokeObjectURL(file);
}

/**
 * The target of `rel="next"`; null when there is none on this origin.
 * @param {string | null} link
 * @param {URL} base
 */
export function nextOf(link, base) {
  const match = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? "");
  if (!match) return null;
  const url = new URL(match[1], base);
  return url.origin === base.origin ? url : null;
}
