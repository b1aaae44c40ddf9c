// Choosing and moving nodes with the pointer: a press chooses, a drag moves all that is chosen, a drag beside them boxes.

import { place } from "./commands.js";

/** @typedef {import("./graph.js").Point} Point */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./selection.js").Selection} Selection */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./viewport.js").Viewport} Viewport */

const OWN = "input, textarea, select, button, a, label, summary, img, [data-scrolls], .panel, dialog"; // act themselves
const STILL = 4; // px that a press may tremble

/** @param {HTMLElement} canvas @param {{scene: Scene, store: Store, selection: Selection, viewport: Viewport}} parts */
export function chooseAndMove(canvas, { scene, store, selection, viewport }) {
  canvas.addEventListener("pointerdown", (event) => {
    const over = /** @type {HTMLElement} */ (event.target);
    const [node, edge] = [over.closest("[data-node]"), over.closest("[data-edge]")];
    if (event.button !== 0 || over.closest(OWN)) return;
    const more = event.shiftKey || event.ctrlKey || event.metaKey;
    if (node) pressNode(/** @type {HTMLElement} */ (node).dataset.node ?? "", event, more);
    else if (edge) selection.choose([], [edge.getAttribute("data-edge") ?? ""]);
    else if (event.pointerType !== "touch") pressGround(event, more);
    else selection.choose([]);
  });

  /** @param {string} id @param {PointerEvent} event @param {boolean} more */
  function pressNode(id, event, more) {
    const moves = event.pointerType !== "touch" || selection.nodes.has(id);
    if (more) selection.toggle(id);
    else if (!selection.nodes.has(id)) selection.choose([id]);
    if (!moves) return;
    const start = viewport.locate(event);
    /** @type {Map<string, Point>} */
    const places = new Map(
      [...selection.nodes].flatMap((each) =>
        scene.boxes.has(each) ? [[each, /** @type {Point} */ (scene.boxes.get(each))]] : [],
      ),
    );
    /** @param {PointerEvent} at */
    const shifted = (at) => {
      const { x, y } = viewport.locate(at);
      return new Map([...places].map(([each, from]) => [each, { x: from.x + x - start.x, y: from.y + y - start.y }]));
    };
    follow(canvas, event, {
      move: (at) => {
        canvas.toggleAttribute("data-dragging", true);
        scene.put(shifted(at));
      },
      end: (at) => {
        canvas.toggleAttribute("data-dragging", false);
        store.do(place(shifted(at)));
      },
      stop: () => {
        canvas.toggleAttribute("data-dragging", false);
        scene.put(places);
      },
    });
  }

  /** @param {PointerEvent} event @param {boolean} more */
  function pressGround(event, more) {
    const before = more ? [...selection.nodes] : [];
    const box = /** @type {HTMLElement} */ (canvas.querySelector("[data-box]"));
    const [start, edge] = [viewport.locate(event), canvas.getBoundingClientRect()];
    if (!more) selection.choose([]);
    /** @param {PointerEvent} at */
    const draw = (at) => {
      const now = viewport.locate(at);
      const [left, right] = [Math.min(start.x, now.x), Math.max(start.x, now.x)];
      const [top, bottom] = [Math.min(start.y, now.y), Math.max(start.y, now.y)];
      box.hidden = false;
      box.style.left = `${Math.min(event.clientX, at.clientX) - edge.left}px`;
      box.style.top = `${Math.min(event.clientY, at.clientY) - edge.top}px`;
      box.style.width = `${Math.abs(at.clientX - event.clientX)}px`;
      box.style.height = `${Math.abs(at.clientY - event.clientY)}px`;
      const inside = [...scene.boxes].filter(
        ([, each]) => each.x < right && each.x + each.width > left && each.y < bottom && each.y + each.height > top,
      );
      selection.choose([...before, ...inside.map(([id]) => id)]);
    };
    const done = () => {
      box.hidden = true;
    };
    /** @param {PointerEvent} at */
    const drop = (at) => {
      draw(at); // the last stretch may have come since the last frame
      done();
    };
    follow(canvas, event, { move: draw, end: drop, stop: done });
  }
}

/**
 * Follows a pointer from its press on; calls nothing unless it moves, and then once per frame.
 * @param {HTMLElement} canvas @param {PointerEvent} press
 * @param {{move: (at: PointerEvent) => void, end: (at: PointerEvent) => void, stop: () => void}} how
 */
export function follow(canvas, press, { move, end, stop }) {
  const over = new AbortController();
  let frame = 0;
  let moved = false;
  /** @param {PointerEvent} event */
  const moves = (event) => {
    if (event.pointerId !== press.pointerId) return;
    const far = Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY);
    if (!moved && far < STILL) return;
    if (!moved) canvas.setPointerCapture(press.pointerId); // not before, or a click would miss what it is on
    moved = true;
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => move(event));
  };
  /** @param {() => void} last */
  const ends = (last) => {
    cancelAnimationFrame(frame);
    over.abort();
    if (moved) last();
  };
  const { signal } = over;
  canvas.addEventListener("pointermove", moves, { signal });
  canvas.addEventListener("pointerup", (event) => ends(() => end(event)), { signal });
  canvas.addEventListener("pointercancel", () => ends(stop), { signal });
  addEventListener("keydown", (event) => event.key === "Escape" && ends(stop), { signal, capture: true });
}
