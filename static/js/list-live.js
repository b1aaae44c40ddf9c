// A list that looks: the runs of a workflow, or all workflows. How often is for its own hx-trigger; here, when it looks
// besides, and what for.

import { isSignedOut, mark } from "./banner.js";
import { clock } from "./clock.js";

const GONE = "This workflow has been deleted, or is no longer yours.";
const list = () => document.querySelector("[data-looks]");

let asked = false;

document.addEventListener("htmx:before:request", (event) => {
  if (event.target !== list()) return;
  if (isSignedOut() && !asked) event.preventDefault(); // each look would be refused; who comes back looks once
  asked = false;
});
document.addEventListener("htmx:after:request", (event) => {
  const { response } = /** @type {CustomEvent} */ (event).detail.ctx;
  if (event.target === list() && response.status < 400) mark("live");
  else if (event.target !== list()) look();
});
document.addEventListener("htmx:response:error", (event) => {
  const { response } = /** @type {CustomEvent} */ (event).detail.ctx;
  if (event.target !== list() || response.status === 401) return;
  if (response.status === 404) mark("offline", GONE);
  else mark("reconnecting");
});
document.addEventListener("htmx:error", (event) => {
  if (event.target === list() && !isSignedOut()) mark("reconnecting");
});
document.addEventListener("htmx:before:swap", (event) => {
  if (event.target === list()) keepFocus();
});
window.addEventListener("online", look);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) look();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) look();
});
clock(document);

function look() {
  asked = true;
  /** @type {any} */ (window).htmx.trigger(list(), "look");
}

/** Whoever stopped a run stays at it when its button goes. */
function keepFocus() {
  const row = document.activeElement?.closest?.("[data-job-card]");
  if (row) document.addEventListener("htmx:after:swap", () => refocus(row.id), { once: true });
}

/** @param {string} id */
function refocus(id) {
  if (document.activeElement !== document.body) return;
  /** @type {HTMLElement | null} */ (document.getElementById(id)?.querySelector("a") ?? null)?.focus();
}
