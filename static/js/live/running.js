// The Run button: what is written is saved first; what keeps the workflow from running is told, and clears nothing.

import { post } from "./post.js";

/** @typedef {{node: string | null, property: string | null, code: string, message: string}} Problem */

const SHOWN = 8000; // ms

export function running() {
  let turn = Promise.resolve();
  document.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-run]"));
    const shown = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-show]"));
    if (shown?.dataset.show) show(shown.dataset.show);
    if (button?.dataset.run) turn = turn.then(() => attempt(button.dataset.run ?? "")); // each press is a run
  });
}

/** @param {string} address */
async function attempt(address) {
  try {
    if (await saved()) await run(address);
  } catch {
    tell("Loupe does not answer. Run again when it is back.");
  }
}

/** Saves what is written on the canvas; whether all of it is. */
export async function saved() {
  return (await import("../editor/editor.js")).editor.saved();
}

/** Brings a node into sight. @param {string} id */
async function show(id) {
  (await import("../editor/editor.js")).editor.show(id);
}

/** @param {string} address */
async function run(address) {
  const answer = await post(address);
  if (!answer.ok) return tell(`The server answered ${answer.status}. Reload the page, then run again.`);
  const problems = /** @type {Problem[]} */ ((await answer.json()).errors);
  const looked = import("../editor/editor.js").then(({ editor }) => editor.look());
  if (problems.length) await looked;
  const list = /** @type {HTMLDetailsElement | null} */ (document.querySelector("[data-problems]"));
  if (list && problems.length) list.open = true;
  const other = problems.find((problem) => !problem.node);
  if (other) tell(other.message);
  else if (problems.length) say(`It can’t run yet: ${problems.length} things to do.`);
}

/** @param {string} message */
function tell(message) {
  const place = document.getElementById("notice");
  if (!place) return;
  place.textContent = message;
  place.hidden = false;
  setTimeout(() => {
    place.hidden = place.textContent === message;
  }, SHOWN);
}

/** @param {string} message */
function say(message) {
  const place = document.getElementById("announcer");
  if (place) place.textContent = message;
}
