// The light box: one product, large; arrow keys turn to the next and the previous.

import { open } from "./dialogs.js";

/** @type {Record<string, string>} */
const TURNS = { ArrowLeft: "[data-action=previous]", ArrowRight: "[data-action=next]" };

export function lightBox() {
  const box = /** @type {HTMLDialogElement | null} */ (document.getElementById("light"));
  document.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-light]"));
    if (button?.dataset.light) open("light", `/assets/${button.dataset.light}/`);
  });
  box?.addEventListener("keydown", (event) => {
    const turn = TURNS[event.key];
    if (!turn || (event.target instanceof HTMLElement && event.target.matches("audio, video"))) return;
    event.preventDefault();
    /** @type {HTMLElement | null} */ (box.querySelector(turn))?.click();
  });
}
