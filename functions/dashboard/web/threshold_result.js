/** What came of a replay: how many smiles stay, how precise they are, and which ones differ. */

import { el, svg } from "./dom.js";
import { counted, formatCount, formatDuration, formatFull, formatScore } from "./format.js";
import { hashOf } from "./router.js";

/** @type {[string, string][]} */
const OUTCOMES = [
  ["stays", "stay"],
  ["changes", "change"],
  ["vanishes", "vanish"],
];

/** @param {any} found the answer of the API */
export function replayResult(found) {
  const { events, precision, different } = found;
  if (events.replayed === 0) {
    return el(
      "section",
      { class: "card" },
      el(
        "p",
        { class: "muted" },
        "No smile of this camera can be replayed: none is stored with its scores.",
      ),
    );
  }
  return el(
    "div",
    { class: "stack" },
    el(
      "section",
      { class: "card", "aria-labelledby": "replay-title" },
      el(
        "h2",
        { id: "replay-title" },
        `Of ${found.complete ? "" : "the newest "}${counted(events.replayed, "smile")}`,
      ),
      el(
        "dl",
        { class: "outcomes" },
        ...OUTCOMES.flatMap(([name, text]) => [
          el("dt", { class: name }, text),
          el("dd", {}, formatCount(events[name])),
        ]),
      ),
      shareBar(events),
      el(
        "p",
        { class: "hint" },
        `A replay is exact to about ${formatDuration(found.tolerance_ms)}. It knows only smiles that were reported: lower thresholds may find others.`,
      ),
    ),
    el(
      "section",
      { class: "card", "aria-labelledby": "precision-title" },
      el("h2", { id: "precision-title" }, "Precision"),
      precisionTable(precision),
      el(
        "p",
        {},
        found.advice ??
          "There is too little feedback to advise. Say of more smiles whether they are right.",
      ),
    ),
    different.length > 0 && differentTable(found.device_id, different),
  );
}

/** @param {any} events */
function shareBar(events) {
  let x = 0;
  return svg(
    "svg",
    { class: "share", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    ...OUTCOMES.map(([name]) => {
      const width = (100 * events[name]) / events.replayed;
      const part = svg("rect", { class: name, x, y: 0, width, height: 6 });
      x += width;
      return part;
    }),
  );
}

/** @param {any} precision */
function precisionTable(precision) {
  const row = (/** @type {string} */ name, /** @type {any} */ one) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, name),
      el("td", {}, one.value === null ? "unknown" : formatScore(one.value)),
      el("td", {}, one.value === null ? "–" : one.interval_95.map(formatScore).join(" to ")),
      el("td", {}, formatCount(one.smile)),
      el("td", {}, formatCount(one.not_smile)),
    );
  return el(
    "div",
    {
      class: "scroll",
      tabindex: "0",
      role: "region",
      "aria-label": "Precision of both thresholds",
    },
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ...["Thresholds", "Precision", "95 % interval", "Right", "Wrong"].map((text) =>
            el("th", { scope: "col" }, text),
          ),
        ),
      ),
      el("tbody", {}, row("now", precision.current), row("tried", precision.proposed)),
    ),
  );
}

/** @param {string} device @param {any[]} different */
function differentTable(device, different) {
  return el(
    "section",
    { class: "card", "aria-labelledby": "different-title" },
    el("h2", { id: "different-title" }, "Smiles that differ"),
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Smiles that differ" },
      el(
        "table",
        {},
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            ...["Start", "Outcome", "Length", "Length replayed"].map((text) =>
              el("th", { scope: "col" }, text),
            ),
          ),
        ),
        el(
          "tbody",
          {},
          ...different.map((one) =>
            el(
              "tr",
              {},
              el(
                "td",
                {},
                el(
                  "a",
                  { href: hashOf(["devices", device, "events", one.event_id]) },
                  formatFull(one.started_at),
                ),
              ),
              el("td", {}, one.outcome),
              el("td", {}, formatDuration(one.duration_ms)),
              el(
                "td",
                {},
                one.outcome === "vanishes"
                  ? "–"
                  : `${formatDuration(one.replayed_duration_ms)}${one.smiles > 1 ? `, in ${one.smiles} smiles` : ""}`,
              ),
            ),
          ),
        ),
      ),
    ),
  );
}
