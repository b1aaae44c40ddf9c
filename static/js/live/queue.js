// The list of runs: folded or not, which a cookie remembers; more cards are asked of the socket. Where nothing is
// remembered, it is open as long as the canvas is much wider than it.

import { say } from "./socket.js";

const YEAR = 31_536_000;

const close = matchMedia("(min-width: 601px) and (max-width: 1099px)");

const MINE = 1500; // ms after a person's own move, within which the card may be brought into sight

let asked = Number.NEGATIVE_INFINITY;
let unasked = false; // nobody has said whether it should be open

export function queue() {
  const list = document.getElementById("queue");
  const button = /** @type {HTMLElement | null} */ (list?.querySelector("[data-queue]"));
  unasked = list?.dataset.open === "roomy";
  const suit = () => {
    if (!unasked || !list || !button) return;
    list.toggleAttribute("data-open", false);
    button.ariaExpanded = String(list.toggleAttribute("data-open", !close.matches));
    document.dispatchEvent(new Event("queue:folded"));
  };
  suit();
  close.addEventListener("change", suit);
  for (const kind of ["keydown", "click"]) {
    document.addEventListener(kind, () => {
      asked = performance.now();
    });
  }
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const more = /** @type {HTMLElement | null} */ (target.closest("[data-more]"));
    if (more) say({ more: more.dataset.more });
    const button = target.closest("[data-queue]");
    if (button) fold(/** @type {HTMLElement} */ (button));
  });
}

/** Brings the focused run's card into sight, if the person has just moved the lens: else nothing scrolls. */
export function reveal() {
  if (performance.now() - asked > MINE) return;
  const list = document.getElementById("queue-groups");
  const card = list?.querySelector("[aria-current=true]")?.getBoundingClientRect();
  if (!list || !card) return;
  const { top, bottom } = list.getBoundingClientRect();
  list.scrollTop += Math.min(card.top - top - 8, 0) + Math.max(card.bottom - bottom + 8, 0);
}

/** @param {HTMLElement} button */
function fold(button) {
  const open = document.getElementById("queue")?.toggleAttribute("data-open") ?? false;
  button.ariaExpanded = String(open);
  unasked = false;
  document.dispatchEvent(new Event("queue:folded"));
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is missing over plain HTTP
  document.cookie = `queue=${open ? "open" : "closed"}; path=/; max-age=${YEAR}; samesite=lax`;
}
