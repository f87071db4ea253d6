/** What the state of a camera means, in words. */

import { el } from "./dom.js";
import { formatAgo } from "./format.js";

/** @type {Object<string, string>} */
const MEANINGS = {
  online: "It works and looks for smiles.",
  offline: "It is not connected. It keeps its smiles and sends them later.",
  silent: "It is connected, but sends no sign of life.",
  paused: "It looks for no faces, because somebody wants it so.",
  blind: "It works, but sees nothing of use.",
};

/** @type {Object<string, string>} */
const FAULTS = {
  unplugged: "the camera is unplugged",
  frozen: "the picture does not change",
  too_dark: "the picture is too dark",
  too_bright: "the picture is too bright",
  covered: "the lens is covered",
  out_of_focus: "the picture is out of focus",
  starting: "the camera is starting",
};

export const STATES = Object.keys(MEANINGS);

/** @param {any} device */
export function stateTag(device) {
  return el("span", { class: `tag ${device.state}` }, device.state);
}

/** One sentence about the state. @param {any} device */
export function stateText(device) {
  const fault = FAULTS[device.heartbeat?.camera];
  const why = fault && device.state !== "online" ? ` Last report: ${fault}.` : "";
  const since = device.since ? ` Since ${formatAgo(device.since)}.` : "";
  return `${MEANINGS[device.state] ?? ""}${why}${since}`;
}
