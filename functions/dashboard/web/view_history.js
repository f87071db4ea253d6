/** History: smiles of the past, by camera and day. */

import { get } from "./api.js";
import { cameraSelect } from "./cameras.js";
import { add, el, field, show } from "./dom.js";
import { eventRow } from "./event_row.js";
import { counted, dayOf, dayValue, formatLongDay, startOfDay } from "./format.js";
import { askForKeyAfter } from "./key_form.js";
import { replaceQuery } from "./router.js";
import { empty, failure, loading } from "./states.js";

const PAGE = 50;
const DAYS_SHOWN = 6;

/** @type {import("./app.js").View} */
export function historyView(main, route) {
  const control = new AbortController();
  const filters = filtersOf(route.query);
  const results = el("div", {});
  show(
    main,
    el("h1", {}, "History"),
    filterForm(filters, control.signal, (changed) => {
      Object.assign(filters, changed);
      replaceQuery(["history"], filters);
      load();
    }),
    el("section", { class: "card", "aria-label": "Smiles" }, results),
  );

  let run = 0;
  const load = async () => {
    run += 1;
    const own = run;
    show(results, loading());
    try {
      await showPages(
        results,
        queryOf(filters),
        () => own === run && !control.signal.aborted,
        control.signal,
      );
    } catch (error) {
      if (own !== run || control.signal.aborted || askForKeyAfter(error)) return;
      show(
        results,
        failure(
          error,
          el("button", { class: "button", type: "button", on: { click: load } }, "Try again"),
        ),
      );
    }
  };
  load();
  return () => control.abort();
}

/** @param {URLSearchParams} query */
function filtersOf(query) {
  return {
    device: query.get("device") ?? "",
    from: query.get("from") ?? dayValue(startOfDay(Date.now(), -DAYS_SHOWN)),
    to: query.get("to") ?? dayValue(new Date()),
  };
}

/** @param {ReturnType<typeof filtersOf>} filters */
function queryOf({ device, from, to }) {
  const first = dayOf(from);
  const last = dayOf(to);
  return {
    device,
    from: first ? first.toISOString() : "",
    to: last ? startOfDay(last, 1).toISOString() : "",
  };
}

/**
 * @param {ReturnType<typeof filtersOf>} filters
 * @param {AbortSignal} signal
 * @param {(changed: Partial<ReturnType<typeof filtersOf>>) => void} onChange
 */
function filterForm(filters, signal, onChange) {
  const device = cameraSelect(filters.device, signal);
  const from = el("input", { type: "date", value: filters.from });
  const to = el("input", { type: "date", value: filters.to });
  const read = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (/** @type {HTMLFormElement} */ (form).reportValidity()) {
      onChange({ device: valueOf(device), from: valueOf(from), to: valueOf(to) });
    }
  };
  const form = el("form", {
    class: "filters",
    role: "search",
    "aria-label": "Filters",
    on: { submit: read, change: read },
  });
  add(form, field("Camera", device), field("From", from), field("To", to));
  return form;
}

/** @param {HTMLElement} input */
const valueOf = (input) => /** @type {HTMLInputElement} */ (input).value.trim();

/**
 * @param {HTMLElement} results
 * @param {Object<string, string>} query
 * @param {() => boolean} isCurrent
 * @param {AbortSignal} signal
 */
async function showPages(results, query, isCurrent, signal) {
  let page = await get("v1/events", { ...query, limit: PAGE }, signal);
  // A page may be empty before the last one.
  while (page.events.length === 0 && page.next_cursor && isCurrent()) {
    page = await get("v1/events", { ...query, limit: PAGE, cursor: page.next_cursor }, signal);
  }
  if (!isCurrent()) return;
  if (page.events.length === 0) {
    show(
      results,
      empty("No smiles", "No smile matches these filters. Choose other days, or all cameras."),
    );
    return;
  }
  const list = el("div", {});
  const foot = el("div", { class: "foot" });
  const count = el("p", { class: "muted", role: "status" });
  show(results, count, list, foot);
  let shown = 0;
  let lastDay = "";
  const append = (/** @type {any} */ next) => {
    for (const event of next.events) {
      const day = formatLongDay(event.started_at);
      if (day !== lastDay) add(list, el("h2", { class: "day" }, day), el("ol", { class: "rows" }));
      lastDay = day;
      list.lastElementChild?.append(eventRow(event));
    }
    shown += next.events.length;
    show(
      count,
      next.next_cursor
        ? `The newest ${counted(shown, "smile")} of this time`
        : `${counted(shown, "smile")} in this time`,
    );
    show(foot, next.next_cursor && moreButton(next.next_cursor));
  };
  const moreButton = (/** @type {string} */ cursor) => {
    const click = async () => {
      /** @type {HTMLButtonElement} */ (button).disabled = true;
      try {
        const next = await get("v1/events", { ...query, limit: PAGE, cursor }, signal);
        if (isCurrent()) append(next);
      } catch (error) {
        if (isCurrent() && !askForKeyAfter(error)) show(foot, failure(error, moreButton(cursor)));
      }
    };
    const button = el("button", { class: "button", type: "button", on: { click } }, "Show more");
    return button;
  };
  append(page);
}
