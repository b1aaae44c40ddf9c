// Connecting by dragging from port to port. Ports that do not fit are dimmed; a drag off a fed input takes its edge along.

import { remove } from "./commands.js";
import { follow } from "./drag.js";
import { join, partners, portOf } from "./joining.js";
import { route } from "./lines.js";

/** @typedef {import("./joining.js").Port} Port */
/** @typedef {import("./graph.js").Point} Point */
/** @typedef {import("./graph.js").GraphEdge} GraphEdge */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./viewport.js").Viewport} Viewport */

/**
 * @param {HTMLElement} canvas
 * @param {{scene: Scene, store: Store, viewport: Viewport, offer: (port: Port, at: Point) => void}} parts `offer` is
 *   called where a drag ends on the ground: for a new node that fits.
 */
export function link(canvas, { scene, store, viewport, offer }) {
  const line = /** @type {SVGPathElement} */ (canvas.querySelector("[data-pending]"));

  canvas.addEventListener("pointerdown", (event) => {
    const pressed = /** @type {HTMLElement} */ (event.target).closest("[data-port]");
    if (!pressed || event.button !== 0) return;
    event.stopPropagation();
    const taken = edgeAt(portOf(pressed));
    const held = taken ? scene.port(taken.source, "out", taken.output) : undefined;
    drag(event, portOf(held ?? pressed), held ? taken : undefined);
  });

  /** The edge that a drag takes along: that of an input which takes but one. @param {Port} port */
  function edgeAt(port) {
    if (port.side !== "in" || port.many) return undefined;
    return store.graph.edges.find((edge) => edge.target === port.node && edge.input === port.name);
  }

  /** @param {PointerEvent} press @param {Port} port @param {GraphEdge} [taken] */
  function drag(press, port, taken) {
    const able = new Map(partners(port, store.graph).map((each) => [each.element, each]));
    const ports = [port.element, ...able.keys()];
    const fitting = [...ports, ...ports.flatMap((element) => element.closest("[data-node]") ?? [])];
    /** @type {Port | undefined} */
    let target;
    const clear = () => {
      canvas.toggleAttribute("data-connecting", false);
      line.removeAttribute("d");
      target?.element.removeAttribute("data-target");
      for (const element of fitting) element.removeAttribute("data-fits");
      if (taken) document.getElementById(`edge-${taken.id}`)?.removeAttribute("data-loose");
    };
    follow(canvas, press, {
      move: (at) => {
        canvas.toggleAttribute("data-connecting", true);
        for (const element of fitting) element.toggleAttribute("data-fits", true);
        if (taken) document.getElementById(`edge-${taken.id}`)?.toggleAttribute("data-loose", true);
        target?.element.removeAttribute("data-target");
        target = under(at, able);
        target?.element.toggleAttribute("data-target", true);
        draw(port, target ? spot(target) : viewport.locate(at));
      },
      end: (at) => {
        const aim = under(at, able);
        clear();
        if (aim && !(taken && aim.node === taken.target && aim.name === taken.input))
          store.do(join(store.graph, port, aim, taken?.id));
        else if (!aim && taken) store.do(remove(new Set(), new Set([taken.id])));
        else if (!aim && onGround(at)) offer(port, viewport.locate(at));
      },
      stop: clear,
    });
  }

  /** @param {Port} port @param {Point} to */
  function draw(port, to) {
    const from = spot(port);
    line.dataset.type = port.element.dataset.type ?? "any";
    line.setAttribute("d", (port.side === "out" ? route(from, to) : route(to, from)).path);
  }

  /** @param {Port} port @returns {Point} */
  function spot(port) {
    return scene.portAt(port.node, port.side === "out" ? "out" : "in", port.name) ?? { x: 0, y: 0 };
  }
}

/**
 * The port that a pointer means: the one under it, or the first that fits of the node under it.
 * @param {PointerEvent} at @param {Map<HTMLElement, Port>} able
 */
function under(at, able) {
  const element = document.elementFromPoint(at.clientX, at.clientY);
  const port = /** @type {HTMLElement | null} */ (element?.closest("[data-port]") ?? null);
  if (port && able.has(port)) return able.get(port);
  const node = element?.closest("[data-node]");
  const inside = [...able.values()].filter((each) => node?.contains(each.element));
  return inside.find((each) => !each.element.closest("[data-fed]")) ?? inside[0];
}

/** @param {PointerEvent} at */
function onGround(at) {
  return !document.elementFromPoint(at.clientX, at.clientY)?.closest("[data-node], .panel");
}
