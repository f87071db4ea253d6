/** Event: one smile, with the course of its score and what people say about it. */

import { askAgainAfter } from "./access_form.js";
import { get } from "./api.js";
import { ApiError } from "./api.js";
import { scoreChart } from "./chart_score.js";
import { el, notify, show, svg } from "./dom.js";
import { isLasting } from "./event_row.js";
import { feedbackCard } from "./feedback.js";
import { formatDuration, formatFull, formatScore } from "./format.js";
import { icon } from "./icons.js";
import { poll } from "./poller.js";
import { hashOf } from "./router.js";
import { empty, failure, loading } from "./states.js";

const LASTING_MS = 2000;

/** @type {import("./app.js").View} */
export function eventView(main, route) {
  const [, device, , eventId] = route.path;
  const content = el("div", {}, loading());
  show(main, backLink(), el("h1", {}, `Smile on ${device}`), content);
  const path = `v1/devices/${encodeURIComponent(device)}/events/${encodeURIComponent(eventId)}`;
  let shown = "";
  const stop = poll(
    LASTING_MS,
    async (signal) => {
      const event = await get(path, {}, signal);
      const state = JSON.stringify(event) + isLasting(event);
      if (state !== shown) show(content, details(event, path));
      shown = state;
      if (!isLasting(event)) stop();
    },
    (error) => {
      if (askAgainAfter(error) || shown) return;
      if (error instanceof ApiError && (error.kind === "missing" || error.kind === "invalid")) {
        stop();
        const all = el(
          "a",
          { class: "button", href: hashOf(["history"], { device }) },
          "Smiles of this camera",
        );
        show(
          content,
          empty(
            "This smile is not stored",
            "It was deleted, is still on its way, or the link is not complete.",
            all,
          ),
        );
      } else {
        show(content, failure(error));
      }
    },
  );
  return stop;
}

function backLink() {
  return el("a", { class: "back", href: "#/history" }, icon("back"), "History");
}

/** @param {any} event @param {string} path of the event in the API */
function details(event, path) {
  const lasting = isLasting(event);
  return el(
    "div",
    { class: "event" },
    el(
      "p",
      { class: "lead" },
      el("time", { datetime: event.started_at }, formatFull(event.started_at)),
      lasting && el("span", { class: "live-dot" }, "smiling"),
    ),
    feedbackCard(event, path),
    el(
      "section",
      { class: "card", "aria-labelledby": "score-title" },
      el("h2", { id: "score-title" }, "Score"),
      scoreChart(event),
    ),
    el(
      "div",
      { class: "columns even" },
      el(
        "section",
        { class: "card", "aria-labelledby": "facts-title" },
        el("h2", { id: "facts-title" }, "Facts"),
        facts(event),
      ),
      el(
        "section",
        { class: "card", "aria-labelledby": "face-title" },
        el("h2", { id: "face-title" }, "Where in the picture"),
        place(event.face.box),
      ),
    ),
    el("div", { class: "actions start" }, copyButton()),
  );
}

/** @param {any} event */
function facts(event) {
  /** @type {[string, string][]} */
  const rows = [
    [
      "Length",
      event.phase === "ended"
        ? formatDuration(event.duration_ms)
        : `${formatDuration(event.duration_ms)} so far`,
    ],
    ["Peak score", formatScore(event.peak_score)],
    ["Mean score", formatScore(event.mean_score)],
    ["Starts at score", formatScore(event.model.threshold_on)],
    ["Ends below", formatScore(event.model.threshold_off)],
    ["Face", `number ${event.track_id}, found with score ${formatScore(event.face.score)}`],
    ["Camera", event.device_id],
    ["Message", `number ${event.seq}`],
    ["Received", formatFull(event.received_at)],
    ["Model", event.model.sha256.slice(0, 12)],
    ["Smile id", event.event_id],
  ];
  if (event.clock === "corrected")
    rows.push(["Clock", "was wrong at first; the times are corrected"]);
  return el(
    "dl",
    { class: "facts" },
    ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
  );
}

/** The frame and the face in it; no picture is stored. @param {number[]} box x, y, width, height from 0 to 1 */
function place([x, y, width, height]) {
  const across = x + width / 2 < 1 / 3 ? "left" : x + width / 2 > 2 / 3 ? "right" : "middle";
  return el(
    "figure",
    { class: "figure" },
    svg(
      "svg",
      {
        class: "place",
        viewBox: "0 0 160 90",
        role: "img",
        "aria-label": `The face is in the ${across} of the picture.`,
      },
      svg("rect", { class: "frame", x: 0.5, y: 0.5, width: 159, height: 89, rx: 4 }),
      svg("rect", {
        class: "face",
        x: x * 160,
        y: y * 90,
        width: width * 160,
        height: height * 90,
        rx: 2,
      }),
    ),
    el("figcaption", { class: "muted" }, "The camera sends no picture, only where the face was."),
  );
}

function copyButton() {
  const click = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      notify("The link is copied. It holds no key.");
    } catch {
      notify("The browser does not allow to copy; take the link from the address bar.");
    }
  };
  return el(
    "button",
    { class: "button", type: "button", on: { click } },
    icon("link"),
    "Copy link",
  );
}
