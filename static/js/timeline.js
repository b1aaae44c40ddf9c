// The timeline of a run that goes on: its bars grow, and its scale with them, for as long as the page is live. The server
// draws it anew whenever a node begins or ends.

import { since } from "./clock.js";

const MARKS = 5;
const LEAST = 0.006;

/** Draws the timeline as it is now, while its run goes on. */
export function grow() {
  const lines = document.querySelector("[data-steps]");
  if (!(lines instanceof HTMLElement)) return;
  const now = since(lines, lines.dataset.elapsed ?? "0");
  const step = fitting(lines.dataset, now);
  const scale = step * MARKS;
  for (const bar of /** @type {NodeListOf<SVGRectElement>} */ (lines.querySelectorAll("[data-start]")))
    place(bar, now, scale);
  if (Number(lines.dataset.step) === step) return;
  lines.dataset.step = String(step);
  for (const mark of /** @type {NodeListOf<SVGTextElement>} */ (lines.querySelectorAll("[data-mark]"))) {
    const nth = Number(mark.dataset.mark);
    if (nth) mark.textContent = label(nth * step);
  }
}

/** @param {DOMStringMap} told @param {number} now @returns {number} The first step that is wide enough. */
function fitting(told, now) {
  const steps = (told.steps ?? "").split(" ").map(Number);
  return steps.find((step) => step * MARKS >= now) ?? now / MARKS;
}

/** @param {number} seconds @returns {string} As the server writes them. */
function label(seconds) {
  const [size, unit] = seconds < 60 ? [1, "s"] : seconds < 3600 ? [60, "min"] : [3600, "h"];
  return `${Number((seconds / Number(size)).toPrecision(4))} ${unit}`;
}

/** @param {SVGRectElement} bar @param {number} now @param {number} scale */
function place(bar, now, scale) {
  const start = Number(bar.dataset.start);
  const long = "seconds" in bar.dataset ? Number(bar.dataset.seconds) : now - start;
  const left = Math.min(start / scale, 1 - LEAST);
  bar.setAttribute("x", `${left * 100}%`);
  bar.setAttribute("width", `${Math.max(Math.min(long / scale, 1 - left), LEAST) * 100}%`);
}
