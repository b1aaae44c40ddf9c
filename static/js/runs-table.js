// The table of runs by hand and by keyboard: arrow keys move between rows, the form that runs opens as a dialog. How many
// runs there are and how many of them run stands in the bar and in the title; what became of those shown is spoken.

import { announce } from "./announce.js";
import { title } from "./live/title.js";

const runs = () => document.getElementById("runs");
const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("run-with"));
const ever = document.querySelector("[data-ever]:not(#runs)");

let known = states();

document.addEventListener("keydown", (event) => {
  const row = /** @type {Element} */ (event.target).closest?.("[data-job-card]");
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (!row || !step || event.ctrlKey || event.metaKey || event.altKey) return;
  const next = /** @type {Element | null} */ (row[/** @type {"nextElementSibling"} */ (step)]);
  /** @type {HTMLElement | null | undefined} */ (next?.querySelector("a"))?.focus();
  if (next) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const opens = /** @type {Element} */ (event.target).closest("[data-open]");
  if (opens && !("commandForElement" in opens)) dialog.showModal(); // a browser that knows commands has done so
});
document.addEventListener("htmx:after:swap", () => {
  count();
  tell();
});
document.querySelector(".states [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
if ("wrong" in dialog.dataset) dialog.showModal();
count();
title();

function count() {
  const told = runs()?.dataset;
  if (!told) return;
  document.body.dataset.running = told.running ?? "0";
  if (ever && told.ever && ever.textContent !== told.ever) ever.textContent = told.ever;
}

/** Says to who can't see it which of the runs shown stand otherwise now; of many at once, how many. */
function tell() {
  const before = known;
  known = states();
  const changed = [...known].filter(([id, { state }]) => before.has(id) && before.get(id)?.state !== state);
  const words = changed.map(([, { words }]) => words);
  if (words.length) announce(words.length > 2 ? `${words.length} runs stand otherwise now.` : words.join(" "));
}

/** @returns {Map<string, {state: string, words: string}>} */
function states() {
  const rows = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("tr[data-job-card]"));
  return new Map([...rows].map((row) => [row.id, { state: row.dataset.state ?? "", words: words(row) }]));
}

/** @param {HTMLElement} row */
function words(row) {
  return `Run ${row.querySelector(".number")?.textContent}: ${row.querySelector(".status")?.textContent?.trim()}.`;
}
