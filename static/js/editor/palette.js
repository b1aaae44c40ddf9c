// Adding a node: the palette, where the new node comes to stand, and what it is given to begin with.

import { add, connect } from "./commands.js";
import { freeId } from "./graph.js";
import { edgeBetween } from "./joining.js";
import { Picker } from "./picker.js";
import { freeNear } from "./places.js";
import { fits } from "./types.js";

/** @typedef {import("./graph.js").GraphNode} GraphNode */
/** @typedef {import("./graph.js").Point} Point */
/** @typedef {import("./joining.js").Port} Port */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./selection.js").Selection} Selection */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./viewport.js").Viewport} Viewport */

const NAMED = /^(input\.|output\.result$)/;
const STEP = 32;

/**
 * @param {{scene: Scene, store: Store, selection: Selection, viewport: Viewport}} parts
 * @param {(id: string) => void} show Brings a node into sight, and chooses it.
 */
export function palette({ scene, store, selection, viewport }, show) {
  const picker = new Picker(/** @type {HTMLDialogElement} */ (document.getElementById("palette")));

  /** Asks which, and adds it: near the middle where it is free, or where it is told, joined with a port if one is given. @param {Point} [at] @param {Port} [port] */
  return async function open(at, port) {
    const option = await picker.open((choice) => !port || takes(choice, port));
    if (!option) return;
    const node = made(option, at ?? freeNear(middle(), scene.boxes.values()));
    store.do({ ...add([node]), merges: `add ${node.id}` });
    await arrival(node.id);
    if (!at) return show(node.id);
    selection.choose([node.id]);
    if (port) joinWith(node, port);
    scene.element(node.id)?.focus({ preventScroll: true });
  };

  /** @param {HTMLElement} option @param {Point} at @returns {GraphNode} */
  function made(option, at) {
    const type = option.dataset.choice ?? "";
    const id = freeId(store.graph.nodes, type);
    const names = store.graph.nodes.map((node) => ({ id: `${node.properties?.name ?? ""}` }));
    const properties = NAMED.test(type) ? { name: freeId(names, type) } : {};
    return { id, type, title: "", properties, position: clear(at), bypassed: false, gallery: false, cache: null };
  }

  /** Joins at the first port of the new node that fits; one step with adding it. @param {GraphNode} node @param {Port} port */
  function joinWith(node, port) {
    const side = port.side === "out" ? "in" : "out";
    const ports = /** @type {NodeListOf<HTMLElement>} */ (
      scene.element(node.id)?.querySelectorAll(`[data-side=${side}]`) ?? []
    );
    const fit = [...ports].find(({ dataset: { portType = "any" } }) =>
      port.side === "out" ? fits(port.type, portType) : fits(portType, port.type),
    );
    const name = fit?.dataset.port;
    if (name === undefined) return;
    const [from, to] = port.side === "out" ? [port, { node: node.id, name }] : [{ node: node.id, name }, port];
    const edge = edgeBetween(store.graph, from.node, from.name, to.node, to.name);
    const many = port.side === "in" ? port.many : fit?.dataset.takesMany !== undefined;
    store.do({ ...connect(edge, many), merges: `add ${node.id}` });
  }

  /** When the server has drawn it. @param {string} id @returns {Promise<void>} */
  function arrival(id) {
    return new Promise((resolve) => {
      const look = () => {
        if (!scene.element(id)) return;
        scene.removeEventListener("nodes", look);
        resolve();
      };
      scene.addEventListener("nodes", look);
      look();
    });
  }

  function middle() {
    const { x, y, width, height } = viewport.sight;
    return { x: x + width / 2 - 108, y: y + height / 3 };
  }

  /** The place itself, or the next one beside it where no node begins. @param {Point} at @returns {Point} */
  function clear({ x, y }) {
    const taken = [...scene.boxes.values()];
    let place = { x: Math.round(x), y: Math.round(y) };
    while (taken.some((box) => Math.abs(box.x - place.x) < STEP / 2 && Math.abs(box.y - place.y) < STEP / 2)) {
      place = { x: place.x + STEP, y: place.y + STEP };
    }
    return place;
  }
}

/** @param {HTMLElement} choice @param {Port} port */
function takes(choice, port) {
  const types = (port.side === "out" ? choice.dataset.takes : choice.dataset.gives)?.split(" ") ?? [];
  return types.some((type) => type && (port.side === "out" ? fits(port.type, type) : fits(type, port.type)));
}
