// Says whether what a page shows is live, and what became of something that a person asked for and did not get.

import { announce } from "./announce.js";

/** @typedef {"live" | "reconnecting" | "offline"} Connection */
/** @typedef {{request: {method: string}, response?: {status: number}, text?: string}} Asked */

const SHOWN = 8_000; // ms
const LOST = "That did not reach Loupe. Try again once the connection is back.";
const SIGNED_OUT = "You are signed out, so that was not done.";
const REFUSED = "That was not done. Reload the page, then try again.";

let clearing = 0;

document.addEventListener("htmx:response:error", (event) => {
  const { request, response, text } = of(event);
  if (request.method !== "GET") refused(response?.status ?? 0, text);
  else if (response?.status === 401) signedOut();
});
document.addEventListener("htmx:error", (event) => {
  const method = of(event)?.request?.method;
  if (method && method !== "GET") tell(LOST);
});

/**
 * @param {Connection} connection
 * @param {string} [why] For a page that stays offline.
 */
export function mark(connection, why) {
  const page = document.body;
  const sentence = document.querySelector("[data-offline]");
  if (why && sentence) sentence.textContent = why;
  if (connection === "live") delete page.dataset.signedOut;
  if (page.dataset.connection === connection) return;
  page.dataset.connection = connection;
  if (connection === "offline") announce(why ?? "");
}

/** From here on nothing comes in: the banner leads to the sign-in page. */
export function signedOut() {
  document.body.dataset.signedOut = "";
  mark("offline", "You are signed out.");
}

export function isSignedOut() {
  return "signedOut" in document.body.dataset;
}

/**
 * What was asked of the server was not done.
 * @param {number} status 0 where no answer came. @param {string} [why] What it answered: with a 409, words for people.
 */
export function refused(status, why) {
  if (status === 401) signedOut();
  if (status === 409 && why) tell(why);
  else tell(status === 401 ? SIGNED_OUT : status ? REFUSED : LOST);
}

/** @param {string} words Shown for a while. */
export function tell(words) {
  const place = document.querySelector("[data-told]");
  if (!place) return;
  place.textContent = words;
  announce(words);
  clearTimeout(clearing);
  clearing = setTimeout(() => {
    place.textContent = "";
  }, SHOWN);
}

/** @param {Event} event @returns {Asked} */
function of(event) {
  return /** @type {CustomEvent} */ (event).detail.ctx;
}
