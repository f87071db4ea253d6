/** Smiles as bars in lanes over time; each bar is a link. A table has the same. */

import { add, chartWidth, el, svg } from "./dom.js";
import { isLasting } from "./event_row.js";
import { formatDuration, formatScore, formatShortTime, formatTime } from "./format.js";
import { eventHash } from "./router.js";

const RIGHT = 8;
const TOP = 8;
const LANE = 40;
const BAR = 22;
const BOTTOM = 26;
const SMALLEST_PX = 4;
const TICK_PX = 90;
const MINUTE_MS = 60 * 1000;
const TICKS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((one) => one * MINUTE_MS);
const NAME_PX = 8; // of a character, on average

/**
 * @param {[string, any[]][]} lanes name and smiles
 * @param {number} start ms
 * @param {number} end ms
 * @param {boolean} isOpen whether the table is open
 */
export function laneChart(lanes, start, end, isOpen) {
  const width = chartWidth();
  const left = Math.min(136, width * 0.28);
  const most = Math.trunc(left / NAME_PX);
  const count = Math.max(Math.trunc((width - left) / TICK_PX), 1);
  const height = TOP + lanes.length * LANE + BOTTOM;
  const x = (/** @type {number} */ at) =>
    left + ((Math.min(Math.max(at, start), end) - start) / (end - start)) * (width - left - RIGHT);
  const ticks = ticksOf(start, end, count);
  const chart = svg(
    "svg",
    {
      class: "chart lanes",
      viewBox: `0 0 ${width} ${height}`,
      role: "group",
      "aria-label": "Smiles over time",
    },
    ...ticks.flatMap((at) => [
      svg("line", { class: "grid", x1: x(at), x2: x(at), y1: TOP, y2: height - BOTTOM }),
      svg(
        "text",
        { class: "axis", x: x(at), y: height - 8, "text-anchor": "middle" },
        formatShortTime(at),
      ),
    ]),
    ...lanes.flatMap(([name, events], lane) => [
      svg(
        "text",
        { class: "lane-name", x: 0, y: TOP + lane * LANE + LANE / 2 + 4 },
        name.length > most ? `${name.slice(0, most - 1)}…` : name,
        svg("title", {}, name),
      ),
      ...events.map((event) => mark(event, x, TOP + lane * LANE + (LANE - BAR) / 2, end)),
    ]),
  );
  return el("figure", { class: "figure" }, chart, table(lanes, isOpen));
}

/**
 * Round times of the viewer's clock, at most `most` of them.
 * @param {number} start
 * @param {number} end
 * @param {number} most
 */
function ticksOf(start, end, most) {
  const step = TICKS_MS.find((one) => (end - start) / one <= most) ?? TICKS_MS[TICKS_MS.length - 1];
  const offset = new Date(start).getTimezoneOffset() * MINUTE_MS;
  const first = Math.ceil((start - offset) / step) * step + offset;
  return Array.from({ length: Math.trunc((end - first) / step) + 1 }, (_, at) => first + at * step);
}

/** @param {any} event @param {(at: number) => number} x @param {number} y @param {number} end */
function mark(event, x, y, end) {
  const from = Date.parse(event.started_at);
  const to = isLasting(event) ? end : from + event.duration_ms;
  const text = `${event.device_id}, ${formatTime(from)}, ${formatDuration(event.duration_ms)}, score ${formatScore(event.peak_score)}`;
  return svg(
    "a",
    { href: eventHash(event), "aria-label": `Smile on ${text}` },
    svg("title", {}, text),
    svg("rect", {
      class: isLasting(event) ? "mark lasting" : "mark",
      x: x(from),
      y,
      width: Math.max(x(to) - x(from), SMALLEST_PX),
      height: BAR,
      rx: 4,
      "fill-opacity": 0.35 + 0.65 * event.peak_score,
    }),
  );
}

/** The table is built when somebody opens it. @param {[string, any[]][]} lanes @param {boolean} isOpen */
function table(lanes, isOpen) {
  const node = el(
    "details",
    { class: "twin", open: isOpen },
    el("summary", {}, "The smiles as a table"),
  );
  const fill = () => node.childElementCount === 1 && add(node, rows(lanes));
  if (isOpen) fill();
  node.addEventListener("toggle", fill);
  return node;
}

/** @param {[string, any[]][]} lanes */
function rows(lanes) {
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Smiles of the timeline" },
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ...["Lane", "Start", "Length", "Peak score"].map((text) =>
            el("th", { scope: "col" }, text),
          ),
        ),
      ),
      el(
        "tbody",
        {},
        ...lanes.flatMap(([name, events]) =>
          events.map((event) =>
            el(
              "tr",
              {},
              el("th", { scope: "row" }, name),
              el("td", {}, el("a", { href: eventHash(event) }, formatTime(event.started_at))),
              el("td", {}, formatDuration(event.duration_ms)),
              el("td", {}, formatScore(event.peak_score)),
            ),
          ),
        ),
      ),
    ),
  );
}
