// Which nodes and edges are chosen. Tells of each change by an event `change`.

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./store.js").Store} Store */

export class Selection extends EventTarget {
  #scene;
  #store;
  /** @type {Set<string>} */
  nodes = new Set();
  /** @type {Set<string>} */
  edges = new Set();

  /** @param {Scene} scene @param {Store} store */
  constructor(scene, store) {
    super();
    this.#scene = scene;
    this.#store = store;
    scene.addEventListener("nodes", () => this.choose(this.nodes, this.edges));
    store.addEventListener("change", () => this.choose(this.nodes, this.edges));
  }

  /** Chooses these and nothing else; what is not there is left out. @param {Iterable<string>} nodes @param {Iterable<string>} [edges] */
  choose(nodes, edges = []) {
    const graph = this.#store.graph;
    const [wanted, lines] = [new Set(nodes), new Set(edges)];
    this.nodes = new Set(graph.nodes.filter((node) => wanted.has(node.id)).map((node) => node.id));
    this.edges = new Set(graph.edges.filter((edge) => lines.has(edge.id)).map((edge) => edge.id));
    for (const [id, element] of this.#scene.elements) element.toggleAttribute("data-chosen", this.nodes.has(id));
    for (const line of document.querySelectorAll("[data-edge]")) {
      line.toggleAttribute("data-chosen", this.edges.has(line.getAttribute("data-edge") ?? ""));
    }
    this.dispatchEvent(new Event("change"));
  }

  /** @param {string} id */
  toggle(id) {
    const nodes = new Set(this.nodes);
    if (!nodes.delete(id)) nodes.add(id);
    this.choose(nodes);
  }

  get empty() {
    return !this.nodes.size && !this.edges.size;
  }
}
