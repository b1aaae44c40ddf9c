// A workflow's graph as JSON has it, and what can be asked of it. Keys that are not known here are kept as they are.

/**
 * @typedef {{x: number, y: number}} Point
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @typedef {{id: string, type: string, title?: string, position?: Point, properties?: Record<string, unknown>,
 *   dynamic_inputs?: string[], bypassed?: boolean, gallery?: boolean, [key: string]: unknown}} GraphNode
 * @typedef {{id: string, source: string, output: string, target: string, input: string, [key: string]: unknown}} GraphEdge
 * @typedef {{nodes: GraphNode[], edges: GraphEdge[], [key: string]: unknown}} Graph
 */

/** @param {Graph} graph @param {string} id */
export function nodeOf(graph, id) {
  return graph.nodes.find((node) => node.id === id);
}

/**
 * Whether something that leaves `start` can arrive at `end`.
 * @param {Graph} graph @param {string} start @param {string} end
 */
export function reaches(graph, start, end) {
  const seen = new Set([start]);
  for (const id of seen) {
    for (const edge of graph.edges) if (edge.source === id) seen.add(edge.target);
  }
  return seen.has(end);
}

/**
 * An id that is not taken, from what the thing is: `image.blur` gives `blur`, then `blur-2`.
 * @param {Iterable<{id: string}>} taken @param {string} wish
 */
export function freeId(taken, wish) {
  const ids = new Set([...taken].map((each) => each.id));
  const stem =
    wish
      .split(".")
      .at(-1)
      ?.replace(/[^A-Za-z0-9_-]/g, "")
      .slice(0, 50) || "n";
  if (!ids.has(stem)) return stem;
  for (let number = 2; ; number++) if (!ids.has(`${stem}-${number}`)) return `${stem}-${number}`;
}

/**
 * Which inputs an edge feeds, as `node input`.
 * @param {Graph} graph
 */
export function fedInputs(graph) {
  return new Set(graph.edges.map((edge) => `${edge.target} ${edge.input}`));
}

/**
 * Whether two JSON values are equal, whatever the order of their keys.
 * @param {unknown} one @param {unknown} other @returns {boolean}
 */
export function same(one, other) {
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return one === other;
  const [left, right] = [Object.entries(one), /** @type {Record<string, unknown>} */ (other)];
  if (Array.isArray(one) !== Array.isArray(other) || left.length !== Object.keys(right).length) return false;
  return left.every(([key, value]) => key in right && same(value, right[key]));
}
