// What keys and buttons do on the canvas.

import { place, remove } from "./commands.js";
import { arranged } from "./layout.js";
import { editTitle } from "./properties.js";

/**
 * @typedef {object} Parts
 * @property {HTMLElement} canvas
 * @property {HTMLElement} plane
 * @property {import("./scene.js").Scene} scene
 * @property {import("./store.js").Store} store
 * @property {import("./selection.js").Selection} selection
 * @property {import("./viewport.js").Viewport} viewport
 */

const NEAR = 8;
const FAR = 64;
const ROOMY = 1100;
const QUEUE = 332; // px of the list of runs
const BAND = 72; // px at the top, where what is folded lies
const LEGIBLE = 0.45; // of its size
const OVERVIEW = 0.34; // beside the list of runs, where it leaves little room

/** @param {Parts} parts */
export function actions({ canvas, plane, scene, store, selection, viewport }) {
  /** What the last fit came to: where nobody has moved since, it is done again as the window or the list of runs changes. */
  let fitted = { view: "", how: () => {} };

  /** What is free of the panels that lie on the canvas. */
  function margins() {
    const edge = canvas.getBoundingClientRect();
    const panels = [...canvas.querySelectorAll("[data-covers]")].map((each) => each.getBoundingClientRect());
    const low = panels.filter((each) => each.width && each.bottom - edge.top > BAND);
    const right = low.filter((each) => each.left > edge.left + edge.width / 2);
    const narrow = edge.width < 600;
    // It appears with the second run, and should cover nothing then.
    const queue = edge.width < ROOMY || !canvas.querySelector("#queue[data-open]") ? 0 : QUEUE;
    return {
      top: narrow ? 24 : BAND,
      bottom: narrow ? 64 : 60,
      left: narrow ? 16 : 24,
      right: Math.max(narrow ? 16 : 24, queue, ...right.map((each) => edge.right - each.left + 24)),
    };
  }

  function fit() {
    const all = scene.around();
    if (all) viewport.fit(all, margins());
    fitted = { view: viewport.view, how: fit };
  }

  /** All, as long as it can be read; else where it begins. */
  function begin() {
    fit();
    const all = scene.around();
    const least = canvas.clientWidth < ROOMY && canvas.querySelector("#queue[data-open]") ? OVERVIEW : LEGIBLE;
    if (all && viewport.scale < Math.min(least, LEGIBLE)) {
      const { left, top } = margins();
      viewport.set(left - all.x * LEGIBLE, top - all.y * LEGIBLE, LEGIBLE);
    }
    fitted = { view: viewport.view, how: begin };
  }

  function refit() {
    if (viewport.view === fitted.view) fitted.how();
  }
  viewport.addEventListener("resize", () => requestAnimationFrame(refit)); // once the nodes are measured anew too
  document.addEventListener("queue:folded", refit);

  /** Shows a node: chooses it, gives it the focus, and brings it into sight where it is not. @param {string} id */
  function go(id) {
    const box = scene.boxes.get(id);
    if (!box) return;
    const { x, y, width, height } = viewport.sight;
    const seen = box.x >= x && box.y >= y && box.x + box.width <= x + width && box.y + box.height <= y + height;
    if (!seen) viewport.center(box);
    selection.choose([id]);
    scene.element(id)?.focus({ preventScroll: true });
  }

  /** @param {number} x @param {number} y */
  function move(x, y) {
    const places = [...selection.nodes].flatMap((id) => {
      const box = scene.boxes.get(id);
      return box ? [/** @type {const} */ ([id, { x: box.x + x, y: box.y + y }])] : [];
    });
    if (places.length) store.do(place(new Map(places), `move ${[...selection.nodes].join()}`));
    else viewport.pan(-x * 4, -y * 4);
  }

  function erase() {
    if (selection.empty) return;
    store.do(remove(selection.nodes, selection.edges));
    canvas.focus({ preventScroll: true });
  }

  async function tidy() {
    const chosen = selection.nodes.size > 1 ? [...selection.nodes] : [...scene.boxes.keys()];
    const [before, places] = [scene.around(chosen), await arranged(store.graph, scene, chosen)];
    if (chosen.length === scene.boxes.size) {
      store.do({ ...place(places), name: "tidy up" });
      fit();
    } else if (before) {
      const moved = [...places].map(
        ([id, at]) => /** @type {const} */ ([id, { x: at.x + before.x, y: at.y + before.y }]),
      );
      store.do({ ...place(new Map(moved)), name: "tidy up" });
    }
  }

  function renameChosen() {
    const [id] = selection.nodes;
    if (id) editTitle(id, store, plane);
  }

  return { begin, fit, go, move, erase, tidy, rename: renameChosen, near: NEAR, far: FAR };
}
