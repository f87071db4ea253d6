/** The course of a smile's score, small in a list and large on its own page. */

import { chartWidth, el, svg } from "./dom.js";
import { formatDuration, formatScore } from "./format.js";

const HEIGHT = 220;
const LEFT = 40;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 28;

/** @param {number[]} scores @param {number} width @param {number} height @param {number} pad */
function points(scores, width, height, pad) {
  const step = (width - 2 * pad) / Math.max(scores.length - 1, 1);
  return scores.map(
    (score, at) =>
      `${(pad + at * step).toFixed(1)},${(height - pad - score * (height - 2 * pad)).toFixed(1)}`,
  );
}

/** A small line without axes; it decorates a row. @param {any} event */
export function sparkline(event) {
  const scores = event.score_history ?? [];
  const node = svg("svg", {
    class: "sparkline",
    viewBox: "0 0 96 28",
    "aria-hidden": "true",
    preserveAspectRatio: "none",
  });
  if (scores.length > 1)
    node.append(svg("polyline", { points: points(scores, 96, 28, 2).join(" ") }));
  return node;
}

/**
 * The scores with both thresholds, and the same as a table for those who cannot see it.
 * @param {any} event
 */
export function scoreChart(event) {
  const scores = event.score_history ?? [];
  if (scores.length === 0)
    return el("p", { class: "muted" }, "The camera sent no score history for this smile.");
  const width = chartWidth();
  const x = (/** @type {number} */ at) =>
    LEFT + (at * (width - LEFT - RIGHT)) / Math.max(scores.length - 1, 1);
  const y = (/** @type {number} */ score) => HEIGHT - BOTTOM - score * (HEIGHT - TOP - BOTTOM);
  const line = scores.map((score, at) => `${x(at).toFixed(1)},${y(score).toFixed(1)}`);
  const area = `M${line.join("L")}L${x(scores.length - 1).toFixed(1)},${y(0)}L${x(0)},${y(0)}Z`;
  const { threshold_on: on, threshold_off: off } = event.model;
  const title = `Score from 0 to 1 over ${formatDuration(event.duration_ms)}: starts at ${formatScore(scores[0])}, peak ${formatScore(event.peak_score)}, mean ${formatScore(event.mean_score)}.`;
  const chart = svg(
    "svg",
    {
      class: "chart score-chart",
      viewBox: `0 0 ${width} ${HEIGHT}`,
      role: "img",
      "aria-label": title,
    },
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((score) => [
      svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(score), y2: y(score) }),
      svg(
        "text",
        { class: "axis", x: LEFT - 8, y: y(score) + 4, "text-anchor": "end" },
        formatScore(score),
      ),
    ]),
    svg("path", { class: "area", d: area }),
    svg("polyline", { class: "line", points: line.join(" ") }),
    ...threshold("on", on, width, y),
    ...threshold("off", off, width, y),
    svg("text", { class: "axis", x: LEFT, y: HEIGHT - 8 }, "start"),
    svg(
      "text",
      { class: "axis", x: width - RIGHT, y: HEIGHT - 8, "text-anchor": "end" },
      formatDuration(event.duration_ms),
    ),
  );
  return el("figure", { class: "figure" }, chart, scoreTable(scores, event.duration_ms));
}

/** @param {string} name @param {number} score @param {number} width @param {(score: number) => number} y */
function threshold(name, score, width, y) {
  return [
    svg("line", {
      class: `threshold ${name}`,
      x1: LEFT,
      x2: width - RIGHT,
      y1: y(score),
      y2: y(score),
    }),
    svg(
      "text",
      { class: `axis threshold-text`, x: width - RIGHT - 4, y: y(score) - 5, "text-anchor": "end" },
      `${name} ${formatScore(score)}`,
    ),
  ];
}

/** @param {number[]} scores @param {number} durationMs */
function scoreTable(scores, durationMs) {
  const step = durationMs / Math.max(scores.length - 1, 1);
  return el(
    "details",
    { class: "twin" },
    el("summary", {}, "The scores as a table"),
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Scores over time" },
      el(
        "table",
        {},
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            el("th", { scope: "col" }, "After about"),
            el("th", { scope: "col" }, "Score"),
          ),
        ),
        el(
          "tbody",
          {},
          ...scores.map((score, at) =>
            el("tr", {}, el("td", {}, formatDuration(at * step)), el("td", {}, formatScore(score))),
          ),
        ),
      ),
    ),
  );
}
