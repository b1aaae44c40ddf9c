// Runs again what made one of the two, with the same inputs, and says which run that is.

import { ask, Refusal } from "../editor/server.js";

export function again() {
  document.addEventListener("click", ({ target }) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-action=rerun]"));
    if (button && button.ariaBusy !== "true") rerun(button);
  });
}

/** @param {HTMLElement} button */
async function rerun(button) {
  const side = /** @type {HTMLElement} */ (button.closest("[data-side]"));
  const told = /** @type {HTMLElement} */ (side.querySelector(".told"));
  button.ariaBusy = "true";
  try {
    const job = await (await ask(`/api/v1/jobs/${side.dataset.job}/rerun`, "POST", {})).json();
    const link = document.createElement("a");
    link.href = `/jobs/${job.id}/`;
    link.textContent = `Run #${job.number}`;
    told.replaceChildren(link, " has been started with the same inputs.");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    told.textContent = error.message;
  } finally {
    button.ariaBusy = null;
  }
}
