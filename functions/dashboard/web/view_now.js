/** Now: the live picture, four numbers, and a feed that fills itself. */

import { get } from "./api.js";
import { allDevices } from "./cameras.js";
import { el, show } from "./dom.js";
import { eventRow, fillRow, isLasting } from "./event_row.js";
import { formatCount, formatDuration, startOfDay, TIME_ZONE } from "./format.js";
import { askForKeyAfter } from "./key_form.js";
import { livePicture } from "./live_picture.js";
import { poll } from "./poller.js";
import { empty, failure, loading, warning } from "./states.js";

const FEED_MS = 2000;
const TODAY_MS = 15000;
const FEED_LENGTH = 12;
const MOST_TODAY = 500;

/** @type {import("./app.js").View} */
export function nowView(main) {
  const tiles = {
    smiling: tile("Smiling now"),
    today: tile("Smiles today"),
    median: tile("Median length today"),
    cameras: tile("Cameras online"),
  };
  const live = livePicture();
  const feed = el("ol", { class: "rows feed" });
  const trouble = el("div", {});
  const content = el("div", {}, loading("Loading the newest smiles…"));
  show(
    main,
    el("h1", { class: "sr" }, "Now"),
    trouble,
    el("dl", { class: "tiles" }, ...Object.values(tiles).map((one) => one.node)),
    el(
      "div",
      { class: "columns" },
      el("section", { class: "card flush", "aria-label": "Live picture" }, live.node),
      el(
        "section",
        { class: "card", "aria-labelledby": "feed-title" },
        el("h2", { id: "feed-title" }, "Newest smiles"),
        content,
      ),
    ),
  );

  const onError = (/** @type {unknown} */ error) => {
    if (askForKeyAfter(error)) return;
    if (feed.isConnected) show(trouble, warning(error));
    else show(content, failure(error));
  };
  const stopFeed = poll(
    FEED_MS,
    async (signal) => {
      const { events } = await get("v1/events", { limit: FEED_LENGTH }, signal);
      show(trouble);
      if (events.length === 0) {
        show(
          content,
          empty("No smiles yet", "The next smile of any camera appears here within seconds."),
        );
      } else {
        if (!feed.isConnected) show(content, feed);
        updateFeed(feed, events);
      }
      tiles.smiling.set(formatCount(events.filter(isLasting).length));
    },
    onError,
  );
  const stopToday = poll(
    TODAY_MS,
    async (signal) => {
      const from = startOfDay(Date.now()).toISOString();
      const [{ total }, { events }, devices] = await Promise.all([
        get("v1/stats", { from, time_zone: TIME_ZONE }, signal),
        get("v1/events", { from, limit: MOST_TODAY }, signal),
        allDevices({}, signal),
      ]);
      const online = devices.filter((one) => one.state === "online").length;
      tiles.cameras.set(
        formatCount(online),
        online < devices.length ? `of ${formatCount(devices.length)}` : "",
      );
      tiles.today.set(formatCount(total.events));
      const lengths = events.filter((one) => one.phase === "ended").map((one) => one.duration_ms);
      tiles.median.set(
        lengths.length > 0 ? formatDuration(medianOf(lengths)) : "–",
        total.ended > lengths.length ? `of the last ${formatCount(lengths.length)}` : "",
      );
    },
    () => {}, // the feed reports the same failure
  );
  return () => {
    live.stop();
    stopFeed();
    stopToday();
  };
}

/** @param {string} name */
function tile(name) {
  const value = el("span", { class: "tile-value" }, "–");
  const hint = el("span", { class: "tile-hint" });
  return {
    node: el("div", { class: "tile" }, el("dt", {}, name), el("dd", {}, value, hint)),
    /** @param {string} text @param {string} [more] */
    set(text, more = "") {
      if (value.textContent !== text) show(value, text);
      if (hint.textContent !== more) show(hint, more);
    },
  };
}

/** Change only the rows that differ, so that the focus stays where it is. @param {Element} feed @param {any[]} events */
function updateFeed(feed, events) {
  const rows = new Map([...feed.children].map((row) => [row.getAttribute("data-event"), row]));
  const isFirst = rows.size === 0;
  events.forEach((event, at) => {
    let row = rows.get(event.event_id);
    const state = JSON.stringify([
      event.phase,
      event.duration_ms,
      event.peak_score,
      event.feedback,
      isLasting(event),
    ]);
    if (!row) {
      row = eventRow(event);
      if (!isFirst) row.classList.add("new");
    } else if (row.getAttribute("data-state") !== state) {
      fillRow(row, event);
    }
    row.setAttribute("data-state", state);
    rows.delete(event.event_id);
    if (feed.children[at] !== row) feed.insertBefore(row, feed.children[at] ?? null);
  });
  for (const row of rows.values()) row.remove();
}

/** @param {number[]} numbers */
function medianOf(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
