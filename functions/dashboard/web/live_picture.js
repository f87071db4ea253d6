/** The live picture: only where the camera runs on the machine that serves the page. */

import { el, show } from "./dom.js";
import { icon } from "./icons.js";

const PATH = "live";
const CHECK_MS = 5000;

/** Whether this service has no live picture at all; asked once for each visit. */
let isElsewhere = false;

/** @returns {{node: HTMLElement, stop: () => void}} */
export function livePicture() {
  const node = el("div", { class: "live" });
  const control = new AbortController();
  let timer = 0;
  let state = "";

  const become = (/** @type {string} */ next) => {
    if (state === next) return;
    state = next;
    if (next === "playing") {
      show(
        node,
        el("img", { src: PATH, alt: "Live picture of the camera, with a box around each face" }),
        el("span", { class: "live-tag" }, "Live"),
      );
    } else if (next === "elsewhere") {
      show(
        node,
        note(
          "No live picture here",
          "Pictures never leave the machine of the camera, so there are none in the cloud. Open the live view on that machine.",
        ),
      );
    } else {
      show(node, note("The camera is not running", "The picture appears as soon as it runs."));
    }
  };

  const check = async () => {
    clearTimeout(timer);
    if (document.hidden) {
      if (state === "playing") state = "";
      show(node); // ends the transfer of pictures
      return;
    }
    if (isElsewhere) return become("elsewhere");
    const status = await statusOfPicture(control.signal);
    if (control.signal.aborted) return;
    isElsewhere = status >= 400 && status < 500;
    become(isElsewhere ? "elsewhere" : status === 200 ? "playing" : "waiting");
    if (!isElsewhere) timer = window.setTimeout(check, CHECK_MS);
  };

  document.addEventListener("visibilitychange", check, { signal: control.signal });
  check();
  return {
    node,
    stop: () => {
      clearTimeout(timer);
      control.abort();
      show(node);
    },
  };
}

/** @param {AbortSignal} signal */
async function statusOfPicture(signal) {
  try {
    const response = await fetch(new URL(PATH, document.baseURI), {
      method: "HEAD",
      signal,
      cache: "no-store",
    });
    return response.status;
  } catch {
    return 0;
  }
}

/** @param {string} title @param {string} text */
function note(title, text) {
  return el(
    "div",
    { class: "live-note" },
    icon("cameras", 32),
    el("p", {}, el("strong", {}, title)),
    el("p", {}, text),
  );
}
