/** One camera: its state, its health, what arrived of it, and what runs on it. */

import { askAgainAfter } from "./access_form.js";
import { ApiError, get } from "./api.js";
import { cameraSettings } from "./camera_settings.js";
import { stateTag, stateText } from "./camera_state.js";
import { el, show } from "./dom.js";
import {
  counted,
  formatAgo,
  formatCount,
  formatDuration,
  formatFull,
  formatNumber,
} from "./format.js";
import { icon } from "./icons.js";
import { poll } from "./poller.js";
import { hashOf } from "./router.js";
import { empty, failure, loading, warning } from "./states.js";

const REFRESH_MS = 5000;
const SMALL_OFFSET_MS = 100; // includes the time that the heartbeat travels

/** @type {import("./app.js").View} */
export function cameraView(main, route) {
  const [, name] = route.path;
  const trouble = el("div", {});
  const state = el("p", { class: "lead" });
  const content = el("div", { class: "stack" }, loading());
  const settings = cameraSettings(name, route.query);
  show(
    main,
    el("a", { class: "back", href: "#/cameras" }, icon("back"), "Cameras"),
    el("h1", {}, name),
    state,
    trouble,
    settings.node,
    content,
    el(
      "div",
      { class: "actions start" },
      el("a", { class: "button", href: hashOf(["history"], { device: name }) }, "History"),
      el("a", { class: "button", href: hashOf(["timeline"], { device: name }) }, "Timeline"),
      el("a", { class: "button", href: hashOf(["alerts"], { device: name }) }, "Alerts"),
    ),
  );
  let isShown = false;
  const stop = poll(
    REFRESH_MS,
    async (signal) => {
      const device = await get(`v1/devices/${encodeURIComponent(name)}`, {}, signal);
      isShown = true;
      show(trouble);
      show(state, stateTag(device), el("span", {}, stateText(device)));
      show(content, sections(device));
      settings.setState(device.state);
    },
    (error) => {
      if (askAgainAfter(error)) return;
      const isMissing = error instanceof ApiError && error.kind === "missing";
      if (isMissing)
        show(
          content,
          empty(
            "No sign of life yet",
            "This camera has not sent a heartbeat, or not for a long time.",
          ),
        );
      else if (isShown) show(trouble, warning(error));
      else show(content, failure(error));
    },
  );
  return () => {
    stop();
    settings.stop();
  };
}

/** @param {any} device */
function sections(device) {
  const beat = device.heartbeat;
  return el(
    "div",
    { class: "columns even" },
    section("Connection", [
      [
        "Last seen",
        device.last_seen_at &&
          `${formatFull(device.last_seen_at)}, ${formatAgo(device.last_seen_at)}`,
      ],
      ["First seen", device.first_seen_at && formatFull(device.first_seen_at)],
      ["Connected since", beat?.connected_at && formatFull(beat.connected_at)],
      ["Runs for", beat && formatDuration(beat.uptime_ms)],
      [
        "Sign of life every",
        beat?.interval_s !== undefined &&
          beat?.interval_s !== null &&
          formatDuration(beat.interval_s * 1000),
      ],
      ["Clock", clockText(device)],
      [
        "Same id used twice",
        device.duplicate_client_id_at &&
          `${formatFull(device.duplicate_client_id_at)}: another program connects under this name`,
      ],
    ]),
    section("Picture", [
      ["Camera", beat?.camera?.replaceAll("_", " ")],
      ["Speed", beat && `${formatNumber(beat.frame_rate)} frames/s`],
      [
        "Delay",
        beat?.latency_p95_ms !== undefined &&
          `${formatCount(beat.latency_p50_ms)} ms, 95 % below ${formatCount(beat.latency_p95_ms)} ms`,
      ],
      ["Faces now", beat?.faces !== undefined && formatCount(beat.faces)],
      ["Skipped frames", beat && formatCount(beat.skipped_frames)],
      ["Damaged frames", beat?.damaged_frames !== undefined && formatCount(beat.damaged_frames)],
    ]),
    section("Smiles that arrived", sequenceRows(device)),
    section("Program", [
      ["Version", beat?.program_version],
      ["Model", beat?.model_sha256?.slice(0, 12)],
      ["Configuration", beat?.configuration],
      [
        "Processor",
        beat?.cpu_share !== undefined && `${formatCount(beat.cpu_share * 100)} % of a core`,
      ],
      ["Memory", beat?.memory_mb !== undefined && `${formatCount(beat.memory_mb)} MB`],
      ["Temperature", beat?.temperature_c !== undefined && `${formatCount(beat.temperature_c)} °C`],
      ["Restarted threads", beat?.restarts !== undefined && formatCount(beat.restarts)],
    ]),
  );
}

/** @param {any} device @returns {[string, any][]} */
function sequenceRows(device) {
  const found = device.sequence;
  const beat = device.heartbeat;
  const ranges = (found?.missing_ranges ?? []).map((/** @type {number[]} */ [first, last]) =>
    first === last ? `${first}` : `${first}–${last}`,
  );
  return [
    [
      "Messages",
      found
        ? `${formatCount(found.received_events)}, the last one is number ${found.last_seq}`
        : "none yet",
    ],
    [
      "Missing",
      found &&
        (found.missing_events === 0
          ? "none"
          : `${formatCount(found.missing_events)}: ${ranges.join(", ")}${found.missing_untracked > 0 ? " and older ones" : ""}`),
    ],
    ["Late", found && found.late_events > 0 && formatCount(found.late_events)],
    ["Twice", found && found.duplicate_events > 0 && formatCount(found.duplicate_events)],
    [
      "Numbers began again",
      found &&
        found.resets > 0 &&
        `${counted(found.resets, "time")}, last ${formatAgo(found.reset_at)}`,
    ],
    ["Waiting on the device", beat && formatCount(beat.outbox_events)],
    ["Oldest waiting", beat?.outbox_oldest_ms > 0 && formatDuration(beat.outbox_oldest_ms)],
    ["Lost on the device", beat?.lost_events > 0 && formatCount(beat.lost_events)],
    ["Dropped from a full disk", beat?.dropped_events > 0 && formatCount(beat.dropped_events)],
    ["Refused by the broker", beat?.refused_events > 0 && formatCount(beat.refused_events)],
    [
      "Rejected for their time",
      device.clock_rejected_events > 0 && formatCount(device.clock_rejected_events),
    ],
  ];
}

/** @param {any} device */
function clockText(device) {
  const clock = device.heartbeat?.clock;
  const offset = device.clock_offset_ms;
  const away =
    offset === null || Math.abs(offset) < SMALL_OFFSET_MS
      ? ""
      : `, ${formatNumber(Math.abs(offset) / 1000)} s ${offset < 0 ? "behind" : "ahead"}`;
  return clock || away ? `${clock ?? "unknown"}${away}` : null;
}

/**
 * A card; false when none of its rows has a value.
 * @param {string} title
 * @param {[string, any][]} rows those without a value are left out
 */
function section(title, rows) {
  const shown = rows.filter(
    ([, value]) => value !== null && value !== undefined && value !== false && value !== "",
  );
  if (shown.length === 0) return false;
  return el(
    "section",
    { class: "card", "aria-label": title },
    el("h2", {}, title),
    el(
      "dl",
      { class: "facts" },
      ...shown.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
    ),
  );
}
