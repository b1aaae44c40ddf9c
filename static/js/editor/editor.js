// The editor of a workflow: puts its parts together. What runs on it finds it here: `import { editor }`.

import { actions } from "./actions.js";
import { bar } from "./bar.js";
import { chooseAndMove } from "./drag.js";
import { Edges } from "./edges.js";
import { joins } from "./joins.js";
import { keys } from "./keys.js";
import { arranged } from "./layout.js";
import { link } from "./linking.js";
import { minimap } from "./minimap.js";
import { Nodes } from "./nodes.js";
import { outline } from "./outline.js";
import { palette } from "./palette.js";
import { panAndZoom } from "./pointer.js";
import { problems } from "./problems.js";
import { editProperties } from "./properties.js";
import { rooms } from "./rooms.js";
import { Saving } from "./saving.js";
import { Scene } from "./scene.js";
import { Selection } from "./selection.js";
import { ask } from "./server.js";
import { Store } from "./store.js";
import { takeFiles } from "./uploads.js";
import { Viewport } from "./viewport.js";

/** @param {string} selector @param {ParentNode} [inside] */
const find = (selector, inside = document) => /** @type {HTMLElement} */ (inside.querySelector(selector));

const canvas = find("[data-canvas]");
const plane = find("[data-plane]");
const address = `/api/v1/workflows/${canvas.dataset.workflow}`;
const store = new Store(JSON.parse(find("#graph").textContent ?? ""));
const viewport = new Viewport(canvas, plane);
const scene = new Scene(plane);
const selection = new Selection(scene, store);
const saving = new Saving(store, find("[data-saved]"), address, canvas.dataset.version ?? "");
const parts = { canvas, plane, scene, store, selection, viewport };
const act = actions(parts);
const add = palette(parts, act.go);
const connect = joins(parts);
const look = problems(find("[data-problems]"), scene, `${address}/validation`, act.go);

/** For what runs on the canvas: shows a node, saves before a run begins (whether that went well), and says what keeps it from running. */
export const editor = { store, scene, viewport, show: act.go, fit: act.fit, saved: () => saving.saved(), look };

new Nodes(scene, store, draw);
new Edges(/** @type {any} */ (find("[data-edges]")), scene, store);
panAndZoom(canvas, viewport);
link(canvas, { scene, store, viewport, offer: (port, at) => add(at, port) });
chooseAndMove(canvas, parts);
editProperties(plane, store);
takeFiles(canvas, store);
minimap(find("[data-minimap]"), scene, viewport);
rooms(scene);
outline(find("[data-outline]"), scene, store, act.go);
bar(store, viewport, { fit: act.fit, tidy: act.tidy, add: () => add() });
saving.addEventListener("saved", look);
saving.addEventListener("saved", () => document.dispatchEvent(new Event("graph:saved")));
document.addEventListener("submit", async (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.dataset.afterSaving === undefined) return;
  event.preventDefault();
  if (await saving.saved()) form.submit();
});
canvas.addEventListener("dblclick", (event) => {
  if (!(/** @type {HTMLElement} */ (event.target).closest("[data-node], .panel, [data-edge]")))
    add(viewport.locate(event));
});
canvas.addEventListener("focusin", ({ target }) => {
  const on = /** @type {HTMLElement} */ (target);
  if (on.matches("[data-node]:focus-visible") && !selection.nodes.has(on.dataset.node ?? ""))
    act.go(on.dataset.node ?? "");
});

/** @param {number} x @param {number} y */
const steps = (x, y) => [() => act.move(x * act.near, y * act.near), () => act.move(x * act.far, y * act.far)];
const [left, farLeft] = steps(-1, 0);
const [right, farRight] = steps(1, 0);
const [up, farUp] = steps(0, -1);
const [down, farDown] = steps(0, 1);
keys(
  /** @type {Record<string, () => void>} */ ({
    ArrowLeft: left,
    ArrowRight: right,
    ArrowUp: up,
    ArrowDown: down,
    "Shift+ArrowLeft": farLeft,
    "Shift+ArrowRight": farRight,
    "Shift+ArrowUp": farUp,
    "Shift+ArrowDown": farDown,
    "/": () => add(),
    a: () => add(),
    c: () => connect(/** @type {HTMLElement} */ (document.activeElement)),
    f: act.fit,
    l: act.tidy,
    F2: act.rename,
    Delete: act.erase,
    Backspace: act.erase,
    Escape: () => selection.choose([]),
    "Control+a": () => selection.choose(scene.boxes.keys()),
    "Control+z": () => store.undo(),
    "Control+Shift+z": () => store.redo(),
    "Control+y": () => store.redo(),
    "+": () => viewport.zoom(1.2),
    "-": () => viewport.zoom(1 / 1.2),
  }),
);

await settle();
canvas.dataset.ready = "";
look();

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

/** Gives those nodes a place that have none, and shows all, or on a phone where it begins. */
async function settle() {
  const lost = [...scene.boxes].flatMap(([id, box]) => (Number.isNaN(box.x) ? [id] : []));
  if (lost.length) scene.put(await arranged(store.graph, scene, lost));
  act.begin();
}
