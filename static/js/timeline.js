// The timeline of a run: all bars share one scale, which grows while a node works, for as long as the page is live.

import { seconds } from "./clock.js";

const TICK = 100; // ms
const NARROWEST = 0.6; // percent of the scale

/** @type {WeakMap<HTMLElement, {said: string, at: number}>} */
const heard = new WeakMap();

document.addEventListener("htmx:ws:after:message:incoming", draw);
setInterval(() => {
  if (document.body.dataset.connection === "live" && document.querySelector(".lane[data-runs]")) draw();
}, TICK);

function draw() {
  const lanes = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".lane[data-from]"))];
  const spans = lanes.map((lane) => ({ lane, from: Number(lane.dataset.from), to: end(lane) }));
  const total = Math.max(0.001, ...spans.map((span) => span.to));
  for (const { lane, from, to } of spans) {
    const bar = lane.querySelector(".bar");
    set(bar, "x", `${Math.min((from / total) * 100, 100 - NARROWEST).toFixed(2)}%`);
    set(bar, "width", `${Math.max(((to - from) / total) * 100, NARROWEST).toFixed(2)}%`);
  }
  const marks = document.querySelectorAll("[data-mark]");
  marks.forEach((mark, at) => {
    const text = written((total * at) / (marks.length - 1));
    if (mark.textContent !== text) mark.textContent = text;
  });
}

/** Until when a node has worked; one that works does so since the server told of it. @param {HTMLElement} lane */
function end(lane) {
  const said = lane.dataset.to ?? "0";
  if (!("runs" in lane.dataset)) return Number(said);
  let start = heard.get(lane);
  if (start?.said !== said) {
    start = { said, at: performance.now() };
    heard.set(lane, start);
  }
  return Number(said) + (performance.now() - start.at) / 1000;
}

/** @param {Element | null} bar @param {string} name @param {string} value */
function set(bar, name, value) {
  if (bar && bar.getAttribute(name) !== value) bar.setAttribute(name, value);
}

/** @param {number} value */
function written(value) {
  return value < 1 ? `${(value * 1000).toFixed(0)} ms` : seconds(value);
}
