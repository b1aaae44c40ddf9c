// The edges on the plane: their paths, which follow the nodes, and the bubbles in which their counts stand.

import { free, widen } from "./counts.js";
import { route } from "./lines.js";

/** @typedef {import("./graph.js").Box} Box */
/** @typedef {import("./graph.js").GraphEdge} GraphEdge */
/** @typedef {import("./graph.js").Point} Point */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Change} Change */
/** @typedef {import("./scene.js").Scene} Scene */

const SVG = "http://www.w3.org/2000/svg";

export class Edges {
  #layer;
  #scene;
  #store;
  /** @type {Set<string> | null} The nodes whose edges are to be drawn; null for all. */
  #stale = new Set();
  #waits = false;
  /** @type {Map<string, SVGGElement>} */
  #groups = new Map();
  /** @type {Map<string, Point>} Where the counts stand. */
  #counts = new Map();

  /** @param {SVGSVGElement} layer @param {Scene} scene @param {Store} store */
  constructor(layer, scene, store) {
    this.#layer = layer;
    this.#scene = scene;
    this.#store = store;
    for (const group of layer.querySelectorAll("[data-edge]")) {
      this.#groups.set(group.getAttribute("data-edge") ?? "", /** @type {SVGGElement} */ (group));
      widen(group.querySelector("text") ?? group);
    }
    scene.addEventListener("move", (event) => this.#later(/** @type {CustomEvent<string[]>} */ (event).detail));
    scene.addEventListener("nodes", () => this.#later(null));
    store.addEventListener("change", (event) => {
      const { before, after } = /** @type {CustomEvent<Change>} */ (event).detail;
      if (before.edges !== after.edges) this.#reconcile();
    });
    new MutationObserver((changes) => {
      for (const { target } of changes) widen(target);
    }).observe(layer, {
      subtree: true,
      childList: true,
      characterData: true,
    });
    this.#reconcile();
  }

  /** @param {string[] | null} nodes */
  #later(nodes) {
    if (nodes === null) this.#stale = null;
    else for (const id of nodes) this.#stale?.add(id);
    if (!this.#waits) queueMicrotask(() => this.#drawStale()); // in the same frame, or edges would lag behind nodes
    this.#waits = true;
  }

  #drawStale() {
    const stale = this.#stale;
    this.#waits = false;
    this.#stale = new Set();
    const drawn = this.#store.graph.edges.filter((edge) => !stale || stale.has(edge.source) || stale.has(edge.target));
    for (const edge of drawn) this.#counts.delete(edge.id);
    for (const edge of drawn) this.#draw(edge);
  }

  #reconcile() {
    const ids = new Set(this.#store.graph.edges.map((edge) => edge.id));
    for (const [id, group] of this.#groups) {
      if (ids.has(id)) continue;
      group.remove();
      this.#groups.delete(id);
      this.#counts.delete(id);
    }
    for (const edge of this.#store.graph.edges) if (!this.#groups.has(edge.id)) this.#make(edge);
    this.#later(null);
  }

  /** @param {GraphEdge} edge */
  #make(edge) {
    const group = document.createElementNS(SVG, "g");
    group.id = `edge-${edge.id}`;
    group.dataset.edge = edge.id;
    group.dataset.state = "";
    const [wide, line] = [document.createElementNS(SVG, "path"), document.createElementNS(SVG, "path")];
    wide.classList.add("wide");
    line.classList.add("line");
    const count = document.createElementNS(SVG, "g");
    count.dataset.edgeCount = edge.id;
    count.append(document.createElementNS(SVG, "rect"), document.createElementNS(SVG, "text"));
    widen(count);
    group.append(wide, line, count);
    this.#layer.append(group);
    this.#groups.set(edge.id, group);
  }

  /** @param {GraphEdge} edge */
  #draw(edge) {
    const group = this.#groups.get(edge.id);
    const from = this.#scene.portAt(edge.source, "out", edge.output);
    const to = this.#scene.portAt(edge.target, "in", edge.input);
    group?.toggleAttribute("hidden", !from || !to);
    if (!group || !from || !to || Number.isNaN(from.x + to.x)) return;
    /** @type {Box[]} */
    const others = [];
    /** @type {Box[]} */
    const ends = [];
    for (const [id, box] of this.#scene.boxes) (id === edge.source || id === edge.target ? ends : others).push(box);
    const { path, middle } = route(from, to, others, ends);
    for (const each of group.querySelectorAll("path")) each.setAttribute("d", path);
    const line = /** @type {SVGPathElement} */ (group.querySelector("path"));
    const at = free(middle, line, ends, [...this.#counts.values()]);
    this.#counts.set(edge.id, at);
    group.querySelector("[data-edge-count]")?.setAttribute("transform", `translate(${at.x} ${at.y})`);
    const colour = this.#scene.port(edge.source, "out", edge.output)?.dataset.type;
    if (colour) group.dataset.type = colour;
  }
}
