/** Cameras: all of them, with how they are. */

import { askAgainAfter } from "./access_form.js";
import { STATES, stateTag, stateText } from "./camera_state.js";
import { allDevices } from "./cameras.js";
import { el, field, select, show } from "./dom.js";
import { counted, formatAgo, formatNumber } from "./format.js";
import { poll } from "./poller.js";
import { hashOf, replaceQuery } from "./router.js";
import { empty, failure, loading, warning } from "./states.js";

const REFRESH_MS = 10000;

/** @type {import("./app.js").View} */
export function camerasView(main, route) {
  let state = route.query.get("state") ?? "";
  const trouble = el("div", {});
  const content = el("div", {}, loading());
  const count = el("p", { class: "muted", role: "status" });
  let stop = () => {};
  const options = /** @type {[string, string][]} */ ([
    ["", "all"],
    ...STATES.map((one) => [one, one]),
  ]);
  const choice = select(options, state);
  choice.addEventListener("change", () => {
    state = choice.value;
    replaceQuery(["cameras"], { state });
    show(content, loading());
    restart();
  });
  const restart = () => {
    stop();
    stop = poll(
      REFRESH_MS,
      async (signal) => {
        const devices = await allDevices({ state }, signal);
        show(trouble);
        if (devices.length === 0) {
          show(count);
          show(content, nothing(state));
          return;
        }
        show(count, counted(devices.length, "camera"));
        updateCards(content, devices);
      },
      (error) => {
        if (askAgainAfter(error)) return;
        if (content.querySelector(".cameras")) show(trouble, warning(error));
        else show(content, failure(error));
      },
    );
  };
  show(
    main,
    el("h1", {}, "Cameras"),
    el("div", { class: "filters narrow" }, field("State", choice)),
    trouble,
    count,
    content,
  );
  restart();
  return () => stop();
}

/** @param {string} state */
function nothing(state) {
  return state
    ? empty("No camera in this state", `No camera is ${state} now.`)
    : empty("No cameras yet", "A camera appears here with its first sign of life.");
}

/** Keep the cards that are there, so that the focus stays. @param {HTMLElement} content @param {any[]} devices */
function updateCards(content, devices) {
  let list = content.querySelector(".cameras");
  if (!list) {
    list = el("ul", { class: "cameras" });
    show(content, list);
  }
  const cards = new Map([...list.children].map((card) => [card.getAttribute("data-device"), card]));
  devices.forEach((device, at) => {
    const card =
      cards.get(device.device_id) ??
      el(
        "li",
        { "data-device": device.device_id },
        el("a", { class: "card camera", href: hashOf(["devices", device.device_id]) }),
      );
    cards.delete(device.device_id);
    fillCard(/** @type {Element} */ (card.firstElementChild), device);
    if (list.children[at] !== card) list.insertBefore(card, list.children[at] ?? null);
  });
  for (const card of cards.values()) card.remove();
}

/** @param {Element} link @param {any} device */
function fillCard(link, device) {
  const beat = device.heartbeat;
  show(
    link,
    el("span", { class: "head" }, el("strong", {}, device.device_id), stateTag(device)),
    el("span", { class: "muted" }, stateText(device)),
    el(
      "span",
      { class: "row-facts" },
      el("span", {}, device.last_seen_at ? `seen ${formatAgo(device.last_seen_at)}` : "never seen"),
      beat &&
        device.state !== "offline" &&
        el("span", {}, `${formatNumber(beat.frame_rate)} frames/s`),
      beat &&
        beat.outbox_events > 0 &&
        el("span", {}, `${counted(beat.outbox_events, "smile")} waiting`),
    ),
  );
}
