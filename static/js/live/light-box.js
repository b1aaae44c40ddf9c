// The light box: one product, large; arrow keys turn to the next and the previous, others press what can be done with it.

import { open } from "./dialogs.js";
import { choose, keep, remove, rerun } from "./light-actions.js";
import { offer, use } from "./light-inputs.js";

/** @type {Record<string, string>} By the key as it is typed. */
const KEYS = {
  ArrowLeft: "[data-action=previous]",
  ArrowRight: "[data-action=next]",
  u: "[data-action=use]",
  r: "[data-action=rerun]",
  c: "[data-action=compare]",
};

export function lightBox() {
  const box = /** @type {HTMLDialogElement | null} */ (document.getElementById("light"));
  document.addEventListener("click", ({ target }) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-light]"));
    if (button?.dataset.light) show(button.dataset.light, button.dataset.action);
  });
  document.addEventListener("dblclick", ({ target }) => {
    const product = /** @type {Element} */ (target).closest("[data-asset]:has(> [data-light])");
    if (product instanceof HTMLElement && product.dataset.asset) show(product.dataset.asset);
  });
  box?.addEventListener("click", ({ target }) => {
    const button = /** @type {HTMLButtonElement | null} */ (/** @type {Element} */ (target).closest("button"));
    if (button) act(button);
  });
  box?.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && keep()) return event.preventDefault();
    const pressed = KEYS[event.key];
    if (!pressed || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target instanceof HTMLElement && event.target.matches("audio, video")) return;
    event.preventDefault();
    /** @type {HTMLElement | null} */ (box.querySelector(pressed))?.click();
  });
}

/** @param {HTMLButtonElement} button */
async function act(button) {
  if (button.dataset.action === "rerun") await rerun(button);
  if (button.dataset.action === "choose") await choose(button);
  if (button.dataset.action === "use") await use(button);
  if (button.dataset.keep !== undefined) keep();
  if (button.dataset.action === "delete" && (await remove(button))) leave();
}

/** Where the product was that has been deleted, the next one is; else the one before it; else nothing. */
function leave() {
  const box = /** @type {HTMLDialogElement} */ (document.getElementById("light"));
  const gone = /** @type {HTMLElement} */ (document.getElementById("light-box")).dataset.asset;
  for (const tile of document.querySelectorAll(`.tile[data-asset="${gone}"]:not(:has(.times))`)) tile.remove();
  const turns = ["next", "previous"].map((way) => box.querySelector(`[data-action=${way}]`));
  const next = /** @type {HTMLElement | undefined} */ (turns.find(Boolean))?.dataset.light;
  if (next) show(next, "next");
  else box.close();
}

/**
 * The focus goes to the same button as before, as that is another element now.
 * @param {string} asset @param {string} [action] The button that was pressed.
 */
async function show(asset, action = "close") {
  await open("light", `/assets/${asset}/`);
  const box = /** @type {HTMLElement} */ (document.getElementById("light-box"));
  const button = box.querySelector(`[data-action=${action}]`) ?? box.querySelector("[data-action=close]");
  if (!box.contains(document.activeElement)) /** @type {HTMLElement | null} */ (button)?.focus();
  await offer();
}
