// One hint at a time of what to try next. It goes for good when it is dismissed, and when one has done what it says.

import { post } from "./post.js";

/** @typedef {{fits: () => boolean, done?: () => boolean, clicked?: string}} Hint */

const MANY = 3;

/** When each is worth saying, and what makes it needless: something that has come true, or a click. @type {Record<string, Hint>} */
const HINTS = {
  run: { fits: () => ever() === 0, done: () => ever() > 0 },
  again: { fits: () => ever() > 0, done: () => ever() >= MANY },
  lens: { fits: () => ever() > 1, done: () => has("#lens [data-action=unpin]") },
  compare: { fits: () => has("[data-asset]:nth-of-type(2)"), clicked: "[data-action=compare]" },
  grid: { fits: () => ever() > 1, clicked: "[data-start]" },
  stop: { fits: () => has("[data-action=stop]"), clicked: "[data-action=stop]" },
  kept: { fits: () => ever() > 1, done: reloaded },
};

export function hints() {
  const place = document.getElementById("hints");
  if (!place?.querySelector("[data-hint]")) return place?.remove();
  const refresh = () => show(place);
  document.addEventListener("htmx:ws:after:message:incoming", refresh);
  document.addEventListener("click", ({ target }) => {
    const clicked = /** @type {Element} */ (target);
    const button = /** @type {HTMLElement | null} */ (clicked.closest("[data-see]"));
    if (button) see(place, button.dataset.see || place.dataset.shown || "");
    for (const [name, hint] of Object.entries(HINTS))
      if (hint.clicked && clicked.closest(hint.clicked)) see(place, name);
    refresh();
  });
  refresh();
}

/** @param {HTMLElement} place */
function show(place) {
  const left = /** @type {HTMLElement[]} */ ([...place.querySelectorAll("[data-hint]")]);
  for (const { dataset } of left) if (HINTS[dataset.hint ?? ""]?.done?.()) see(place, dataset.hint ?? "");
  const next = left.find((each) => each.isConnected && HINTS[each.dataset.hint ?? ""]?.fits());
  for (const each of left) each.hidden = each !== next;
  place.hidden = !next;
  place.dataset.shown = next?.dataset.hint ?? "";
}

/** Takes a hint off, and has it kept that it was seen. @param {HTMLElement} place @param {string} name Of the hint, or "all". */
function see(place, name) {
  const seen = place.querySelectorAll(name === "all" ? "[data-hint]" : `[data-hint="${name}"]`);
  for (const each of seen) each.remove();
  if (seen.length) post(place.dataset.url ?? "", { name }, { keepalive: true });
}

function ever() {
  return Number(document.querySelector("[data-ever]")?.textContent);
}

/** @param {string} selector */
function has(selector) {
  return document.querySelector(selector) !== null;
}

function reloaded() {
  const [opened] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return opened?.type === "reload" && ever() > 1;
}
