/** Lists of smiles that need more than one page of the API. */

import { get } from "./api.js";

const FIRST_PAGE = 50;
const PAGE = 500;
const MOST_PAGES = 4;

/**
 * The newest smiles of a query, at most 2,050.
 * @param {Object<string, any>} query
 * @param {AbortSignal} signal
 * @param {(events: any[]) => void} [onFirst] gets the first few, when there are more
 * @returns {Promise<{events: any[], isCut: boolean}>}
 */
export async function newestEvents(query, signal, onFirst) {
  /** @type {any[]} */
  const events = [];
  let cursor = "";
  for (let pages = 0; pages <= MOST_PAGES; pages += 1) {
    const limit = onFirst && pages === 0 ? FIRST_PAGE : PAGE;
    const page = await get("v1/events", { ...query, limit, cursor }, signal);
    events.push(...page.events);
    cursor = page.next_cursor;
    if (!cursor) return { events, isCut: false };
    if (pages === 0) onFirst?.(events);
  }
  return { events, isCut: true };
}
