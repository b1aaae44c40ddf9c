// Dark or light: each click shows the other one. What the system shows is followed, until a person wants the other; a
// cookie keeps that, so that a page never flashes.

import { announce } from "./announce.js";

/** @typedef {"dark" | "light"} Theme */

const YEAR = 31_536_000;
const system = matchMedia("(prefers-color-scheme: dark)");
const buttons = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-action=theme]"));

const choices = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[data-themes] input"));

for (const button of buttons) button.addEventListener("click", turn);
for (const choice of choices) choice.addEventListener("change", () => keep(/** @type {Theme | ""} */ (choice.value)));
system.addEventListener("change", describe);
describe();

function turn() {
  const wanted = other(shown());
  keep(wanted === ofSystem() ? "" : wanted);
}

/** @param {Theme | ""} kept What a person wants, or as the system has it. */
function keep(kept) {
  if (kept) document.documentElement.dataset.theme = kept;
  else delete document.documentElement.dataset.theme;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is missing over plain HTTP
  document.cookie = `theme=${kept}; path=/; max-age=${kept ? YEAR : 0}; samesite=lax`;
  describe();
  announce(`${shown()} appearance`);
}

/** Each button says which one is on, and what a click does. */
function describe() {
  const now = shown();
  const why = document.documentElement.dataset.theme ? "" : ", as your system";
  for (const button of buttons) {
    button.title = `Appearance: ${now}${why}. Switch to ${other(now)}.`;
    button.ariaLabel = button.title;
  }
  for (const choice of choices) choice.checked = choice.value === (document.documentElement.dataset.theme ?? "");
}

/** @returns {Theme} */
function shown() {
  return /** @type {Theme | undefined} */ (document.documentElement.dataset.theme) ?? ofSystem();
}

/** @returns {Theme} */
function ofSystem() {
  return system.matches ? "dark" : "light";
}

/** @param {Theme} theme @returns {Theme} */
function other(theme) {
  return theme === "dark" ? "light" : "dark";
}
