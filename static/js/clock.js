// Durations that still run: the server says how many seconds it were, and from then on they count up here, for as long
// as the page is live: what nobody tells any more does not go on.

const TICK = 100;

/** @type {WeakMap<HTMLElement, {said: string, at: number}>} */
const begun = new WeakMap();

/**
 * Lets every `[data-ticking="<seconds>"]` inside of `root` count up, those that come later too.
 * @param {Document} root
 */
export function clock(root) {
  setInterval(() => {
    if (document.body.dataset.connection !== "live") return;
    for (const place of root.querySelectorAll("[data-ticking]")) tick(/** @type {HTMLElement} */ (place));
  }, TICK);
}

/** @param {HTMLElement} place */
function tick(place) {
  const said = place.dataset.ticking ?? "";
  let start = begun.get(place);
  if (start?.said !== said) {
    start = { said, at: performance.now() - Number(said) * 1000 };
    begun.set(place, start);
  }
  const text = seconds((performance.now() - start.at) / 1000);
  if (place.textContent !== text) place.textContent = text;
}

/**
 * As the server writes durations; below ten seconds in tenths.
 * @param {number} value
 */
export function seconds(value) {
  if (value < 60) return value < 10 ? `${value.toFixed(1)} s` : `${value.toFixed(0)} s`;
  const all = Math.round(value);
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60)];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${all % 60} s`;
}
