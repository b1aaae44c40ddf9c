// A product as the input of the next run: given to one of the workflow's inputs that take its kind, as one that is chosen.

import { setProperty } from "../editor/commands.js";
import { fedInputs } from "../editor/graph.js";
import { tell } from "./light-actions.js";

/** @typedef {import("../editor/graph.js").GraphNode} GraphNode */

/** Offers a button for each input that would take the product; where there is none, none. */
export async function offer() {
  const template = /** @type {HTMLTemplateElement | null} */ (document.querySelector("#light-box [data-use]"));
  if (!template) return;
  const inputs = await taking(template.dataset.use ?? "");
  template.after(...inputs.map((node, place) => button(template, node, inputs.length > 1, place)));
}

/** @param {HTMLElement} pressed */
export async function use({ dataset }) {
  const { store } = await editor();
  const asset = document.getElementById("light-box")?.dataset.asset;
  store.do(setProperty(dataset.input ?? "", "value", { asset }));
  tell(`“${dataset.title}” has it for the next run. Undo on the canvas takes it back.`);
}

/** @param {string} kind */
async function taking(kind) {
  const { graph } = (await editor()).store;
  const fed = fedInputs(graph);
  const fits = [`input.${kind}`, "input.file"];
  return graph.nodes.filter((node) => fits.includes(node.type) && !node.bypassed && !fed.has(`${node.id} value`));
}

/** @param {HTMLTemplateElement} template @param {GraphNode} node @param {boolean} named @param {number} place */
function button(template, node, named, place) {
  const made = /** @type {HTMLElement} */ (template.content.cloneNode(true).firstChild);
  const title = node.title || String(node.properties?.name ?? node.id);
  Object.assign(made.dataset, { input: node.id, title });
  const [words, key] = [made.querySelector("span"), made.querySelector("kbd")];
  if (words && named) words.textContent = `Use as “${title}”`;
  if (place === 0) made.setAttribute("aria-keyshortcuts", "U");
  else key?.remove();
  return made;
}

async function editor() {
  return (await import("../editor/editor.js")).editor;
}
