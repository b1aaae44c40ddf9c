// The Run button: what is written is saved first; what keeps the workflow from running is told, and clears nothing.

import { announce } from "../announce.js";
import { tell } from "../banner.js";
import { post } from "./post.js";

/** @typedef {{node: string | null, property: string | null, code: string, message: string}} Problem */

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
  const chosen = address.endsWith("selection") ? [...document.querySelectorAll("[data-node][data-chosen]")] : [];
  const nodes = chosen.map((each) => `&node=${/** @type {HTMLElement} */ (each).dataset.node}`);
  if (await saved()) await run(address + nodes.join(""));
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
  if (!answer.ok) return;
  const problems = /** @type {Problem[]} */ ((await answer.json()).errors);
  const looked = import("../editor/editor.js").then(({ editor }) => editor.look());
  if (problems.length) await looked;
  const list = /** @type {HTMLDetailsElement | null} */ (document.querySelector("[data-problems]"));
  if (list && problems.length) {
    list.open = true;
    list.scrollIntoView({ block: "nearest" }); // a phone's page scrolls
  }
  const other = problems.find((problem) => !problem.node);
  if (other) tell(other.message);
  else if (problems.length) announce(`It can’t run yet: ${problems.length} things to do.`);
}
