/** Smiles as bars in lanes over time; each bar is a link. A table has the same. */

import { el, svg } from "./dom.js";
import { isLasting } from "./event_row.js";
import { formatDuration, formatScore, formatShortTime, formatTime } from "./format.js";
import { eventHash } from "./router.js";

const WIDTH = 960;
const LEFT = 132;
const RIGHT = 8;
const TOP = 8;
const LANE = 40;
const BAR = 22;
const BOTTOM = 26;
const SMALLEST_PX = 4;
const TICKS = 6;
const LONGEST_NAME = 17;

/**
 * @param {[string, any[]][]} lanes name and smiles
 * @param {number} start ms
 * @param {number} end ms
 * @param {boolean} isOpen whether the table is open
 */
export function laneChart(lanes, start, end, isOpen) {
  const height = TOP + lanes.length * LANE + BOTTOM;
  const x = (/** @type {number} */ at) =>
    LEFT + ((Math.min(Math.max(at, start), end) - start) / (end - start)) * (WIDTH - LEFT - RIGHT);
  const ticks = Array.from({ length: TICKS + 1 }, (_, at) => start + (at * (end - start)) / TICKS);
  const chart = svg(
    "svg",
    {
      class: "chart lanes",
      viewBox: `0 0 ${WIDTH} ${height}`,
      role: "group",
      "aria-label": "Smiles over time",
    },
    ...ticks.flatMap((at, number) => [
      svg("line", { class: "grid", x1: x(at), x2: x(at), y1: TOP, y2: height - BOTTOM }),
      svg(
        "text",
        {
          class: "axis",
          x: x(at),
          y: height - 8,
          "text-anchor": number === 0 ? "start" : number === TICKS ? "end" : "middle",
        },
        formatShortTime(at),
      ),
    ]),
    ...lanes.flatMap(([name, events], lane) => [
      svg(
        "text",
        { class: "lane-name", x: 0, y: TOP + lane * LANE + LANE / 2 + 4 },
        name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name,
        svg("title", {}, name),
      ),
      ...events.map((event) => mark(event, x, TOP + lane * LANE + (LANE - BAR) / 2, end)),
    ]),
  );
  return el(
    "figure",
    { class: "figure" },
    el("div", { class: "scroll-x" }, chart),
    table(lanes, isOpen),
  );
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

/** @param {[string, any[]][]} lanes @param {boolean} isOpen */
function table(lanes, isOpen) {
  return el(
    "details",
    { class: "twin", open: isOpen },
    el("summary", {}, "The smiles as a table"),
    el(
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
    ),
  );
}
