// A place for a new node near a wished one, on which no other node lies.

/** @typedef {import("./graph.js").Box} Box */
/** @typedef {import("./graph.js").Point} Point */

const NEW = { width: 216, height: 400 }; // as large as most nodes are
const GROWN = 320; // a node that is new still grows, as it is told what it lacks
const GAP = 24;
const STEP = 32;
const FAR = 30; // steps that are looked at in each direction

const OFFSETS = (() => {
  const steps = Array.from({ length: 2 * FAR + 1 }, (_, index) => (index - FAR) * STEP);
  const all = steps.flatMap((x) => steps.map((y) => ({ x, y })));
  return all.sort((one, other) => Math.hypot(one.x, one.y) - Math.hypot(other.x, other.y));
})();

/**
 * The nearest place that is free; the wished one where all around it is taken.
 * @param {Point} wish @param {Iterable<Box>} boxes @returns {Point}
 */
export function freeNear(wish, boxes) {
  const taken = [...boxes];
  const found = OFFSETS.map(({ x, y }) => ({ x: wish.x + x, y: wish.y + y })).find((at) =>
    taken.every(
      ({ x, y, width, height }) =>
        apart(at.x, NEW.width, x, width) || apart(at.y, NEW.height, y, Math.max(height, GROWN)),
    ),
  );
  return found ?? wish;
}

/** @param {number} a @param {number} long @param {number} b @param {number} wide */
function apart(a, long, b, wide) {
  return a + long + GAP <= b || b + wide + GAP <= a;
}
