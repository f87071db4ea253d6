/** The cameras that the service knows, for the fields that name one. */

import { get, whenQuiet } from "./api.js";
import { add, select } from "./dom.js";

const PAGE = 100;
const MOST_EVENTS = 500;

/** @type {string[] | null} */
let known = null;

/** @param {AbortSignal} signal @returns {Promise<string[]>} */
export async function knownCameras(signal) {
  if (known === null) {
    const [devices, { events }] = await Promise.all([
      allDevices({}, signal),
      get("v1/events", { limit: MOST_EVENTS }, signal),
    ]);
    // A camera that has sent smiles may not have sent a sign of life.
    known = [...new Set([...devices, ...events].map((one) => one.device_id))].sort();
  }
  return known;
}

/**
 * A list of all cameras, or one; it fills itself.
 * @param {string} chosen empty for all
 * @param {AbortSignal} signal
 * @param {(device: string) => void} [onChange]
 */
export function cameraSelect(chosen, signal, onChange) {
  /** @type {[string, string][]} */
  const options = [["", "All cameras"]];
  if (chosen) options.push([chosen, chosen]);
  const node = select(options, chosen);
  if (onChange) node.addEventListener("change", () => onChange(node.value));
  addCameras(node, signal);
  return node;
}

/**
 * Add the cameras that a field does not offer yet, once the view has its own answers.
 * @param {HTMLSelectElement} node
 * @param {AbortSignal} signal
 */
export async function addCameras(node, signal) {
  await whenQuiet();
  if (signal.aborted) return;
  try {
    const names = await knownCameras(signal);
    const offered = new Set([...node.options].map((one) => one.value));
    for (const name of names) if (!offered.has(name)) add(node, new Option(name, name));
  } catch {
    // The view reports the same failure.
  }
}

/**
 * Every device, page after page.
 * @param {Object<string, any>} query
 * @param {AbortSignal} signal
 * @returns {Promise<any[]>}
 */
export async function allDevices(query, signal) {
  const found = [];
  let cursor = "";
  do {
    const page = await get("v1/devices", { ...query, limit: PAGE, cursor }, signal);
    found.push(...page.devices);
    cursor = page.next_cursor ?? "";
  } while (cursor);
  return found;
}
