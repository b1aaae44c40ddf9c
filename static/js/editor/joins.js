// Connecting without dragging: C on a port, or on a node for all of its ports, lists what can be connected with it.

import { remove } from "./commands.js";
import { join, partners, portOf } from "./joining.js";
import { Picker } from "./picker.js";

/** @typedef {import("./joining.js").Port} Port */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./store.js").Store} Store */

/** @param {{scene: Scene, store: Store}} parts */
export function joins({ scene, store }) {
  const picker = new Picker(/** @type {HTMLDialogElement} */ (document.getElementById("joins")));

  /** @param {HTMLElement} on A port, or what is inside of a node. */
  return async function open(on) {
    const port = on.closest("[data-port]");
    const node = on.closest("[data-node]");
    if (!node) return;
    const ports = (port ? [port] : [...node.querySelectorAll("[data-port]")]).map(portOf);
    /** @type {Map<HTMLElement, () => void>} */
    const acts = new Map();
    for (const one of ports) {
      for (const other of partners(one, store.graph)) {
        if (!joined(one, other))
          acts.set(option("plus", words(one, other)), () => store.do(join(store.graph, one, other)));
      }
    }
    for (const edge of store.graph.edges) {
      const mine = ports.some((each) => ends(edge, each));
      const said = `Disconnect ${edge.output} of ${title(edge.source)} from ${edge.input} of ${title(edge.target)}`;
      if (mine) acts.set(option("minus", said), () => store.do(remove(new Set(), new Set([edge.id]))));
    }
    picker.list.replaceChildren(...acts.keys());
    const chosen = await picker.open();
    if (chosen) acts.get(chosen)?.();
    on.focus();
  };

  /** @param {Port} one @param {Port} other */
  function joined(one, other) {
    return store.graph.edges.some((edge) => ends(edge, one) && ends(edge, other));
  }

  /** @param {Port} one @param {Port} other */
  function words(one, other) {
    const [from, to] = one.side === "out" ? [one, other] : [other, one];
    return `${from.name} of ${title(from.node)} → ${to.name} of ${title(to.node)}`;
  }

  /** @param {string} id */
  function title(id) {
    return scene.element(id)?.querySelector(".title")?.textContent?.trim() ?? id;
  }
}

/** @param {import("./graph.js").GraphEdge} edge @param {Port} port */
function ends(edge, port) {
  if (port.side === "out") return edge.source === port.node && edge.output === port.name;
  return edge.target === port.node && edge.input === port.name;
}

let count = 0;

/** @param {"plus" | "minus"} sign @param {string} words */
function option(sign, words) {
  const item = document.createElement("li");
  item.id = `join-${++count}`;
  item.role = "option";
  item.ariaSelected = "false";
  const mark = document.createElement("span");
  mark.className = "sign mute";
  mark.ariaHidden = "true";
  mark.textContent = sign === "plus" ? "+" : "−";
  item.append(mark, words);
  return item;
}
