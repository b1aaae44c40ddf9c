// What the graph says of a node, shown in its element: title, values of properties, which inputs are fed.

import { showFace } from "../faces.js";
import { fedInputs } from "./graph.js";
import { isWritten, readWritten, showWritten } from "./written.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./graph.js").GraphNode} GraphNode */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

/** @param {HTMLElement} element @param {GraphNode} node @param {Graph} graph */
export function showNode(element, node, graph) {
  const title = element.querySelector(".title");
  if (title && node.title && title.textContent !== node.title) title.textContent = node.title;
  element.toggleAttribute("data-bypassed", node.bypassed === true);
  element.querySelector("[data-gallery]")?.setAttribute("aria-pressed", `${node.gallery === true}`);
  const cache = /** @type {HTMLSelectElement | null} */ (element.querySelector("[data-cache]"));
  if (cache) cache.value = JSON.stringify(node.cache ?? null);
  const fed = fedInputs(graph);
  for (const row of element.querySelectorAll("[data-input]")) {
    const { dataset } = /** @type {HTMLElement} */ (row);
    row.toggleAttribute("data-fed", fed.has(`${node.id} ${dataset.input}`));
  }
  const sent = new Set(graph.edges.filter((edge) => edge.source === node.id).map((edge) => edge.output));
  for (const port of element.querySelectorAll("[data-side=out]")) {
    port.toggleAttribute("data-sends", sent.has(/** @type {HTMLElement} */ (port).dataset.port ?? ""));
  }
  for (const control of element.querySelectorAll("[data-property]")) {
    const found = /** @type {Control} */ (control);
    const name = found.dataset.property ?? "";
    const given = node.properties ?? {};
    const value = name in given ? given[name] : JSON.parse(found.dataset.default ?? "null");
    if (found.dataset.offers) offer(/** @type {HTMLSelectElement} */ (found), given[found.dataset.offers]);
    if (found !== document.activeElement) showValue(found, value);
  }
}

/**
 * What a control says, as the graph has it; undefined where it says nothing that could be kept.
 * @param {Control} control @returns {unknown}
 */
export function readControl(control) {
  if (isWritten(control)) return readWritten(/** @type {HTMLTextAreaElement} */ (control));
  switch (control.dataset.widget) {
    case "checkbox":
      return /** @type {HTMLInputElement} */ (control).checked;
    case "integer":
    case "number": {
      if (control.validity.badInput) return undefined;
      return control.value === "" ? null : Number(control.value);
    }
    case "select": {
      const option = /** @type {HTMLSelectElement} */ (control).selectedOptions[0];
      return option ? JSON.parse(option.dataset.value ?? "null") : undefined;
    }
    case "asset":
      return undefined;
    default:
      return control.value;
  }
}

/** @param {Control} control @param {unknown} value */
function showValue(control, value) {
  if (isWritten(control)) {
    showWritten(/** @type {HTMLTextAreaElement} */ (control), value);
    return;
  }
  const text =
    value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : `${value}`;
  switch (control.dataset.widget) {
    case "checkbox":
      /** @type {HTMLInputElement} */ (control).checked = value === true;
      return;
    case "select": {
      const select = /** @type {HTMLSelectElement} */ (control);
      select.selectedIndex = [...select.options].findIndex((option) => option.dataset.value === JSON.stringify(value));
      return;
    }
    case "swatch":
      if (/^#[0-9a-f]{6}$/i.test(text)) control.value = text;
      return;
    case "asset":
      showAsset(control, value);
      return;
    default:
      if (control.value !== text && !(text !== "" && Number(control.value) === value && control.value !== ""))
        control.value = text;
      control.parentElement?.querySelector("[data-dice]")?.setAttribute("aria-pressed", `${value === null}`);
  }
}

/** Offers what the node itself says there is to choose. @param {HTMLSelectElement} select @param {unknown} choices */
function offer(select, choices) {
  const values = (Array.isArray(choices) ? choices : []).map((choice) => JSON.stringify(choice));
  if (values.join() === [...select.options].map((option) => option.dataset.value).join()) return;
  const options = values.map((value) => {
    const option = new Option(`${JSON.parse(value)}`);
    option.dataset.value = value;
    return option;
  });
  select.replaceChildren(...options);
}

/** @param {Control} control @param {unknown} value */
function showAsset(control, value) {
  const drop = control.closest("[data-drop]");
  const image = drop?.querySelector("img");
  const face = /** @type {HTMLElement | null | undefined} */ (drop?.querySelector("[data-face]"));
  const asset = value && typeof value === "object" && "asset" in value ? `${value.asset}` : "";
  const address = `/api/v1/assets/${asset}/thumbnail`;
  if (face) showFace(face, asset);
  if (image && asset && image.getAttribute("src") !== address) image.src = address;
  if (image) image.hidden = !asset;
  drop?.querySelector(".hint")?.toggleAttribute("hidden", Boolean(asset));
}
