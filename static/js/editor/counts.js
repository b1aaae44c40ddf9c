// The counts of edges: where on its edge each stands, and the bubble around it.

/** @typedef {import("./graph.js").Box} Box */
/** @typedef {import("./graph.js").Point} Point */

const BUBBLE = { width: 40, height: 36 }; // that two counts are apart
const BESIDE = 28; // that the middle of one is from the nodes that its edge joins
const ELSEWHERE = [0.35, 0.65, 0.25, 0.75, 0.18, 0.82]; // of an edge's length, where its own place is taken

/**
 * The place itself, or one along the line that is far enough from all other counts and from the nodes at its ends, or the
 * one that is farthest.
 * @param {Point} middle @param {SVGPathElement} line @param {Box[]} ends
 * @param {Point[]} taken Where other counts stand.
 */
export function free(middle, line, ends, taken) {
  /** @param {Point} at */
  const apart = (at) =>
    Math.min(
      ...taken.map(({ x, y }) => Math.hypot((x - at.x) / BUBBLE.width, (y - at.y) / BUBBLE.height)),
      ...ends.map((box) => beside(at, box) / BESIDE),
    );
  if (apart(middle) >= 1) return middle;
  const length = line.getTotalLength();
  const places = [middle, ...ELSEWHERE.map((share) => line.getPointAtLength(share * length))];
  const most = Math.min(1, Math.max(...places.map(apart)));
  return places.find((at) => apart(at) >= most) ?? middle;
}

/** How far a place is from a node; 0 on it. @param {Point} at @param {Box} box */
function beside({ x, y }, box) {
  const across = Math.max(box.x - x, x - box.x - box.width, 0);
  return Math.hypot(across, Math.max(box.y - y, y - box.y - box.height, 0));
}

/** Makes the bubble as wide as its count, and hides it where there is none. @param {Node} changed */
export function widen(changed) {
  const place = changed instanceof Element ? changed : changed.parentElement;
  const bubble = place?.closest("[data-edge-count]");
  const length = bubble?.querySelector("text")?.textContent?.length ?? 0;
  const width = Math.max(28, 13 + length * 11);
  const rect = bubble?.querySelector("rect");
  if (bubble?.hasAttribute("hidden") !== !length) bubble?.toggleAttribute("hidden", !length);
  if (!rect || rect.getAttribute("width") === `${width}`) return;
  rect.setAttribute("width", `${width}`);
  rect.setAttribute("x", `${-width / 2}`);
}
