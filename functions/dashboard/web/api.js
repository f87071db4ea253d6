/** Ask the REST API. Every failure becomes an `ApiError`, which says what a person can do. */

import { accessHeaders, renewAccess } from "./access.js";
import { currentKey } from "./key.js";
import { usesTokens } from "./sign_in_offer.js";
import { SignInError } from "./tokens.js";

/**
 * @typedef {"offline" | "key" | "forbidden" | "throttled" | "down" | "missing" | "invalid"} Kind
 */

export class ApiError extends Error {
  /**
   * @param {Kind} kind
   * @param {string} message for people
   * @param {{status?: number, retryAfterS?: number | null, errors?: any[]}} [more]
   */
  constructor(kind, message, more = {}) {
    super(message);
    this.kind = kind;
    this.status = more.status ?? 0;
    this.retryAfterS = more.retryAfterS ?? null;
    this.errors = more.errors ?? [];
  }
}

const TIMEOUT_MS = 15000;

/**
 * Return the URL of a path; it works below a stage and below a custom domain name.
 * @param {string} path without a slash at its start
 * @param {Object<string, any>} [query] empty, null and undefined values are left out
 */
export function apiUrl(path, query = {}) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "")
      url.searchParams.set(name, String(value));
  }
  return url;
}

/** Known answers by URL: their tag and document, for 304. */
const known = new Map();
const MOST_KNOWN = 50;

let asking = 0;
const QUIET_MS = 50;

/** Wait until no answer is awaited: what a view shows comes before what its fields offer. */
export async function whenQuiet() {
  do await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  while (asking > 0);
}

/**
 * @param {string} path
 * @param {Object<string, any>} [query]
 * @param {AbortSignal} [signal]
 */
export async function get(path, query = {}, signal) {
  asking += 1;
  try {
    return await newest(path, query, signal);
  } finally {
    asking -= 1;
  }
}

/**
 * @param {string} path
 * @param {Object<string, any>} query
 * @param {AbortSignal} [signal]
 */
async function newest(path, query, signal) {
  const url = apiUrl(path, query).href;
  const kept = known.get(url);
  const response = await send(url, { headers: kept ? { "If-None-Match": kept.tag } : {}, signal });
  if (response.status === 304 && kept) return kept.document;
  const document = await read(response, "GET");
  const tag = response.headers.get("ETag");
  known.delete(url);
  if (tag) known.set(url, { tag, document });
  if (known.size > MOST_KNOWN) known.delete(known.keys().next().value);
  return document;
}

/**
 * Return the answer to a request of another form, such as CSV.
 * @param {string | URL} url
 * @param {string} type
 */
export async function getText(url, type) {
  const response = await send(String(url), { headers: { Accept: type } });
  if (!response.ok) await read(response, "GET");
  return { text: await response.text(), link: response.headers.get("Link") };
}

/**
 * @param {"PUT" | "PATCH" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {any} [body]
 */
export async function change(method, path, body) {
  /** @type {Object<string, string>} */
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const text = body === undefined ? undefined : JSON.stringify(body);
  return read(await send(apiUrl(path).href, { method, headers, body: text }), method);
}

/**
 * @param {string} url
 * @param {RequestInit} options
 */
async function send(url, options) {
  try {
    const access = await accessHeaders();
    const response = await sendWith(access, url, options);
    if (response.status !== 401 || !(await renewAccess(access))) return response;
    return await sendWith(await accessHeaders(), url, options);
  } catch (error) {
    if (error instanceof SignInError) throw new ApiError("down", error.message);
    throw error;
  }
}

/**
 * @param {Record<string, string>} access
 * @param {string} url
 * @param {RequestInit} options
 */
async function sendWith(access, url, options) {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  const headers = { ...access, ...options.headers };
  try {
    return await fetch(url, {
      ...options,
      headers,
      signal,
      cache: "no-store",
      credentials: "omit",
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    if (!navigator.onLine) throw new ApiError("offline", "This device has no network connection.");
    const late = limit.aborted;
    const text = late ? `did not answer within ${TIMEOUT_MS / 1000} s` : "cannot be reached";
    throw new ApiError("down", `The service ${text}.`);
  }
}

/**
 * @param {Response} response
 * @param {string} method
 */
async function read(response, method) {
  let document = null;
  try {
    document = await response.json();
  } catch {
    if (response.ok) throw new ApiError("down", "The answer did not come from the service.");
  }
  if (response.ok) return document;
  throw problem(response, document ?? {}, method);
}

/**
 * @param {Response} response
 * @param {any} document a problem document
 * @param {string} method
 */
function problem(response, document, method) {
  const { status } = response;
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const more = {
    status,
    retryAfterS: Number.isFinite(seconds) ? seconds : null,
    errors: Array.isArray(document.errors) ? document.errors : [],
  };
  const detail = typeof document.detail === "string" ? document.detail : "";
  if (status === 403 && usesTokens) {
    const what = method === "GET" ? "see this" : "change this";
    return new ApiError("forbidden", `The account that you signed in with may not ${what}.`, more);
  }
  if (status === 401 && usesTokens) return new ApiError("key", "", more);
  if (status === 401 || status === 403) {
    if (method !== "GET" && currentKey()) {
      return new ApiError("forbidden", "The key of this tab can read this, but not change it.", more);
    }
    return new ApiError("key", detail || "The service does not accept this key.", more);
  }
  if (status === 429) return new ApiError("throttled", detail || "Too many requests.", more);
  if (status === 404 || status === 410)
    return new ApiError("missing", detail || "Not found.", more);
  if (status >= 500) return new ApiError("down", "The service failed to answer.", more);
  return new ApiError("invalid", detail || "The service did not accept the request.", more);
}
