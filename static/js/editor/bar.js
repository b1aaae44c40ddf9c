// The buttons around the canvas, and the one line that is spoken: what was done, undone, and done again.

import { announce } from "../announce.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./viewport.js").Viewport} Viewport */

/**
 * @param {Store} store @param {Viewport} viewport
 * @param {{fit: () => void, tidy: () => void, add: () => void}} does
 */
export function bar(store, viewport, does) {
  /** @param {string} selector @param {() => void} act */
  const on = (selector, act) => document.querySelector(selector)?.addEventListener("click", act);
  on("[data-view=in]", () => viewport.zoom(1.2));
  on("[data-view=out]", () => viewport.zoom(1 / 1.2));
  on("[data-view=fit]", does.fit);
  on("[data-view=tidy]", does.tidy);
  on("[data-add]", does.add);
  on("[data-history=undo]", () => store.undo());
  on("[data-history=redo]", () => store.redo());

  const zoom = document.querySelector("[data-zoom]");
  viewport.addEventListener("change", () => {
    const text = `${Math.round(viewport.scale * 100)} %`;
    if (zoom && zoom.textContent !== text) zoom.textContent = text;
  });
  store.addEventListener("change", (event) => {
    const { name, after } = /** @type {CustomEvent<import("./store.js").Change>} */ (event).detail;
    if (/^(Undone|Done again|delete|add|connect)/.test(name)) announce(name);
    document.querySelector("[data-welcome]")?.toggleAttribute("hidden", after.nodes.length > 0);
    for (const which of /** @type {const} */ (["undo", "redo"])) {
      const button = /** @type {HTMLButtonElement} */ (document.querySelector(`[data-history=${which}]`));
      button.disabled = !store.history[which];
      button.title = `${which === "undo" ? "Undo" : "Do again"}: ${store.history[which]}`;
    }
  });
}
