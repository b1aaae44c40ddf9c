// Tidy: one column per depth, from left to right. Dagre, fetched when it is first needed, finds an order in which edges
// cross little; then each node is moved up or down in its column until its edges run as level as they can.

import { leveled } from "./levels.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./graph.js").GraphEdge} GraphEdge */
/** @typedef {import("./graph.js").Box} Box */
/** @typedef {import("./graph.js").Point} Point */
/** @typedef {import("./scene.js").Scene} Scene */

const DAGRE = new URL("../../dagre/dagre.esm.js", import.meta.url).href;
const GAP = 40;
const BETWEEN = 84;
const FILLED = 392; // three rows of tiles

/**
 * Where each of these nodes should stand.
 * @param {Graph} graph @param {Scene} scene @param {string[]} ids
 * @returns {Promise<Map<string, Point>>}
 */
export async function arranged(graph, scene, ids) {
  const { Graph: Dagre, layout } = await import(DAGRE);
  const drawn = new Dagre({ multigraph: true });
  // From right to left along turned edges: so each node stands as far left as what feeds it lets it.
  drawn.setGraph({ rankdir: "RL", ranker: "longest-path", nodesep: GAP, edgesep: GAP / 2, ranksep: BETWEEN });
  drawn.setDefaultEdgeLabel(() => ({}));
  const boxes = new Map(
    [...scene.boxes].filter(([id]) => ids.includes(id)).map(([id, box]) => [id, { ...box, height: high(id, scene) }]),
  );
  const edges = graph.edges.filter((edge) => boxes.has(edge.source) && boxes.has(edge.target));
  for (const [id, { width, height }] of boxes) drawn.setNode(id, { width, height });
  for (const edge of edges) drawn.setEdge(edge.target, edge.source, {}, edge.id);
  layout(drawn);
  /** @type {Map<string, Box>} */
  const placed = new Map();
  /** @type {Map<number, number>} The width of each column by its middle: nodes of one column begin at one line. */
  const widths = new Map();
  for (const [id, { width }] of boxes) {
    const { x } = drawn.node(id);
    widths.set(x, Math.max(width, widths.get(x) ?? 0));
  }
  for (const [id, { width, height }] of boxes) {
    const { x, y } = drawn.node(id);
    placed.set(id, { x: Math.round(x - (widths.get(x) ?? width) / 2), y: y - height / 2, width, height });
  }
  return leveled(
    placed,
    edges.map((edge) => between(edge, scene)),
    GAP,
  );
}

/**
 * How high a node is, or, with a gallery, as it will be once that is well filled: so it covers nothing then.
 * @param {string} id @param {Scene} scene
 */
function high(id, scene) {
  const height = scene.boxes.get(id)?.height ?? 0;
  const wall = /** @type {HTMLElement | null} */ (scene.element(id)?.querySelector(".wall"));
  return wall ? Math.max(height, height - wall.offsetHeight + FILLED) : height;
}

/**
 * How far the target's top must be from the source's for the edge to be level.
 * @param {GraphEdge} edge @param {Scene} scene
 */
function between(edge, scene) {
  const [from, to] = [scene.boxes.get(edge.source), scene.boxes.get(edge.target)];
  const [start, end] = [scene.portAt(edge.source, "out", edge.output), scene.portAt(edge.target, "in", edge.input)];
  const drop = from && to && start && end ? start.y - from.y - (end.y - to.y) : 0;
  return { source: edge.source, target: edge.target, drop: Number.isNaN(drop) ? 0 : drop };
}
