/** The tokens of a sign-in: only in this tab. A refresh token renews the access token. */

import { canSignIn, offer } from "./sign_in_offer.js";

const NAME = "smile.tokens";
const TIMEOUT_MS = 15000;
const EARLY_MS = 30000; // renewed before its end, so that no request carries an old one
const PREFIX = "smile/";

/** @typedef {{access: string, refresh: string | null, endsAt: number | null}} Tokens */

export class SignInError extends Error {
  /**
   * @param {string} message for people
   * @param {boolean} isAway whether another attempt may succeed
   */
  constructor(message, isAway = false) {
    super(message);
    this.isAway = isAway;
  }
}

/** @returns {Tokens | null} */
function kept() {
  return JSON.parse(sessionStorage.getItem(NAME) ?? "null");
}

export function hasToken() {
  return kept() !== null;
}

export function forgetTokens() {
  sessionStorage.removeItem(NAME);
}

/**
 * Ask the issuer for tokens, and keep them.
 * @param {Object<string, string>} parameters of the grant
 */
export async function requestTokens(parameters) {
  const document = await answer(new URLSearchParams({ client_id: offer.client_id, ...parameters }));
  if (typeof document.access_token !== "string")
    throw new SignInError("The sign-in service gave no token.");
  const lifeS = Number(document.expires_in);
  /** @type {Tokens} */
  const tokens = {
    access: document.access_token,
    refresh: document.refresh_token ?? kept()?.refresh ?? null,
    endsAt: lifeS > 0 ? Date.now() + lifeS * 1000 : null,
  };
  sessionStorage.setItem(NAME, JSON.stringify(tokens));
}

/** @param {URLSearchParams} body */
async function answer(body) {
  let response;
  try {
    response = await fetch(offer.token_endpoint, {
      method: "POST",
      body,
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new SignInError("The sign-in service cannot be reached.", true);
  }
  const document = await response.json().catch(() => null);
  if (response.ok && document) return document;
  if (document?.error === "invalid_grant")
    throw new SignInError("This sign-in has expired, or was used before.");
  if (document?.error && response.status < 500)
    throw new SignInError("The sign-in service does not know the dashboard. Tell the operator.");
  throw new SignInError("The sign-in service failed to answer.", true);
}

/** The access token; it is renewed shortly before its end. */
export async function currentToken() {
  const tokens = kept();
  if (tokens?.endsAt && tokens.endsAt - Date.now() < EARLY_MS) await renewToken(tokens.access);
  return kept()?.access ?? "";
}

/** @type {Promise<void> | null} */
let renewing = null;

/**
 * Renew the access token, once for all requests that need it. False when that is not possible.
 * @param {string} old the token that is refused, or about to end
 */
export async function renewToken(old) {
  const tokens = kept();
  if (tokens && tokens.access !== old) return true; // another request has renewed it
  if (!tokens?.refresh || !canSignIn) return false;
  renewing ??= requestTokens({ grant_type: "refresh_token", refresh_token: tokens.refresh });
  try {
    await renewing;
    return true;
  } catch (error) {
    if (error instanceof SignInError && error.isAway) throw error;
    return false;
  } finally {
    renewing = null;
  }
}

/**
 * The scopes in the access token, as the API reads them; null when it is not readable.
 * @returns {Set<string> | null}
 */
export function tokenScopes() {
  const claims = claimsOf(kept()?.access ?? "");
  if (!claims) return null;
  const scopes = [...listed(claims.scope), ...listed(claims.scp)].map(withoutPrefix);
  const groups = listed(claims["cognito:groups"]).filter((one) => one.startsWith(PREFIX));
  return new Set([...scopes, ...groups.map(withoutPrefix)]);
}

/** @param {string} token */
function claimsOf(token) {
  try {
    const text = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {unknown} claim a list, or one text with spaces between them */
function listed(claim) {
  const texts = typeof claim === "string" ? claim.split(" ") : claim;
  return Array.isArray(texts) ? texts.filter((one) => typeof one === "string") : [];
}

/** @param {string} scope */
function withoutPrefix(scope) {
  return scope.startsWith(PREFIX) ? scope.slice(PREFIX.length) : scope;
}
