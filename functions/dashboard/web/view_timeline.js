/** Timeline: a lane for each camera, or for each face of one camera. */

import { askAgainAfter } from "./access_form.js";
import { cameraSelect } from "./cameras.js";
import { laneChart } from "./chart_lanes.js";
import { el, field, select, show } from "./dom.js";
import { newestEvents } from "./events.js";
import { counted, formatFull, formatShortTime } from "./format.js";
import { poll } from "./poller.js";
import { replaceQuery } from "./router.js";
import { empty, failure, loading, warning } from "./states.js";

const REFRESH_MS = 5000;
const REFRESHES = 1440; // of the length: in this time a bar moves by less than its width
const HOUR_MS = 3600 * 1000;
/** @type {[string, string][]} */
const LENGTHS = [
  ["0.25", "15 minutes"],
  ["1", "1 hour"],
  ["6", "6 hours"],
  ["24", "24 hours"],
];

/** @type {import("./app.js").View} */
export function timelineView(main, route) {
  const control = new AbortController();
  const state = {
    device: route.query.get("device") ?? "",
    hours: LENGTHS.some(([value]) => value === route.query.get("hours"))
      ? route.query.get("hours")
      : "1",
    end: route.query.get("end") ?? "",
  };
  const trouble = el("div", {});
  const content = el("div", {}, loading());
  const range = el("p", { class: "range", role: "status" });
  let stop = () => {};

  const lengthMs = () => Number(state.hours) * HOUR_MS;
  const restart = (/** @type {Partial<typeof state>} */ changed = {}) => {
    Object.assign(state, changed);
    replaceQuery(["timeline"], { device: state.device, hours: state.hours, end: state.end });
    stop();
    if (Object.keys(changed).length > 0) show(content, loading());
    stop = poll(Math.max(REFRESH_MS, lengthMs() / REFRESHES), load, onError);
  };
  const onError = (/** @type {unknown} */ error) => {
    if (askAgainAfter(error)) return;
    if (content.querySelector(".lanes")) show(trouble, warning(error));
    else show(content, failure(error));
  };
  const load = async (/** @type {AbortSignal} */ signal) => {
    const end = state.end ? Date.parse(state.end) : Date.now();
    const start = end - lengthMs();
    const shown = { start, end };
    const { events, isCut } = await newestEvents(
      { device: state.device, from: new Date(start).toISOString(), to: state.end },
      signal,
      (some) => !content.querySelector(".lanes") && draw({ ...shown, events: some, rest: "…" }),
    );
    show(trouble);
    const rest = isCut ? "; choose a shorter time to see all." : "";
    // A person who is in the chart keeps the place.
    const isUsed = content.querySelector(".lanes") && content.contains(document.activeElement);
    if (!isUsed) draw({ ...shown, events, rest });
    if (state.end) stop();
  };
  /** @param {{events: any[], start: number, end: number, rest: string}} shown */
  const draw = ({ events, start, end, rest }) => {
    show(
      range,
      `${formatFull(start)} to ${state.end ? formatFull(end) : `now, ${formatShortTime(end)}`}`,
    );
    if (events.length === 0) {
      show(content, empty("No smiles in this time", "Go back in time, or choose a longer time."));
      return;
    }
    const open = content.querySelector("details")?.open ?? false;
    const count = counted(events.length, "smile");
    show(
      content,
      el("p", { class: "muted" }, rest ? `The newest ${count}${rest}` : count),
      laneChart(lanesOf(events, state.device), start, end, open),
    );
  };
  const move = (/** @type {number} */ direction) => {
    const end = (state.end ? Date.parse(state.end) : Date.now()) + direction * lengthMs();
    restart({ end: end >= Date.now() ? "" : new Date(end).toISOString() });
  };

  const length = select(LENGTHS, /** @type {string} */ (state.hours));
  length.addEventListener("change", () => restart({ hours: length.value }));
  const button = (/** @type {string} */ text, /** @type {() => void} */ click) =>
    el("button", { class: "button", type: "button", on: { click } }, text);
  show(
    main,
    el("h1", {}, "Timeline"),
    el(
      "div",
      { class: "filters" },
      field(
        "Camera",
        cameraSelect(state.device, control.signal, (device) => restart({ device })),
      ),
      field("Length", length),
      el(
        "div",
        { class: "actions start", role: "group", "aria-label": "Move in time" },
        button("Earlier", () => move(-1)),
        button("Later", () => move(1)),
        button("Now", () => restart({ end: "" })),
      ),
    ),
    trouble,
    el("section", { class: "card", "aria-label": "Lanes" }, range, content),
  );
  restart();
  return () => {
    stop();
    control.abort();
  };
}

/** @param {any[]} events @param {string} device */
function lanesOf(events, device) {
  /** @type {Map<string, any[]>} */
  const lanes = new Map();
  for (const event of events) {
    const name = device ? `face ${event.track_id}` : event.device_id;
    const lane = lanes.get(name);
    if (lane) lane.push(event);
    else lanes.set(name, [event]);
  }
  return [...lanes].sort(([one], [other]) =>
    one.localeCompare(other, undefined, { numeric: true }),
  );
}
