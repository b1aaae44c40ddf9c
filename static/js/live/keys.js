// The keyboard for runs: [ ] J K and digits move the lens, Shift-P pins, Q folds the list. None acts while one types.

import { aiming, moveLens } from "./post.js";

/** @type {Record<string, string>} By the key as it is typed. */
const STEPS = { "[": "-1", k: "-1", "]": "1", j: "1" };

export function keys() {
  aiming();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === "Enter" && !event.shiftKey && !event.metaKey) {
      return press(event, event.altKey ? "[data-action=stop]" : "[data-action=run]");
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "Enter" && event.target instanceof HTMLElement && event.target.dataset.jobCard) {
      return press(event, `#choose-${event.target.dataset.jobCard}`);
    }
    if (event.shiftKey) {
      if (event.code === "KeyP") press(event, "#lens :is([data-action=pin], [data-action=unpin])");
      return;
    }
    const step = STEPS[event.key];
    if (step) moveLens({ step });
    else if (/^[1-9]$/.test(event.key)) moveLens({ nth: String(Number(event.key) - 1) });
    else if (event.key === "q") press(event, "[data-queue]");
  });
}

/** @param {KeyboardEvent} event @param {string} selector */
function press(event, selector) {
  if (document.querySelector("dialog[open]")) return;
  event.preventDefault();
  /** @type {HTMLElement | null} */ (document.querySelector(selector))?.click();
}

/** @param {EventTarget | null} target */
function typing(target) {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable || target.matches("input, textarea, select") || !!document.querySelector("dialog[open]")
  );
}
