// A gallery grows with every run, but never over the node that stands below it: there it ends, and scrolls.

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./graph.js").Box} Box */

const GAP = 24;
const LEAST = 140; // a row of tiles

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
    return wall && box ? [{ wall, room: room(box, boxes) - (box.height - wall.offsetHeight) }] : [];
  });
  for (const { wall, room } of found) {
    const most = Number.isFinite(room) ? `${Math.max(LEAST, Math.floor(room))}px` : "";
    if (wall.style.maxHeight !== most) Object.assign(wall.style, { maxHeight: most, minHeight: most && "0" });
  }
}

/** How high a node may be where it stands. @param {Box} box @param {Box[]} boxes */
function room(box, boxes) {
  const below = boxes.filter(
    (other) => other.y > box.y && other.x < box.x + box.width + GAP && other.x + other.width > box.x - GAP,
  );
  return Math.min(...below.map((other) => other.y)) - box.y - GAP;
}
