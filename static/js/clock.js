// Durations that still run: the server says how many seconds it were, and from then on they count up here, for as long
// as the page is live: what nobody tells any more does not go on.

import { write } from "./hot.js";

const TICK = 100; // ms
const EACH = 10; // ms of a tick's time for each that counts: where many do, all of them tick less often

/** @type {WeakMap<HTMLElement, {said: string, at: number}>} */
const begun = new WeakMap();

/**
 * Lets every `[data-ticking="<seconds>"]` inside of `root` count up, those that come later too.
 * @param {Document} root
 * @param {() => void} [also] What is to be drawn at each tick besides.
 */
export function clock(root, also) {
  let next = 0;
  setInterval(() => {
    if (document.body.dataset.connection !== "live" || performance.now() < next) return;
    const places = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-ticking]"));
    for (const place of places) tick(place);
    next = performance.now() + places.length * EACH;
    also?.();
  }, TICK);
}

/** @param {HTMLElement} place */
function tick(place) {
  write(place, seconds(since(place, place.dataset.ticking ?? "")));
}

/**
 * How many seconds it are now, where the server said how many it were.
 * @param {HTMLElement} place
 * @param {string} said
 */
export function since(place, said) {
  let start = begun.get(place);
  if (start?.said !== said) {
    start = { said, at: performance.now() - Number(said) * 1000 };
    begun.set(place, start);
  }
  return (performance.now() - start.at) / 1000;
}

/**
 * As the server writes durations; below ten seconds in tenths.
 * @param {number} value
 */
function seconds(value) {
  if (value < 60) return value < 10 ? `${value.toFixed(1)} s` : `${value.toFixed(0)} s`;
  const all = Math.round(value);
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60)];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${all % 60} s`;
}
