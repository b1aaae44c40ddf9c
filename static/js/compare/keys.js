// The keyboard: ] J and [ K take the newer and the older product, A and B say which one of the two a choice replaces.

/** @type {Record<string, number>} Steps along the strip, which begins with the newest. */
const STEPS = { "]": -1, j: -1, "[": 1, k: 1 };

export function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const step = STEPS[event.key];
    if (step) walk(step);
    else if (event.key === "Escape") press(".close");
    else if (event.key === "a" || event.key === "b") press(`[data-slots] [value=${event.key.toUpperCase()}]`);
  });
}

/** @param {number} step */
function walk(step) {
  const slot = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-slots] :checked"))?.value;
  if (!slot) return; // two are yet to be chosen
  const picks = [...document.querySelectorAll(".pick")];
  const here = picks.findIndex((pick) => pick.querySelector("[data-mark]")?.textContent === slot);
  const link = picks[here + step]?.querySelector("a");
  link?.scrollIntoView({ block: "nearest", inline: "nearest" });
  link?.click();
}

/** @param {string} selector */
function press(selector) {
  /** @type {HTMLElement | null} */ (document.querySelector(selector))?.click();
}
