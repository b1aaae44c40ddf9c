// What can be done to a graph. Each command makes a new graph and leaves the old one as it was.

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./graph.js").GraphNode} GraphNode */
/** @typedef {import("./graph.js").GraphEdge} GraphEdge */
/** @typedef {import("./graph.js").Point} Point */
/** @typedef {import("./store.js").Command} Command */

/**
 * @param {GraphNode[]} nodes @param {GraphEdge[]} [edges] @returns {Command}
 */
export function add(nodes, edges = []) {
  return {
    name: `add ${counted(nodes.length, "node")}`,
    apply: (graph) => ({ ...graph, nodes: [...graph.nodes, ...nodes], edges: [...graph.edges, ...edges] }),
  };
}

/**
 * Takes nodes away with the edges at them, and edges.
 * @param {Set<string>} nodes @param {Set<string>} edges @returns {Command}
 */
export function remove(nodes, edges) {
  const name = nodes.size ? counted(nodes.size, "node") : counted(edges.size, "edge");
  return {
    name: `delete ${name}`,
    apply: (graph) => ({
      ...graph,
      nodes: graph.nodes.filter((node) => !nodes.has(node.id)),
      edges: graph.edges.filter((edge) => !edges.has(edge.id) && !nodes.has(edge.source) && !nodes.has(edge.target)),
    }),
  };
}

/**
 * @param {Map<string, Point>} places @param {string} [merges] @returns {Command}
 */
export function place(places, merges) {
  return {
    name: `move ${counted(places.size, "node")}`,
    merges,
    apply: (graph) => ({
      ...graph,
      nodes: graph.nodes.map((node) => {
        const at = places.get(node.id);
        return at ? { ...node, position: { ...node.position, x: Math.round(at.x), y: Math.round(at.y) } } : node;
      }),
    }),
  };
}

/**
 * Adds an edge; one that was at an input which takes but one makes room.
 * @param {GraphEdge} edge @param {boolean} many @param {string} [without] An edge that it takes the place of.
 * @returns {Command}
 */
export function connect(edge, many, without) {
  /** @param {GraphEdge} other */
  const stays = (other) => other.id !== without && (many || other.target !== edge.target || other.input !== edge.input);
  return { name: "connect", apply: (graph) => ({ ...graph, edges: [...graph.edges.filter(stays), edge] }) };
}

/**
 * @param {string} id @param {string} name @param {unknown} value @returns {Command}
 */
export function setProperty(id, name, value) {
  return {
    ...change(id, (node) => ({ ...node, properties: { ...node.properties, [name]: value } })),
    name: `change ${name}`,
    merges: `${id}.${name}`,
  };
}

/** @param {string} id @param {string} title @returns {Command} */
export function rename(id, title) {
  return { ...change(id, (node) => ({ ...node, title })), name: "rename" };
}

/** Whether a node shows what all runs made there. @param {string} id @param {boolean} on @returns {Command} */
export function setGallery(id, on) {
  return { ...change(id, (node) => ({ ...node, gallery: on })), name: on ? "show all runs here" : "show one run here" };
}

/** How long what a node makes is served to equal calls. @param {string} id @param {unknown} cache @returns {Command} */
export function setCache(id, cache) {
  return { ...change(id, (node) => ({ ...node, cache })), name: "keep results" };
}

/** @param {string} id @param {string[]} names @returns {Command} */
export function setInputs(id, names) {
  return { ...change(id, (node) => ({ ...node, dynamic_inputs: names })), name: "change the inputs" };
}

/**
 * @param {string} id @param {(node: GraphNode) => GraphNode} changed @returns {Command}
 */
function change(id, changed) {
  return {
    name: "",
    apply: (graph) => ({ ...graph, nodes: graph.nodes.map((node) => (node.id === id ? changed(node) : node)) }),
  };
}

/** @param {number} count @param {string} word */
function counted(count, word) {
  return count === 1 ? `a ${word}`.replace("a edge", "an edge") : `${count} ${word}s`;
}
