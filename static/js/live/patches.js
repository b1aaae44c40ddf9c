// What a patch changes on the canvas: statuses, progress, counters, flow, streamed text. Never structure.

import { advance, append, write } from "../hot.js";

const FLOWING = 8; // edges
const LONGEST = 320; // characters of a text that grows; a node shows some 120 of them

/**
 * @typedef {object} Patch
 * @property {string | null} [focused]
 * @property {number} [progress]
 * @property {number} [done]
 * @property {string} [cost]
 * @property {Record<string, {status: string, cached: boolean, share: number, counts: string, cost: string}>} [nodes]
 * @property {Record<string, [string, string]>} [edges]
 * @property {Record<string, [number, string]>} [text]
 * @property {Record<string, number>} [runs]
 * @property {number} [running]
 * @property {number} [waiting]
 * @property {number} [ever]
 * @property {boolean} [alone]
 */

/**
 * Puts the newest of all of them in place; text is appended in its order.
 * @param {HTMLElement} canvas
 * @param {Patch[]} patches
 */
export function apply(canvas, patches) {
  const settle = append(
    patches.map((patch) => patch.text),
    LONGEST,
  );
  const merged = { nodes: {}, edges: {}, runs: {} };
  for (const patch of patches) {
    for (const part of /** @type {const} */ (["nodes", "edges", "runs"])) Object.assign(merged[part], patch[part]);
  }
  show(canvas, Object.assign({}, ...patches, merged));
  settle();
}

/** @param {HTMLElement} canvas @param {Patch} patch */
function show(canvas, patch) {
  if (patch.focused !== undefined) showFocus(canvas, patch.focused ?? "");
  if (patch.progress !== undefined) advance(document.getElementById("job-progress"), patch.progress);
  if (patch.done !== undefined) write(document.getElementById("job-done"), String(patch.done));
  if (patch.cost !== undefined) write(document.getElementById("job-cost"), patch.cost);
  for (const [id, node] of Object.entries(patch.nodes ?? {})) showNode(id, node);
  const turned = Object.entries(patch.edges ?? {}).filter(([id, edge]) => showEdge(id, ...edge));
  if (turned.length) flow();
  for (const [id, share] of Object.entries(patch.runs ?? {})) showRun(id, share);
  const queue = document.getElementById("queue");
  if (patch.alone !== undefined && queue && queue.hidden !== patch.alone) queue.hidden = patch.alone;
  if (patch.ever !== undefined) write(document.querySelector("[data-ever]"), String(patch.ever));
  if (patch.running !== undefined) document.body.dataset.running = String(patch.running);
}

/** Rings the tiles of the run that the lens is on. @param {HTMLElement} canvas @param {string} job */
function showFocus(canvas, job) {
  if (canvas.dataset.focusedJob === job) return;
  canvas.dataset.focusedJob = job;
  for (const tile of canvas.querySelectorAll(".tile[data-job]")) {
    tile.classList.toggle("ring", /** @type {HTMLElement} */ (tile).dataset.job === job);
  }
}

/** @param {string} id @param {NonNullable<Patch["nodes"]>[string]} node */
function showNode(id, { status, cached, share, counts, cost }) {
  const root = document.getElementById(`node-${id}`);
  if (!root) return;
  if (root.dataset.status !== status) root.dataset.status = status;
  root.toggleAttribute("data-cached", cached);
  advance(document.getElementById(`progress-${id}`), share);
  const place = document.getElementById(`counts-${id}`);
  if (place && place.hidden === Boolean(counts)) place.hidden = !counts;
  write(place, counts);
  write(document.getElementById(`cost-${id}`), cost);
}

/** @param {string} id @param {string} state @param {string} count @returns {boolean} Whether its state is another now. */
function showEdge(id, state, count) {
  const edge = /** @type {SVGGElement | null} */ (document.querySelector(`[data-edge="${CSS.escape(id)}"]`));
  if (!edge) return false;
  const turns = edge.dataset.state !== state;
  if (turns) edge.dataset.state = state;
  write(edge.querySelector(`[data-edge-count="${CSS.escape(id)}"] text`), count);
  return turns;
}

/**
 * Edges on which items travel flow, all in step: a frame drawn for one is drawn for all. Where very many do, their
 * dashes and counters tell it, and they stand still.
 */
export function flow() {
  const layer = document.querySelector("[data-edges]");
  const active = layer?.querySelectorAll('[data-edge][data-state="active"]').length ?? 0;
  const flows = active > 0 && active <= FLOWING;
  if (layer?.hasAttribute("data-flows") !== flows) layer?.toggleAttribute("data-flows", flows);
  if (flows) for (const each of layer?.getAnimations({ subtree: true }) ?? []) each.startTime = 0;
}

/** @param {string} id @param {number} share */
function showRun(id, share) {
  for (const bar of document.querySelectorAll(`[data-share="${CSS.escape(id)}"]`)) advance(bar, share);
  for (const place of document.querySelectorAll(`[data-percent="${CSS.escape(id)}"]`)) {
    write(place, String(Math.round(share * 100)));
  }
}
