// Editing in place: what is typed into a node's editors goes into the graph as it is typed.

import { rename, setCache, setGallery, setInputs, setProperty } from "./commands.js";
import { fedInputs, nodeOf } from "./graph.js";
import { mentioned } from "./mentions.js";
import { readControl } from "./values.js";
import { isWritten } from "./written.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./values.js").Control} Control */

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** @param {HTMLElement} plane @param {Store} store */
export function editProperties(plane, store) {
  plane.addEventListener("input", ({ target }) => {
    const control = /** @type {Control} */ (target);
    if (control.dataset.cache !== undefined) store.do(setCache(idAt(control), JSON.parse(control.value)));
    if (control.dataset.property === undefined || control.dataset.widget === "asset") return;
    const value = readControl(control);
    if (value !== undefined) store.do(setProperty(idAt(control), control.dataset.property, value));
  });
  plane.addEventListener("change", ({ target }) => {
    const control = /** @type {Control} */ (target);
    mention(control);
    if (isWritten(control)) control.reportValidity();
  });
  plane.addEventListener("click", ({ target }) => {
    const [dice, fold, gallery] = ["[data-dice]", "[data-fold]", "[data-gallery]"].map((each) =>
      /** @type {HTMLElement} */ (target).closest(each),
    );
    if (dice) roll(dice);
    if (fold) unfold(fold);
    if (gallery) store.do(setGallery(idAt(gallery), gallery.getAttribute("aria-pressed") !== "true"));
  });
  plane.addEventListener("dblclick", ({ target }) => {
    const title = /** @type {HTMLElement} */ (target).closest(".title");
    if (title) editTitle(idAt(title), store, plane);
  });
  plane.addEventListener("keydown", (event) => {
    const control = /** @type {HTMLInputElement} */ (event.target);
    if (event.key !== "Enter" || control.dataset.addInput === undefined) return;
    event.preventDefault();
    if (NAME.test(control.value)) addInputs(idAt(control), [control.value], () => true);
    else control.setCustomValidity("Letters, digits and _, not beginning with a digit.");
    control.reportValidity();
  });

  /** A template's or an expression's inputs are the names that it mentions, and those that are fed. @param {Control} control */
  function mention(control) {
    const id = idAt(control);
    const names = mentioned(control.dataset.property ?? "", control.value);
    if (!names || !control.closest("[data-node]")?.querySelector("[data-add-input]")) return;
    const fed = fedInputs(store.graph);
    addInputs(id, names, (name) => names.includes(name) || fed.has(`${id} ${name}`));
  }

  /** @param {string} id @param {string[]} names @param {(name: string) => boolean} stays */
  function addInputs(id, names, stays) {
    const now = nodeOf(store.graph, id)?.dynamic_inputs ?? [];
    const next = [...new Set([...now.filter(stays), ...names])];
    if (next.join() !== now.join()) store.do(setInputs(id, next));
  }

  /** @param {Element} dice A seed is drawn for each run, or is the number that stands there. */
  function roll(dice) {
    const control = /** @type {Control} */ (dice.parentElement?.querySelector("[data-property]"));
    const drawn = dice.getAttribute("aria-pressed") === "true";
    const least = Math.max(0, Number(control.getAttribute("min") ?? 0));
    store.do(setProperty(idAt(control), control.dataset.property ?? "", drawn ? least : null));
  }
}

/** @param {Element} fold */
function unfold(fold) {
  const open = fold.getAttribute("aria-expanded") !== "true";
  fold.setAttribute("aria-expanded", `${open}`);
  fold.closest("[data-node]")?.toggleAttribute("data-unfolded", open);
  document.getElementById(fold.getAttribute("aria-controls") ?? "")?.toggleAttribute("hidden", !open);
}

/** Lets the title of a node be written anew. @param {string} id @param {Store} store @param {HTMLElement} plane */
export function editTitle(id, store, plane) {
  const title = plane.querySelector(`#title-${CSS.escape(id)}`);
  if (!title || title.querySelector("input")) return;
  const before = title.textContent?.trim() ?? "";
  const input = document.createElement("input");
  input.value = before;
  input.maxLength = 200;
  input.ariaLabel = "Title";
  title.replaceChildren(input);
  input.select();
  let done = false;
  /** @param {boolean} keep */
  const end = (keep) => {
    if (done) return;
    done = true;
    const after = input.value.trim();
    title.textContent = keep && after ? after : before;
    if (keep && after && after !== before) store.do(rename(id, after));
    /** @type {HTMLElement} */ (title.closest("[data-node]")).focus();
  };
  input.addEventListener("blur", () => end(true));
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" || event.key === "Escape") end(event.key === "Enter");
  });
}

/** @param {Element} inside */
function idAt(inside) {
  return /** @type {HTMLElement} */ (inside.closest("[data-node]")).dataset.node ?? "";
}
