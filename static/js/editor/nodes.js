// Keeps the nodes on the plane in step with the graph. What is new there, the server draws.

import { nodeOf } from "./graph.js";
import { idOf } from "./scene.js";
import { showNode } from "./values.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./graph.js").GraphNode} GraphNode */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Change} Change */
/** @typedef {(nodes: GraphNode[], graph: Graph) => Promise<HTMLElement[]>} Draw */

const LIVE = ["body", "acts", "progress", "foot", "ring"]; // what belongs to the runs, not to the graph
const AGAIN = 2000; // ms until it is asked again where nobody answered

export class Nodes {
  #scene;
  #store;
  #draw;
  /** @type {Map<string, HTMLElement>} Elements of nodes that were deleted, as they may come back. */
  #gone = new Map();

  /** @param {Scene} scene @param {Store} store @param {Draw} draw */
  constructor(scene, store, draw) {
    this.#scene = scene;
    this.#store = store;
    this.#draw = draw;
    for (const node of store.graph.nodes) this.#show(node);
    store.addEventListener("change", (event) => this.#follow(/** @type {CustomEvent<Change>} */ (event).detail));
  }

  /** @param {Change} change */
  #follow({ before, after }) {
    const were = new Map(before.nodes.map((node) => [node.id, node]));
    const kept = new Set(after.nodes.map((node) => node.id));
    const gone = before.nodes.filter((node) => !kept.has(node.id)).map((node) => node.id);
    for (const id of gone) this.#gone.set(id, /** @type {HTMLElement} */ (this.#scene.drop(id)));
    const changed = after.nodes.filter((node) => were.get(node.id) !== node);
    const drawn = changed.filter((node) => !this.#isHere(node));
    const shown = before.edges === after.edges ? changed : after.nodes;
    for (const node of shown) this.#show(node);
    if (drawn.length) this.#drawAll(drawn);
    if (gone.length || changed.length) {
      this.#scene.tell("nodes", [...gone, ...changed.map((node) => node.id)]);
    }
  }

  /** Whether the node stands there in its form; one that was deleted is put back. @param {GraphNode} node */
  #isHere(node) {
    const element = this.#scene.element(node.id) ?? this.#gone.get(node.id);
    if (element?.dataset.form !== form(node)) return false;
    if (!element.isConnected) this.#scene.adopt(element);
    return true;
  }

  /** @param {GraphNode[]} nodes */
  async #drawAll(nodes) {
    const drawn = await this.#draw(nodes, this.#store.graph).catch(() => null);
    if (!drawn) {
      setTimeout(() => this.#drawAll(nodes.filter((node) => nodeOf(this.#store.graph, node.id))), AGAIN);
      return;
    }
    for (const element of drawn) {
      const node = nodeOf(this.#store.graph, idOf(element));
      if (!node) continue;
      const old = this.#scene.element(node.id);
      if (old) renew(old, element);
      else this.#scene.adopt(element);
      this.#mark(node);
      this.#show(node);
    }
    this.#scene.tell(
      "nodes",
      nodes.map((node) => node.id),
    );
  }

  /** @param {GraphNode} node */
  #show(node) {
    const element = this.#scene.element(node.id);
    if (!element) return;
    if (element.dataset.form === undefined) this.#mark(node);
    showNode(element, node, this.#store.graph);
    if (node.position) this.#scene.put(new Map([[node.id, node.position]]));
  }

  /** @param {GraphNode} node */
  #mark(node) {
    const element = this.#scene.element(node.id);
    if (element) element.dataset.form = form(node);
  }
}

/** What of a node its ports and editors hang on. @param {GraphNode} node */
function form(node) {
  return JSON.stringify([node.type, node.dynamic_inputs ?? []]);
}

/** Draws a node anew but for what is live. @param {HTMLElement} old @param {HTMLElement} drawn */
function renew(old, drawn) {
  const id = idOf(old);
  for (const part of LIVE) {
    const place = `#${CSS.escape(`${part}-${id}`)}`;
    const live = old.querySelector(place);
    if (live) drawn.querySelector(place)?.replaceWith(live);
  }
  old.replaceChildren(...drawn.childNodes);
}
