// A button puts a text on the clipboard, and says so; where the browser lets nobody do that, it chooses the text instead.

import { announce } from "./announce.js";

const SAID = 2_000; // ms

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (target.closest("[data-copy]"));
  const text = document.getElementById(button?.dataset.copy ?? "");
  if (button && text) copy(button, text);
});

/** @param {HTMLElement} button @param {HTMLElement} text */
async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text.textContent ?? "");
    say(button, "Copied");
  } catch {
    getSelection()?.selectAllChildren(text);
    say(button, "Press Ctrl-C");
  }
}

/** @param {HTMLElement} button @param {string} words */
function say(button, words) {
  const place = /** @type {HTMLElement} */ (button.querySelector("span"));
  place.textContent = words;
  announce(words);
  setTimeout(() => {
    place.textContent = "Copy";
  }, SAID);
}
