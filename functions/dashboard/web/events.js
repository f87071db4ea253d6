/** Lists of smiles that need more than one page of the API. */

import { get } from "./api.js";

const PAGE = 500;
const MOST_PAGES = 4;

/**
 * The newest smiles of a query, at most 2,000.
 * @param {Object<string, any>} query
 * @param {AbortSignal} signal
 * @returns {Promise<{events: any[], isCut: boolean}>}
 */
export async function newestEvents(query, signal) {
  /** @type {any[]} */
  const events = [];
  let cursor = "";
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page = await get("v1/events", { ...query, limit: PAGE, cursor }, signal);
    events.push(...page.events);
    cursor = page.next_cursor;
    if (!cursor) return { events, isCut: false };
  }
  return { events, isCut: true };
}
