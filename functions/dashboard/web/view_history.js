/** History: how many smiles, hour by hour or day by day, and which ones. */

import { askAgainAfter } from "./access_form.js";
import { get } from "./api.js";
import { barChart } from "./chart_bars.js";
import { el, show } from "./dom.js";
import { eventList } from "./event_list.js";
import { downloadCsv } from "./export_csv.js";
import { counted, formatDuration } from "./format.js";
import { barOf, filterForm, filtersOf, listQuery, perOf, statsQuery } from "./history_filters.js";
import { icon } from "./icons.js";
import { replaceQuery } from "./router.js";
import { empty, failure, loading } from "./states.js";

/** @type {import("./app.js").View} */
export function historyView(main, route) {
  const control = new AbortController();
  const filters = filtersOf(route.query);
  const chart = el("div", {});
  const list = el("div", {});
  let run = new AbortController();

  const load = () => {
    run.abort();
    run = new AbortController();
    const signal = AbortSignal.any([run.signal, control.signal]);
    fill(chart, () => showChart(chart, filters, signal), signal);
    fill(list, () => eventList(list, listQuery(filters), signal), signal);
  };
  show(
    main,
    el("h1", {}, "History"),
    filterForm(filters, control.signal, (changed) => {
      Object.assign(filters, changed);
      replaceQuery(["history"], filters);
      load();
    }),
    el("section", { class: "card", "aria-label": "Counts" }, chart),
    el(
      "section",
      { class: "card", "aria-labelledby": "list-title" },
      el(
        "div",
        { class: "head" },
        el("h2", { id: "list-title" }, "Smiles"),
        csvButton(() => listQuery(filters)),
      ),
      list,
    ),
  );
  load();
  return () => control.abort();
}

/**
 * Show that something loads, and then what came of it; a failure can be tried again.
 * @param {HTMLElement} node
 * @param {() => Promise<void>} task
 * @param {AbortSignal} signal
 */
async function fill(node, task, signal) {
  show(node, loading());
  try {
    await task();
  } catch (error) {
    if (signal.aborted || askAgainAfter(error)) return;
    const again = el(
      "button",
      { class: "button", type: "button", on: { click: () => fill(node, task, signal) } },
      "Try again",
    );
    show(node, failure(error, again));
  }
}

/**
 * @param {HTMLElement} node
 * @param {import("./history_filters.js").Filters} filters
 * @param {AbortSignal} signal
 */
async function showChart(node, filters, signal) {
  const { buckets, total } = await get("v1/stats", statsQuery(filters), signal);
  if (signal.aborted) return;
  if (total.events === 0) {
    show(node, empty("No smiles in this time", "Choose other days, or all cameras."));
    return;
  }
  const per = perOf(filters);
  const mean =
    total.mean_duration_ms === null
      ? ""
      : `, ${formatDuration(total.mean_duration_ms)} long on average`;
  const bars = buckets.map((/** @type {any} */ bucket) => barOf(bucket, per));
  show(
    node,
    barChart(bars, {
      title: `${counted(total.events, "smile")} by ${per}${mean}`,
      unit: "smiles",
      head: [per === "hour" ? "Hour" : "Day", "Smiles", "Mean length", "Right", "Wrong", "Unsure"],
    }),
    (filters.min_score || filters.min_duration_ms) &&
      el(
        "p",
        { class: "hint" },
        "The chart counts all smiles; peak score and length choose those of the list.",
      ),
  );
}

/** @param {() => Object<string, any>} query */
function csvButton(query) {
  const message = el("span", { class: "hint", role: "status" });
  const click = async () => {
    button.disabled = true;
    try {
      await downloadCsv(query(), (count) => show(message, `${counted(count, "smile")} so far…`));
      show(message);
    } catch (error) {
      if (!askAgainAfter(error))
        show(message, `The download failed. ${/** @type {Error} */ (error).message}`);
    }
    button.disabled = false;
  };
  const button = /** @type {HTMLButtonElement} */ (
    el(
      "button",
      { class: "button small", type: "button", on: { click } },
      icon("download", 18),
      "CSV",
    )
  );
  return el("div", { class: "actions" }, message, button);
}
