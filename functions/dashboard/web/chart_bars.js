/** Bars over time, with the same as a table for those who cannot see them. */

import { chartWidth, el, show, svg } from "./dom.js";
import { formatCount } from "./format.js";

const HEIGHT = 240;
const LEFT = 44;
const RIGHT = 4;
const TOP = 10;
const BOTTOM = 26;
const FEWEST_PX = 72; // between two texts of the axis
const WIDEST_PX = 56;

/**
 * @typedef {Object} Bar
 * @property {string} label below the bar, where there is room
 * @property {boolean} isMajor whether its label goes before those of others: the start of a day
 * @property {string} name of the time, in full
 * @property {number} count
 * @property {string[]} cells what its row of the table has after the name
 */

/**
 * @param {Bar[]} bars
 * @param {{title: string, unit: string, head: string[]}} texts title of the chart, what is counted,
 *   and the head of the table
 */
export function barChart(bars, { title, unit, head }) {
  const most = niceMaximum(Math.max(1, ...bars.map((one) => one.count)));
  const width = chartWidth();
  const step = (width - LEFT - RIGHT) / bars.length;
  const y = (/** @type {number} */ count) =>
    HEIGHT - BOTTOM - (count / most) * (HEIGHT - TOP - BOTTOM);
  const labelled = labelledBars(bars, step);
  const readout = el("p", { class: "readout muted", "aria-hidden": "true" }, title);
  const marks = bars.map((bar, at) => {
    const x = LEFT + at * step;
    const size = Math.min(Math.max(step * 0.78, 1), WIDEST_PX);
    return svg(
      "g",
      { class: "bar", "data-at": at },
      svg("rect", { class: "hit", x, y: TOP, width: step, height: HEIGHT - TOP - BOTTOM }),
      bar.count > 0 &&
        svg("rect", {
          class: "value",
          x: x + (step - size) / 2,
          y: y(bar.count),
          width: size,
          height: y(0) - y(bar.count),
          rx: Math.min(3, step / 4),
        }),
      labelled.has(at) &&
        svg(
          "text",
          { class: "axis", x: x + step / 2, y: HEIGHT - 8, "text-anchor": "middle" },
          bar.label,
        ),
    );
  });
  const chart = svg(
    "svg",
    {
      class: "chart bars",
      viewBox: `0 0 ${width} ${HEIGHT}`,
      role: "img",
      "aria-label": `${title}. The table below has the numbers.`,
    },
    ...[0, 0.5, 1].flatMap((share) => [
      svg("line", {
        class: "grid",
        x1: LEFT,
        x2: width - RIGHT,
        y1: y(share * most),
        y2: y(share * most),
      }),
      svg(
        "text",
        { class: "axis", x: LEFT - 8, y: y(share * most) + 4, "text-anchor": "end" },
        formatCount(share * most),
      ),
    ]),
    ...marks,
  );
  const point = (/** @type {Event} */ event) => {
    const mark = /** @type {Element} */ (event.target).closest("[data-at]");
    const bar = mark ? bars[Number(mark.getAttribute("data-at"))] : null;
    show(readout, bar ? `${bar.name}: ${formatCount(bar.count)} ${unit}` : title);
  };
  chart.addEventListener("pointermove", point);
  chart.addEventListener("pointerleave", () => show(readout, title));
  return el("figure", { class: "figure" }, readout, chart, table(bars, head));
}

/**
 * The bars with a text below: as many as there is room for, starts of days first.
 * @param {Bar[]} bars
 * @param {number} step px from one bar to the next
 */
function labelledBars(bars, step) {
  const majors = bars.flatMap((bar, at) => (bar.isMajor ? [at] : []));
  const places = majors.length > 1 ? majors : [...bars.keys()];
  const apart = places.length > 1 ? (places[1] - places[0]) * step : step;
  const every = Math.ceil(FEWEST_PX / apart);
  return new Set(places.filter((_, number) => number % every === 0));
}

/** The end of the axis: the smallest of 2, 4, 6, 8, 10, 12, 16, 20, … that is not below `count`. */
export function niceMaximum(/** @type {number} */ count) {
  for (let power = 1; ; power *= 10) {
    const digits = power === 1 ? [2, 4, 6, 8, 10] : [1.2, 1.6, 2, 3, 4, 6, 8, 10];
    for (const digit of digits) if (digit * power >= count) return Math.round(digit * power);
  }
}

/** @param {Bar[]} bars @param {string[]} head */
function table(bars, head) {
  return el(
    "details",
    { class: "twin" },
    el("summary", {}, "The numbers as a table"),
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Numbers of the chart" },
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { scope: "col" }, text)))),
        el(
          "tbody",
          {},
          ...bars.map((bar) =>
            el(
              "tr",
              {},
              el("th", { scope: "row" }, bar.name),
              el("td", {}, formatCount(bar.count)),
              ...bar.cells.map((text) => el("td", {}, text)),
            ),
          ),
        ),
      ),
    ),
  );
}
