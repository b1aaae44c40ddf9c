// The table of runs by hand and by keyboard: arrow keys move between rows, the form that runs opens as a dialog, and how
// many runs there are and how many of them run stands in the bar and in the title.

import { title } from "./live/title.js";

const runs = () => document.getElementById("runs");
const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("run-with"));
const ever = document.querySelector("[data-ever]:not(#runs)");

document.addEventListener("keydown", (event) => {
  const row = /** @type {Element} */ (event.target).closest?.("[data-job-card]");
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (!row || !step || event.ctrlKey || event.metaKey || event.altKey) return;
  const next = /** @type {Element | null} */ (row[/** @type {"nextElementSibling"} */ (step)]);
  /** @type {HTMLElement | null | undefined} */ (next?.querySelector("a"))?.focus();
  if (next) event.preventDefault();
});
document.addEventListener("click", (event) => {
  if (/** @type {Element} */ (event.target).closest("[data-open]")) dialog.showModal();
});
document.addEventListener("htmx:after:swap", count);
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
