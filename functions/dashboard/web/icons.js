/** The icons, as strokes of a 24 by 24 grid. They decorate: the text beside them has the meaning. */

import { svg } from "./dom.js";

const PATHS = {
  now: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M8.5 14c.8 1.4 2 2.1 3.5 2.1s2.7-.7 3.5-2.1M9 9.5v.5M15 9.5v.5",
  history: "M4 20V11M9.3 20V5M14.7 20v-7M20 20V8",
  timeline: "M3 6h8M14 6h7M3 12h3M9 12h9M3 18h10M16 18h5",
  cameras: "M4 8h3l2-3h6l2 3h3v11H4zM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7",
  alerts: "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4",
  threshold:
    "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
  key: "M14.5 13.5a5 5 0 1 0-4-4L3 17v4h4l.5-2.5L10 18l.5-2.5zM16 8h.01",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 20.5c1-4 4-5.5 8-5.5s7 1.5 8 5.5",
  leave: "M14 4H5v16h9M10 12h10M16.5 8.5L20 12l-3.5 3.5",
  offline:
    "M3 3l18 18M8.5 16.5a5 5 0 0 1 7 0M5 13a10 10 0 0 1 4.5-2.6M19 13a10 10 0 0 0-4-2.4M12 20h.01",
  down: "M12 3l9.5 17h-19zM12 10v4.5M12 17.2v.3",
  slow: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3 2",
  empty: "M4 13h4l1.5 3h5L16 13h4M4 13l3-8h10l3 8v6H4z",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  download: "M12 4v11M7.5 11l4.5 4.5L16.5 11M4 20h16",
  back: "M15 5l-7 7 7 7",
  yes: "M5 12.5l4.5 4.5L19 7.5",
  no: "M6 6l12 12M18 6L6 18",
  unsure: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.3",
};

/**
 * @param {keyof typeof PATHS} name
 * @param {number} [size] in px
 */
export function icon(name, size = 20) {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true" },
    svg("path", { d: PATHS[name] }),
  );
}
