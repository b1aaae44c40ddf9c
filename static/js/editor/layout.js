// Tidy: one column per depth, from left to right. By dagre, which is fetched when it is first needed.

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./graph.js").Box} Box */
/** @typedef {import("./graph.js").Point} Point */

const DAGRE = new URL("../../dagre/dagre.esm.js", import.meta.url).href;
const GAP = 40;
const BETWEEN = 84;

/**
 * Where each of these nodes should stand.
 * @param {Graph} graph @param {Map<string, Box>} boxes The nodes to arrange, as large as they are.
 * @returns {Promise<Map<string, Point>>}
 */
export async function arranged(graph, boxes) {
  const { Graph: Dagre, layout } = await import(DAGRE);
  const drawn = new Dagre({ multigraph: true });
  // From right to left along turned edges: so each node stands as far left as what feeds it lets it.
  drawn.setGraph({ rankdir: "RL", ranker: "longest-path", nodesep: GAP, edgesep: GAP / 2, ranksep: BETWEEN });
  drawn.setDefaultEdgeLabel(() => ({}));
  for (const [id, { width, height }] of boxes) drawn.setNode(id, { width, height });
  for (const edge of graph.edges) {
    if (boxes.has(edge.source) && boxes.has(edge.target)) drawn.setEdge(edge.target, edge.source, {}, edge.id);
  }
  layout(drawn);
  return new Map(
    [...boxes].map(([id, { width, height }]) => {
      const { x, y } = drawn.node(id);
      return [id, { x: Math.round(x - width / 2), y: Math.round(y - height / 2) }];
    }),
  );
}
