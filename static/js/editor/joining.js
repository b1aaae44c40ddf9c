// Which ports can be joined with which, and the edge that joins them.

import { connect } from "./commands.js";
import { freeId, reaches } from "./graph.js";
import { fits } from "./types.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./graph.js").GraphEdge} GraphEdge */
/** @typedef {{node: string, name: string, side: string, type: string, many: boolean, element: HTMLElement}} Port */

/** @param {Element} element One with `data-port`. @returns {Port} */
export function portOf(element) {
  const port = /** @type {HTMLElement} */ (element);
  const { port: name = "", side = "", portType: type = "any", many } = port.dataset;
  const node = /** @type {HTMLElement | null} */ (port.closest("[data-node]"))?.dataset.node ?? "";
  return { node, name, side, type, many: many !== undefined, element: port };
}

/** All ports on the plane that can be joined with this one: types fit, and nothing goes round in a circle. @param {Port} port @param {Graph} graph */
export function partners(port, graph) {
  const side = port.side === "out" ? "in" : "out";
  const others = [...document.querySelectorAll(`[data-plane] [data-side=${side}]`)].map(portOf);
  return others.filter((other) => {
    const [from, to] = port.side === "out" ? [port, other] : [other, port];
    return fits(from.type, to.type) && from.node !== to.node && offered(other) && !reaches(graph, to.node, from.node);
  });
}

/** Whether the port can be seen; those of what is given by name are shown only where they are fed. @param {Port} port */
function offered({ element }) {
  return !element.closest("[data-quiet]:not([data-fed])");
}

/**
 * The command that joins two ports, whichever of them is the output.
 * @param {Graph} graph @param {Port} one @param {Port} other @param {string} [without]
 */
export function join(graph, one, other, without) {
  const [from, to] = one.side === "out" ? [one, other] : [other, one];
  return connect(edgeBetween(graph, from.node, from.name, to.node, to.name), to.many, without);
}

/**
 * @param {Graph} graph @param {string} source @param {string} output @param {string} target @param {string} input
 * @returns {GraphEdge}
 */
export function edgeBetween(graph, source, output, target, input) {
  return { id: freeId(graph.edges, `e-${source}-${target}`.slice(0, 40)), source, output, target, input };
}
