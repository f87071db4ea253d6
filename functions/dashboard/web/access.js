/** What requests carry, and what it allows: the key of this tab, or the token of a sign-in. */

import { currentKey, forgetKey, keyScope } from "./key.js";
import { usesTokens } from "./sign_in_offer.js";
import { currentToken, forgetTokens, hasToken, renewToken, tokenScopes } from "./tokens.js";

export function hasAccess() {
  return usesTokens ? hasToken() : currentKey() !== null;
}

/** @returns {Promise<Record<string, string>>} the headers of a request */
export async function accessHeaders() {
  if (usesTokens) return { Authorization: `Bearer ${await currentToken()}` };
  return { "x-api-key": currentKey() ?? "" };
}

/**
 * Whether a refused request may be sent again, with a new token.
 * @param {Record<string, string>} headers of the refused request
 */
export async function renewAccess({ Authorization }) {
  return Authorization ? renewToken(Authorization.replace("Bearer ", "")) : false;
}

/** Whether people may change settings. The API decides; this is what key or token say. */
export function mayAdminister() {
  if (!usesTokens) return keyScope() === null || keyScope() === "admin";
  return tokenScopes()?.has("admin") ?? true;
}

export function forgetAccess() {
  if (usesTokens) forgetTokens();
  else forgetKey();
}
