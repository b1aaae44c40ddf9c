// A canvas that follows its runs: what comes by the socket is put in place, and what is asked of runs is sent.

import { clock } from "../clock.js";
import { Frames, settle } from "../hot.js";
import { sounds } from "../sounds.js";
import { choosing } from "./choosing.js";
import { details } from "./details.js";
import { dialogs } from "./dialogs.js";
import { hints } from "./hints.js";
import { keys } from "./keys.js";
import { lightBox } from "./light-box.js";
import { many } from "./many.js";
import { apply, flow } from "./patches.js";
import { phone } from "./phone.js";
import { queue, reveal } from "./queue.js";
import { running } from "./running.js";
import { say } from "./socket.js";
import { spoken } from "./spoken.js";
import { title } from "./title.js";

/** @typedef {import("./patches.js").Patch} Patch */

const scrolling = ".node .text";
const canvas = /** @type {HTMLElement} */ (document.querySelector("[data-canvas]"));
const hot = new Frames(/** @param {Patch[]} patches */ (patches) => apply(canvas, patches));
const said = spoken();

document.addEventListener("htmx:ws:before:message:incoming", (event) => {
  const message = JSON.parse(/** @type {CustomEvent} */ (event).detail.message.data);
  if (message.patch) hot.take(message.patch);
  if (message.content) hot.flush(); // hot values that belong to the HTML, or came before it, are in place before it is
});
document.addEventListener("htmx:ws:after:message:incoming", after);
document.addEventListener("graph:saved", () => say({ saved: true }));
flow();
details();
choosing();
clock(document);
dialogs();
hints();
keys();
lightBox();
many();
phone();
queue();
running();
sounds();
title();

function after() {
  tint();
  const moved = said();
  // What asks where things are waits for the frame, which lays them out once.
  requestAnimationFrame(() => {
    settle(document.querySelectorAll(scrolling));
    if (moved) reveal();
  });
}

/** Gives the focused run's colour to what shows it, and not to the canvas, as all that inherits it is styled anew. */
function tint() {
  const lens = document.getElementById("lens")?.dataset;
  const places = canvas.querySelectorAll('[data-tinted], .node[data-hue], .node[data-status="running"]');
  for (const { dataset } of /** @type {NodeListOf<HTMLElement>} */ (places)) {
    const coloured = dataset.tinted !== undefined || dataset.status === "running";
    for (const name of ["hue", "odd"]) {
      const value = coloured ? lens?.[name] : undefined;
      if (value === undefined) delete dataset[name];
      else if (dataset[name] !== value) dataset[name] = value;
    }
  }
}
