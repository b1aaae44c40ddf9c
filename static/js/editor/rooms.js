// A gallery grows with every run, but never over the node that stands below it: there it ends, and scrolls.

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./graph.js").Box} Box */

const GAP = 24;
const ROWS = "calc(154 * var(--u))"; // two of tiles, as the style sheet has it
const TALL = 6 / 5; // a tile, by its width

/** @param {Scene} scene */
export function rooms(scene) {
  let frame = 0;
  const later = () => {
    if (frame) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      bound(scene);
    });
  };
  scene.addEventListener("move", later);
  scene.addEventListener("nodes", later);
  later();
}

/** All is measured before anything is set. @param {Scene} scene */
function bound(scene) {
  const boxes = [...scene.boxes.values()];
  const found = [...scene.elements].flatMap(([id, element]) => {
    const wall = /** @type {HTMLElement | null} */ (element.querySelector(".wall"));
    const box = scene.boxes.get(id);
    return wall && box ? [{ wall, high: rows(wall, room(box, boxes) - (box.height - wall.offsetHeight)) }] : [];
  });
  for (const { wall, high } of found) {
    const most = Number.isFinite(high) ? `${high}px` : "";
    const least = most && `min(${most}, ${ROWS})`;
    if (wall.style.maxHeight !== most) Object.assign(wall.style, { maxHeight: most, minHeight: least });
  }
}

/** So high that no row of tiles is cut, within this room, but one row at least. @param {HTMLElement} wall @param {number} room */
function rows(wall, room) {
  const { rowGap, paddingTop, paddingBottom, gridTemplateColumns } = getComputedStyle(wall);
  const gap = Number.parseFloat(rowGap) || 0;
  const around = Number.parseFloat(paddingTop) + Number.parseFloat(paddingBottom);
  const row = Number.parseFloat(gridTemplateColumns) * TALL + gap;
  const high = Math.max(1, Math.floor((room - around + gap) / row)) * row - gap + around;
  const below = high < wall.scrollHeight ? Math.max(Number.parseFloat(paddingBottom) - gap / 2, 0) : 0;
  return Math.ceil(high - below); // nor anything seen of the ring of a tile that is over
}

/** How high a node may be where it stands. @param {Box} box @param {Box[]} boxes */
function room(box, boxes) {
  const below = boxes.filter(
    (other) => other.y > box.y && other.x < box.x + box.width + GAP && other.x + other.width > box.x - GAP,
  );
  return Math.min(...below.map((other) => other.y)) - box.y - GAP;
}
