// What moves many times a second on a job's page: progress, streamed text, clocks. Structure comes as HTML, by hx-ws.

import { announce } from "./announce.js";
import { clock } from "./clock.js";
import { advance, append, Frames, settle, write } from "./hot.js";
import { details } from "./live/details.js";
import { sounds } from "./sounds.js";
import { grow } from "./timeline.js";

/**
 * @typedef {object} Patch
 * @property {string} type
 * @property {number} [progress]
 * @property {number} [done]
 * @property {Record<string, {share: number, counts: string, cost: string}>} [nodes]
 * @property {Record<string, [number, string]>} [text]
 */

const hot = new Frames(
  /** @param {Patch[]} patches */ (patches) => {
    const settle = append(patches.map((patch) => patch.text));
    show(Object.assign({}, ...patches, { nodes: Object.assign({}, ...patches.map((patch) => patch.nodes)) }));
    settle();
  },
);
const scrolling = ".node .text, .log";
let state = job().dataset.state;
let acting = false;

document.addEventListener("htmx:ws:before:message:incoming", (event) => {
  const message = JSON.parse(/** @type {CustomEvent} */ (event).detail.message.data);
  if (message.type === "patch") hot.take(message);
  else if (message.content) before();
});
document.addEventListener("htmx:ws:after:message:incoming", after);
details();
clock(document, grow);
sounds();
document.addEventListener("submit", () => {
  for (const open of document.querySelectorAll(":popover-open")) /** @type {HTMLElement} */ (open).hidePopover();
});

/** Hot values that came earlier are in place before HTML is, which has them too. */
function before() {
  hot.flush();
  acting = job().contains(document.activeElement);
}

function after() {
  if (acting && document.activeElement === document.body) job().focus(); // the button that was pressed is gone
  settle(document.querySelectorAll(scrolling));
  if (job().dataset.state === state) return;
  state = job().dataset.state;
  announce(`${job().ariaLabel}: ${job().querySelector(".status")?.textContent?.trim()}`);
}

/** @param {Patch} patch */
function show(patch) {
  if (patch.progress !== undefined) advance(place("job-progress"), patch.progress);
  if (patch.done !== undefined) write(place("job-done"), String(patch.done));
  for (const [id, node] of Object.entries(patch.nodes ?? {})) {
    advance(place(`progress-${id}`), node.share);
    write(place(`counts-${id}`), node.counts);
    write(place(`cost-${id}`), node.cost);
  }
}

/** @param {string} id */
function place(id) {
  return document.getElementById(id);
}

function job() {
  return /** @type {HTMLElement} */ (document.getElementById("head"));
}
