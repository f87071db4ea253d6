/** Sign in at the issuer and out again: the authorization code flow with PKCE (RFC 7636). */

import { offer } from "./sign_in_offer.js";
import { SignInError, forgetTokens, hasToken, requestTokens } from "./tokens.js";

const NAME = "smile.sign-in";
const RANDOM_BYTES = 32;
// What issuers add to the address: RFC 6749, RFC 9207, OpenID Connect Session Management 1.0.
const ANSWERS = ["code", "state", "error", "error_description", "error_uri", "iss", "session_state"];

/** The address to which the issuer sends people back: that of the page, without a fragment. */
const RETURN_TO = new URL(document.baseURI).href;

/** Go to the issuer; the view that the address names is shown after the return. */
export async function startSignIn() {
  const state = randomText();
  const verifier = randomText();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  sessionStorage.setItem(NAME, JSON.stringify({ state, verifier, hash: location.hash }));
  go(offer.authorization_endpoint, {
    response_type: "code",
    client_id: offer.client_id,
    redirect_uri: RETURN_TO,
    scope: offer.scope,
    ...(offer.audience && { audience: offer.audience }),
    state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
}

/** Whether the address is the answer of an issuer. */
export function isReturn() {
  const query = new URLSearchParams(location.search);
  return query.has("code") || query.has("error");
}

/**
 * Take the answer of the issuer out of the address, and change its code for tokens.
 * @returns {Promise<string | null>} why the person is not signed in
 */
export async function finishSignIn() {
  const query = new URLSearchParams(location.search);
  const started = JSON.parse(sessionStorage.getItem(NAME) ?? "null");
  const isOurs = started !== null && started.state === query.get("state");
  cleanAddress(isOurs ? started.hash : location.hash);
  if (!isOurs) {
    if (hasToken()) return null;
    return "This sign-in was not started in this tab, or was used before.";
  }
  sessionStorage.removeItem(NAME);
  const error = query.get("error");
  if (error) return refusal(error);
  try {
    await requestTokens({
      grant_type: "authorization_code",
      code: query.get("code") ?? "",
      redirect_uri: RETURN_TO,
      code_verifier: started.verifier,
    });
    return null;
  } catch (failure) {
    if (failure instanceof SignInError) return failure.message;
    throw failure;
  }
}

/** Forget the tokens, and end the session of the issuer if it has an address for it. */
export function signOut() {
  forgetTokens();
  if (!offer.end_session_endpoint) return;
  go(offer.end_session_endpoint, {
    client_id: offer.client_id,
    post_logout_redirect_uri: RETURN_TO, // OpenID Connect RP-Initiated Logout 1.0
    logout_uri: RETURN_TO, // Amazon Cognito
  });
}

/** @param {string} error its code in the address */
function refusal(error) {
  if (error === "access_denied") return "The sign-in was cancelled, or your account may not use it.";
  if (error === "server_error" || error === "temporarily_unavailable")
    return "The sign-in service failed to answer.";
  const code = /^[a-z_]{1,40}$/.test(error) ? error : "unknown";
  return `The sign-in service refused the request (${code}). Tell the operator.`;
}

/** @param {string} hash */
function cleanAddress(hash) {
  const url = new URL(location.href);
  for (const name of ANSWERS) url.searchParams.delete(name);
  url.hash = hash;
  history.replaceState(null, "", url);
}

/** @param {string} endpoint @param {Object<string, string>} parameters */
function go(endpoint, parameters) {
  const url = new URL(endpoint);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  location.assign(url);
}

function randomText() {
  return base64url(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}
