// The one place where the graph is: it changes by commands alone, each of which can be undone and done again.

/** @typedef {import("./graph.js").Graph} Graph */
/**
 * @typedef {object} Command
 * @property {string} name What it does, in words that can follow "Undo".
 * @property {(graph: Graph) => Graph} apply Makes the graph that follows; what does not change stays the same object.
 * @property {string} [merges] Commands of one key in quick succession are undone as one.
 */
/** @typedef {{before: Graph, after: Graph, name: string}} Change */

const LONGEST = 200;
const TOGETHER = 1500; // ms

/** Tells of each change by an event `change`, whose detail is a `Change`. */
export class Store extends EventTarget {
  /** @type {Graph} */
  #graph;
  /** @type {{graph: Graph, name: string}[]} */
  #past = [];
  /** @type {{graph: Graph, name: string}[]} */
  #future = [];
  #merges = "";
  #last = 0;

  /** @param {Graph} graph */
  constructor(graph) {
    super();
    this.#graph = { ...graph, edges: graph.edges ?? [] };
  }

  get graph() {
    return this.#graph;
  }

  /** What would be undone and done again, in words; empty where nothing would. */
  get history() {
    return { undo: this.#past.at(-1)?.name ?? "", redo: this.#future.at(-1)?.name ?? "" };
  }

  /** @param {Command} command */
  do(command) {
    const after = command.apply(this.#graph);
    if (after === this.#graph) return;
    const joins = command.merges && command.merges === this.#merges && performance.now() - this.#last < TOGETHER;
    if (!joins) this.#past.push({ graph: this.#graph, name: command.name });
    if (this.#past.length > LONGEST) this.#past.shift();
    this.#future = [];
    this.#merges = command.merges ?? "";
    this.#last = performance.now();
    this.#become(after, command.name);
  }

  undo() {
    this.#step(this.#past, this.#future, "Undone");
  }

  redo() {
    this.#step(this.#future, this.#past, "Done again");
  }

  /**
   * @param {{graph: Graph, name: string}[]} from @param {{graph: Graph, name: string}[]} to @param {string} how
   */
  #step(from, to, how) {
    const step = from.pop();
    if (!step) return;
    to.push({ graph: this.#graph, name: step.name });
    this.#merges = "";
    this.#become(step.graph, `${how}: ${step.name}`);
  }

  /** @param {Graph} after @param {string} name */
  #become(after, name) {
    const before = this.#graph;
    this.#graph = after;
    this.dispatchEvent(new CustomEvent("change", { detail: /** @type {Change} */ ({ before, after, name }) }));
  }
}
