// The editor of a workflow: puts its parts together. Others find it here as `editor`.

import { Edges } from "./edges.js";
import { arranged } from "./layout.js";
import { minimap } from "./minimap.js";
import { Nodes } from "./nodes.js";
import { panAndZoom } from "./pointer.js";
import { Scene } from "./scene.js";
import { ask } from "./server.js";
import { Store } from "./store.js";
import { Viewport } from "./viewport.js";

const canvas = /** @type {HTMLElement} */ (document.querySelector("[data-canvas]"));
const plane = /** @type {HTMLElement} */ (canvas.querySelector("[data-plane]"));
const store = new Store(JSON.parse(document.getElementById("graph")?.textContent ?? ""));
const viewport = new Viewport(canvas, plane);
const scene = new Scene(plane);
new Nodes(scene, store, draw);
new Edges(/** @type {SVGSVGElement} */ (canvas.querySelector("[data-edges]")), scene, store);
panAndZoom(canvas, viewport);
minimap(/** @type {HTMLElement} */ (canvas.querySelector("[data-minimap]")), scene, viewport);

await settle();
canvas.dataset.ready = "";

/** @param {import("./graph.js").GraphNode[]} nodes @param {import("./graph.js").Graph} graph */
async function draw(nodes, graph) {
  const ids = new Set(nodes.map((node) => node.id));
  const edges = graph.edges.filter((edge) => ids.has(edge.source) || ids.has(edge.target));
  const answer = await ask(canvas.dataset.drawings ?? "", "POST", { version: 1, nodes, edges });
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [...drawn.querySelectorAll("[data-node]")].map(
    (each) => /** @type {HTMLElement} */ (document.adoptNode(each)),
  );
}

/** Gives those nodes a place that have none, and shows all. */
async function settle() {
  const lost = [...scene.boxes].filter(([, box]) => Number.isNaN(box.x));
  if (lost.length) scene.put(await arranged(store.graph, new Map(lost)));
  const all = scene.around();
  if (all) viewport.fit(all, { top: 64, right: 40, bottom: 64, left: 40 });
}
