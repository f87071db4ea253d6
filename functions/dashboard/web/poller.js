/** Repeat a request while the page is visible and the device has a network. */

import { ApiError } from "./api.js";

const LONGEST_MS = 60000;

/**
 * Call `ask` now, then again `everyMs` after each answer, which may change it. A hidden tab asks
 * nothing, and drops what it has asked. After a failure the time doubles, or is what `Retry-After`
 * says; a key that does not work ends it.
 *
 * @param {number | (() => number)} everyMs
 * @param {(signal: AbortSignal) => Promise<void>} ask
 * @param {(error: unknown) => void} onError
 * @returns {() => void} stops it
 */
export function poll(everyMs, ask, onError) {
  const every = typeof everyMs === "function" ? everyMs : () => everyMs;
  const control = new AbortController();
  let asking = new AbortController();
  let timer = 0;
  let failures = 0;
  let isAsking = false;

  const next = (/** @type {number} */ ms) => {
    clearTimeout(timer);
    if (!control.signal.aborted && !document.hidden) timer = window.setTimeout(run, ms);
  };

  const run = async () => {
    if (isAsking || control.signal.aborted) return;
    isAsking = true;
    asking = new AbortController();
    const signal = AbortSignal.any([control.signal, asking.signal]);
    let wait = every();
    try {
      await ask(signal);
      failures = 0;
      wait = every();
    } catch (error) {
      if (signal.aborted) return next(every()); // does nothing in a hidden tab, or at the end
      failures += 1;
      wait = waitOf(error, every(), failures);
      onError(error);
    } finally {
      isAsking = false;
    }
    if (Number.isFinite(wait)) next(wait);
  };

  const wake = () => {
    if (!document.hidden) return next(0);
    clearTimeout(timer);
    asking.abort();
  };
  document.addEventListener("visibilitychange", wake, { signal: control.signal });
  window.addEventListener("online", wake, { signal: control.signal });
  run();
  return () => {
    clearTimeout(timer);
    control.abort();
  };
}

/**
 * @param {unknown} error
 * @param {number} everyMs
 * @param {number} failures
 */
function waitOf(error, everyMs, failures) {
  if (error instanceof ApiError) {
    if (error.kind === "key") return Infinity;
    if (error.retryAfterS) return error.retryAfterS * 1000;
  }
  return Math.min(everyMs * 2 ** failures, LONGEST_MS);
}
