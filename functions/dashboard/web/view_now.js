/** Now: the live picture, four numbers, and a feed that fills itself. */

import { askAgainAfter } from "./access_form.js";
import { get } from "./api.js";
import { allDevices } from "./cameras.js";
import { el, show } from "./dom.js";
import { eventRow, fillRow, isLasting, LONGEST_MS } from "./event_row.js";
import { newestEvents } from "./events.js";
import { formatCount, formatDuration, startOfDay, TIME_ZONE } from "./format.js";
import { livePicture } from "./live_picture.js";
import { poll } from "./poller.js";
import { empty, failure, loading, warning } from "./states.js";

const FEED_MS = 2000;
const TODAY_MS = 15000;
const FEED_LENGTH = 12;
const MINUTE_MS = 60000;

/** @type {import("./app.js").View} */
export function nowView(main) {
  const tiles = {
    smiling: tile("Smiling now"),
    today: tile("Smiles today"),
    length: tile("Mean length today"),
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
    if (askAgainAfter(error)) return;
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
      const { count, isCut } = await smilingNow(events, signal);
      tiles.smiling.set(formatCount(count), isCut ? "or more" : "");
    },
    onError,
  );
  const stopToday = poll(
    TODAY_MS,
    async (signal) => {
      const from = startOfDay(Date.now()).toISOString();
      const [{ total }, devices] = await Promise.all([
        get("v1/stats", { from, time_zone: TIME_ZONE }, signal),
        allDevices({}, signal),
      ]);
      const online = devices.filter((one) => one.state === "online").length;
      tiles.cameras.set(
        formatCount(online),
        online < devices.length ? `of ${formatCount(devices.length)}` : "",
      );
      tiles.today.set(formatCount(total.events));
      const mean = total.mean_duration_ms;
      tiles.length.set(mean === null ? "–" : formatDuration(mean));
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

/**
 * How many smiles go on: counted in the feed if it reaches back far enough, otherwise by the API.
 * @param {any[]} newest
 * @param {AbortSignal} signal
 */
async function smilingNow(newest, signal) {
  const since = Date.now() - LONGEST_MS;
  const oldest = newest[FEED_LENGTH - 1];
  let found = { events: newest, isCut: false };
  if (oldest && Date.parse(oldest.started_at) >= since) {
    // A whole minute, so that the address stays and the answer can be "not modified".
    const from = new Date(since - (since % MINUTE_MS)).toISOString();
    found = await newestEvents({ in_progress: true, from }, signal);
  }
  return { count: found.events.filter(isLasting).length, isCut: found.isCut };
}
