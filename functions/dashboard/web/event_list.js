/** A list of smiles by day, page after page. */

import { askAgainAfter } from "./access_form.js";
import { get } from "./api.js";
import { add, el, show } from "./dom.js";
import { eventRow } from "./event_row.js";
import { counted, formatLongDay } from "./format.js";
import { empty, failure } from "./states.js";

const FIRST_PAGE = 20; // fills a screen
const PAGE = 50;

/**
 * Show the first page, and a button for the next one.
 * @param {HTMLElement} node
 * @param {Object<string, any>} query
 * @param {AbortSignal} signal
 */
export async function eventList(node, query, signal) {
  const first = await nextPage(query, "", signal);
  if (signal.aborted) return;
  if (first.events.length === 0) {
    show(
      node,
      empty("No smiles", "No smile matches these filters. Choose other days, or all cameras."),
    );
    return;
  }
  const list = el("div", {});
  const foot = el("div", { class: "foot" });
  const count = el("p", { class: "muted", role: "status" });
  show(node, count, list, foot);
  let shown = 0;
  let lastDay = "";

  const append = (/** @type {any} */ page) => {
    for (const event of page.events) {
      const day = formatLongDay(event.started_at);
      if (day !== lastDay) add(list, el("h3", { class: "day" }, day), el("ol", { class: "rows" }));
      lastDay = day;
      list.lastElementChild?.append(eventRow(event));
    }
    shown += page.events.length;
    show(
      count,
      page.next_cursor
        ? `The newest ${counted(shown, "smile")}`
        : `${counted(shown, "smile")} in all`,
    );
    show(foot, page.next_cursor && more(page.next_cursor));
  };
  const more = (/** @type {string} */ cursor) => {
    const click = async () => {
      button.disabled = true;
      try {
        const page = await nextPage(query, cursor, signal);
        if (!signal.aborted) append(page);
      } catch (error) {
        if (!signal.aborted && !askAgainAfter(error)) show(foot, failure(error, more(cursor)));
      }
    };
    const button = /** @type {HTMLButtonElement} */ (
      el("button", { class: "button", type: "button", on: { click } }, "Show more")
    );
    return button;
  };
  append(first);
}

/**
 * The next page with smiles; a page may be empty before the last one.
 * @param {Object<string, any>} query
 * @param {string} cursor
 * @param {AbortSignal} signal
 */
async function nextPage(query, cursor, signal) {
  const limit = cursor ? PAGE : FIRST_PAGE;
  let page = await get("v1/events", { ...query, limit, cursor }, signal);
  while (page.events.length === 0 && page.next_cursor) {
    page = await get("v1/events", { ...query, limit, cursor: page.next_cursor }, signal);
  }
  return page;
}
