// The socket of a page: says whether what is shown is live, and begins anew where hx-ws by itself would not.

import { isSignedOut, mark, signedOut } from "./banner.js";

/** @typedef {{reason: string, code: number | null}} Close */

const NOT_SIGNED_IN = 4401;
const NOT_FOUND = 4404;
const GONE = "This run has been deleted, or is no longer yours.";
const SILENCE = 20_000; // ms; a canvas hears something every 10 s, an active job's page every 15 s at least
const TICK = 1_000; // ms
const ASLEEP = 5_000; // ms that no timer of a page in sight is late by, but by a sleep of the machine
const pristine = document.getElementById("wire")?.outerHTML;
const gone = document.getElementById("wire")?.dataset.gone;
const htmx = () => /** @type {any} */ (window).htmx;

let heard = performance.now();
let ticked = Date.now();
let sight = !document.hidden;

document.addEventListener("htmx:ws:before:message:incoming", () => {
  heard = performance.now();
  if (!isSignedOut()) mark("live"); // a socket may outlive its session for a while
});
document.addEventListener("htmx:ws:close", (event) => {
  const { reason, code } = /** @type {CustomEvent<Close>} */ (event).detail;
  if (reason !== "closed") return;
  if (code === NOT_SIGNED_IN) signedOut();
  else if (code === NOT_FOUND) mark("offline", gone ?? GONE);
  else if (document.body.dataset.connection !== "offline") mark("reconnecting");
});
window.addEventListener("online", renew);
window.addEventListener("offline", () => mark("reconnecting"));
window.addEventListener("pageshow", (event) => {
  if (event.persisted && isSignedOut()) location.reload();
  else if (event.persisted) renew();
});
document.addEventListener("visibilitychange", listen);
setInterval(listen, TICK);

connect();

/** Opens the socket; not before this module listens, or it would miss the first frame. */
function connect() {
  const wire = document.getElementById("wire");
  htmx().process(wire);
  htmx().trigger(wire, "listen");
}

/** Whether something should long have come in, or the machine has slept: then the socket may be dead and not know it. */
function listen() {
  const now = Date.now();
  const slept = sight && now - ticked > ASLEEP;
  ticked = now;
  sight = !document.hidden;
  if (!sight || document.body.dataset.connection !== "live") return;
  const active = gone || document.querySelector("[data-job-card]:is([data-state=queued], [data-state=running])");
  if (active && (slept || performance.now() - heard > SILENCE)) renew();
}

/** Opens a new socket in place of the old one, whatever became of that. */
async function renew() {
  if (document.body.dataset.connection === "offline") return;
  mark("reconnecting");
  await htmx().swap({ target: "#wire", swap: "outerHTML", text: pristine, sourceElement: document.body });
  connect();
}
