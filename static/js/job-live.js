// What moves many times a second on a job's page: progress, streamed text, clocks. Structure comes as HTML, by hx-ws.

import { announce } from "./banner.js";
import { clock } from "./clock.js";

/**
 * @typedef {object} Patch
 * @property {string} type
 * @property {number} [progress]
 * @property {number} [done]
 * @property {Record<string, {share: number, counts: string}>} [nodes]
 * @property {Record<string, [number, string]>} [text]
 */

/** Gathers patches, and puts them in place once per animation frame. */
class HotValues {
  /** @type {Patch[]} */
  #patches = [];
  #frame = 0;

  /** @param {Patch} patch */
  take(patch) {
    this.#patches.push(patch);
    this.#frame ||= requestAnimationFrame(() => this.flush());
  }

  flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const patches = this.#patches.splice(0);
    for (const patch of patches) {
      for (const [id, text] of Object.entries(patch.text ?? {})) append(id, ...text);
    }
    const newest = Object.assign({}, ...patches, { nodes: Object.assign({}, ...patches.map((patch) => patch.nodes)) });
    show(newest);
  }
}

const hot = new HotValues();
const scrolling = ".node .text, .log";
let state = job().dataset.state;
let acting = false;

document.addEventListener("htmx:ws:before:message:incoming", (event) => {
  const message = JSON.parse(/** @type {CustomEvent} */ (event).detail.message.data);
  if (message.type === "patch") hot.take(message);
  else if (message.content) before();
});
document.addEventListener("htmx:ws:after:message:incoming", after);
clock(document);
document.addEventListener("submit", () => {
  for (const open of document.querySelectorAll(":popover-open")) /** @type {HTMLElement} */ (open).hidePopover();
});

/** Hot values that came earlier are in place before HTML is, which has them too. */
function before() {
  hot.flush();
  acting = job().contains(document.activeElement);
  for (const box of document.querySelectorAll(scrolling)) {
    box.toggleAttribute("data-follows", follows(box));
  }
}

function after() {
  if (acting && document.activeElement === document.body) job().focus(); // the button that was pressed is gone
  for (const box of document.querySelectorAll("[data-follows]")) box.scrollTop = box.scrollHeight;
  if (job().dataset.state === state) return;
  state = job().dataset.state;
  announce(`${job().ariaLabel}: ${job().querySelector(".status")?.textContent?.trim()}`);
}

/** @param {Patch} patch */
function show(patch) {
  if (patch.progress !== undefined) advance("job-progress", patch.progress);
  if (patch.done !== undefined) write("job-done", String(patch.done));
  for (const [id, node] of Object.entries(patch.nodes ?? {})) {
    advance(`progress-${id}`, node.share);
    write(`counts-${id}`, node.counts);
  }
}

/**
 * @param {string} id
 * @param {number} at Where the new text begins.
 * @param {string} added
 */
function append(id, at, added) {
  const box = document.getElementById(`text-${id}`);
  if (!box) return;
  const follow = follows(box);
  if (at === 0 || !box.firstChild) box.replaceChildren("");
  const text = /** @type {Text} */ (box.firstChild);
  text.appendData(added.slice(Math.max(text.length - at, 0)));
  if (follow) box.scrollTop = box.scrollHeight;
}

/** @param {Element} box @returns {boolean} Whether its end is in sight. */
function follows(box) {
  return box.scrollHeight - box.scrollTop - box.clientHeight < 8;
}

/** @param {string} id @param {number} share */
function advance(id, share) {
  const bar = /** @type {HTMLProgressElement | null} */ (document.getElementById(id));
  if (bar) bar.value = share;
}

/** @param {string} id @param {string} text */
function write(id, text) {
  const place = document.getElementById(id);
  if (place && place.textContent !== text) place.textContent = text;
}

function job() {
  return /** @type {HTMLElement} */ (document.getElementById("head"));
}
