/** Start the page: access, the navigation, and the view that the address names. */

import { forgetAccess, hasAccess } from "./access.js";
import { accessForm, accessFormAgain } from "./access_form.js";
import { el, show } from "./dom.js";
import { icon } from "./icons.js";
import { takeKeyFromAddress } from "./key.js";
import { currentRoute } from "./router.js";
import { finishSignIn, isReturn, signOut } from "./sign_in.js";
import { signInForm } from "./sign_in_form.js";
import { usesTokens } from "./sign_in_offer.js";
import { empty, loading } from "./states.js";
import { alertsView } from "./view_alerts.js";
import { cameraView } from "./view_camera.js";
import { camerasView } from "./view_cameras.js";
import { eventView } from "./view_event.js";
import { historyView } from "./view_history.js";
import { nowView } from "./view_now.js";
import { thresholdView } from "./view_threshold.js";
import { timelineView } from "./view_timeline.js";

/**
 * A view fills `main` and returns what ends it.
 * @typedef {(main: HTMLElement, route: import("./router.js").Route) => (() => void) | void} View
 */

/** @type {{name: string, text: string, view: View}[]} */
const VIEWS = [
  { name: "now", text: "Now", view: nowView },
  { name: "history", text: "History", view: historyView },
  { name: "timeline", text: "Timeline", view: timelineView },
  { name: "cameras", text: "Cameras", view: camerasView },
  { name: "alerts", text: "Alerts", view: alertsView },
  { name: "threshold", text: "Threshold", view: thresholdView },
];

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const nav = /** @type {HTMLElement} */ (document.getElementById("nav"));
const tools = /** @type {HTMLElement} */ (document.getElementById("tools"));

/** @type {() => void} */
let stop = () => {};
/** @type {string | null} */
let shownPath = null;

/** @param {import("./router.js").Route} route @returns {[string, View]} */
function viewOf({ path }) {
  if (path.length === 0) return ["now", nowView];
  if (path[0] === "devices" && path.length === 2) return ["cameras", cameraView];
  if (path[0] === "devices" && path[2] === "events" && path.length === 4)
    return ["history", eventView];
  const found = VIEWS.find((one) => one.name === path[0] && path.length === 1);
  return found ? [found.name, found.view] : ["", unknownView];
}

/** @type {View} */
function unknownView(main) {
  show(
    main,
    empty(
      "No such page",
      "The address names no view.",
      el("a", { class: "button", href: "#/now" }, "Go to Now"),
    ),
  );
}

function render() {
  stop();
  stop = () => {};
  const route = currentRoute();
  const [name, view] = viewOf(route);
  for (const link of nav.children) {
    if (link.getAttribute("data-view") === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  lock(!hasAccess());
  if (!hasAccess()) {
    show(main, accessForm(render));
    return;
  }
  stop = view(main, route) ?? stop;
  document.title = `${main.querySelector("h1")?.textContent ?? "Smiles"} · Smiles`;
  const path = route.path.join("/");
  if (shownPath !== null && path !== shownPath) {
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
  shownPath = path;
}

/** Show only the form for access, or also the navigation. @param {boolean} isLocked */
function lock(isLocked) {
  document.body.classList.toggle("locked", isLocked);
  show(
    tools,
    !isLocked &&
      el(
        "button",
        { class: "quiet", type: "button", on: { click: leave } },
        icon(usesTokens ? "leave" : "key"),
        el("span", {}, usesTokens ? "Sign out" : "Forget key"),
      ),
  );
}

function leave() {
  if (usesTokens) signOut();
  else forgetAccess();
  render();
}

/** Show the form alone. @param {HTMLElement} form */
function ask(form) {
  stop();
  stop = () => {};
  lock(true);
  show(main, form);
}

/** Go on after the return from the issuer. */
async function comeBack() {
  ask(loading("Signing in…"));
  const problem = await finishSignIn();
  if (problem === null) render();
  else ask(signInForm(problem));
}

function start() {
  takeKeyFromAddress();
  show(
    nav,
    ...VIEWS.map(({ name, text }) =>
      el(
        "a",
        { href: `#/${name}`, "data-view": name },
        icon(/** @type {any} */ (name)),
        el("span", {}, text),
      ),
    ),
  );
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  window.addEventListener("hashchange", () => {
    takeKeyFromAddress();
    render();
  });
  document.addEventListener("smile:access", () => ask(accessFormAgain(render)));
  // After "Back", the browser may show the page as it was before somebody signed in or out.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) render();
  });
  if (usesTokens && isReturn()) comeBack();
  else render();
}

start();
