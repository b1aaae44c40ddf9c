// All of the plane, small: where the nodes are and what part is in sight. A press or a drag on it goes there.

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./viewport.js").Viewport} Viewport */
/** @typedef {import("./graph.js").Box} Box */

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 60;

/** @param {HTMLElement} map @param {Scene} scene @param {Viewport} viewport */
export function minimap(map, scene, viewport) {
  const svg = /** @type {SVGSVGElement} */ (map.querySelector("svg"));
  const group = /** @type {SVGGElement} */ (map.querySelector("g"));
  const view = /** @type {SVGRectElement} */ (map.querySelector(".view"));
  let frame = 0;
  /** @type {Box} */
  let whole = { x: 0, y: 0, width: 1, height: 1 };

  function draw() {
    frame = 0;
    const sight = viewport.sight;
    whole = grown(joined(scene.around() ?? sight, sight));
    svg.setAttribute("viewBox", `${whole.x} ${whole.y} ${whole.width} ${whole.height}`);
    place(view, sight);
    view.setAttribute("rx", `${whole.width / 40}`);
    const placed = [...scene.boxes].filter(([, box]) => !Number.isNaN(box.x));
    const rects = placed.map(([id, box]) => {
      const rect = document.createElementNS(SVG, "rect");
      rect.dataset.at = id;
      rect.dataset.status = scene.element(id)?.dataset.status ?? "";
      rect.setAttribute("rx", `${whole.width / 70}`);
      place(rect, box);
      return rect;
    });
    group.replaceChildren(...rects);
  }
  const later = () => {
    if (!frame) frame = requestAnimationFrame(draw);
  };
  for (const source of [scene, viewport])
    for (const what of ["move", "nodes", "change"]) source.addEventListener(what, later);
  const statuses = new MutationObserver(later);
  statuses.observe(/** @type {HTMLElement} */ (document.querySelector("[data-plane]")), {
    subtree: true,
    attributeFilter: ["data-status"],
  });

  /** @param {PointerEvent} event */
  function go(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM()?.inverse());
    viewport.center({ x: point.x, y: point.y, width: 0, height: 0 });
  }
  map.addEventListener("pointerdown", (event) => {
    map.setPointerCapture(event.pointerId);
    go(event);
  });
  map.addEventListener("pointermove", (event) => {
    if (map.hasPointerCapture(event.pointerId)) go(event);
  });
}

/** @param {SVGRectElement} rect @param {Box} box */
function place(rect, box) {
  for (const key of /** @type {const} */ (["x", "y", "width", "height"])) rect.setAttribute(key, `${box[key]}`);
}

/** @param {Box} one @param {Box} other @returns {Box} */
function joined(one, other) {
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  const right = Math.max(one.x + one.width, other.x + other.width);
  const bottom = Math.max(one.y + one.height, other.y + other.height);
  return { x, y, width: right - x, height: bottom - y };
}

/** @param {Box} box @returns {Box} */
function grown(box) {
  return { x: box.x - MARGIN, y: box.y - MARGIN, width: box.width + 2 * MARGIN, height: box.height + 2 * MARGIN };
}
