/** How people get access: with an API key, or by signing in. The page says which. */

/**
 * @typedef {Object} Offer
 * @property {"not set up" | "away"} [problem] why nobody can sign in
 * @property {string} client_id
 * @property {string} scope
 * @property {string} [audience]
 * @property {string} authorization_endpoint
 * @property {string} token_endpoint
 * @property {string | null} end_session_endpoint
 */

/** @type {Offer} */
export const offer = JSON.parse(document.body.dataset.signIn || "{}");

/** Whether requests carry the token of a sign-in, and no key. */
export const usesTokens = Object.keys(offer).length > 0;

/** Whether there is an issuer to ask. */
export const canSignIn = usesTokens && !offer.problem;
