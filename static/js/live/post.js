// Asks something of the server, as the person who is signed in. What came of it, the socket tells; that it did not reach
// the server, or that one is signed out, the banner.

import { refused } from "../banner.js";
import { token } from "../editor/server.js";
import { say } from "./socket.js";

/**
 * @param {string} url
 * @param {Record<string, string> | FormData} [values]
 * @param {RequestInit} [how]
 * @returns {Promise<Response>} Not ok where nothing came of it.
 */
export async function post(url, values = {}, how = {}) {
  const body = values instanceof FormData ? values : new FormData();
  if (!(values instanceof FormData)) for (const [name, value] of Object.entries(values)) body.set(name, value);
  const headers = { "X-CSRFToken": token(), "HX-Request": "true" }; // a part of a page gets no sign-in form
  const answer = await fetch(url, { method: "POST", body, headers, ...how }).catch(() => Response.error());
  if (!answer.ok) refused(answer.status, await answer.clone().text());
  return answer;
}

const lens = () => document.getElementById("wire")?.dataset.lens;

/** Moves the lens, by the socket where it is open: that is quicker. @param {Record<string, string>} values */
export function moveLens(values) {
  const url = lens();
  if (url && !say({ lens: values })) post(url, values);
}

/** Buttons that move it do so too. */
export function aiming() {
  document.addEventListener("htmx:before:request", (event) => {
    const { action, body } = /** @type {CustomEvent} */ (event).detail.ctx.request;
    if (action === lens() && say({ lens: Object.fromEntries(body) })) event.preventDefault();
  });
}
