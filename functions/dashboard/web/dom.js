/** Build elements. Text always becomes a text node, so no data can become HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * @param {Element} node
 * @param {Object<string, any>} properties `on` holds listeners; null and false leave an attribute out
 * @param {Child[]} children
 */
function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  add(node, ...children);
}

/**
 * Append children; null, undefined and false are left out.
 * @param {Element} node
 * @param {...Child} children
 */
export function add(node, ...children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
}

/**
 * @param {string} tag
 * @param {Object<string, any>} [properties]
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  fill(node, properties, children);
  return node;
}

/**
 * @param {string} tag
 * @param {Object<string, any>} [properties]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(tag, properties = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  fill(node, properties, children);
  return /** @type {SVGElement} */ (node);
}

/**
 * Replace what is in an element.
 * @param {Element} node
 * @param {...Child} children
 */
export function show(node, ...children) {
  node.replaceChildren();
  add(node, ...children);
}

/**
 * Change a text only when it differs, so that screen readers read it once.
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const CHART_MARGIN_PX = 80;

/** The width of a chart in px: its texts have the size of other texts, on a phone too. */
export function chartWidth() {
  const room = (document.getElementById("main")?.clientWidth ?? 0) - CHART_MARGIN_PX;
  return Math.min(Math.max(room, 260), 1040);
}

let ids = 0;

/** Return an id that no other element has. */
export function uniqueId(prefix = "id") {
  ids += 1;
  return `${prefix}-${ids}`;
}

/**
 * A labelled control in a form.
 * @param {string} label
 * @param {HTMLElement} control
 * @param {string} [hint] shown below, and read with the control
 */
export function field(label, control, hint) {
  control.id ||= uniqueId("field");
  const about = hint ? el("p", { class: "hint", id: `${control.id}-hint` }, hint) : null;
  if (about) control.setAttribute("aria-describedby", about.id);
  return el("div", { class: "field" }, el("label", { for: control.id }, label), control, about);
}

/**
 * @param {Iterable<[string, string]>} options values and their texts
 * @param {string} chosen
 * @param {Object<string, any>} [properties]
 */
export function select(options, chosen, properties = {}) {
  const node = /** @type {HTMLSelectElement} */ (el("select", properties));
  for (const [value, text] of options) {
    add(node, el("option", { value, selected: value === chosen }, text));
  }
  return node;
}

/** Say something in the corner of the page; screen readers read it. */
let hiding = 0;
export function notify(text) {
  const notice = document.getElementById("notice");
  if (!notice) return;
  show(notice, text);
  notice.classList.add("shown");
  clearTimeout(hiding);
  hiding = window.setTimeout(() => notice.classList.remove("shown"), 4000);
}
