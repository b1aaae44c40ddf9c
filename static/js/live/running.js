// The Run button: what is written is saved first; what keeps the workflow from running is told, and clears nothing.

import { post } from "./post.js";
import { show } from "./problems.js";

/** @typedef {import("./problems.js").Problem} Problem */

export function running() {
  document.addEventListener("click", async (event) => {
    const button = /** @type {HTMLButtonElement | null} */ (
      /** @type {Element} */ (event.target).closest("[data-run]")
    );
    if (!(button instanceof HTMLButtonElement) || button.disabled) return;
    button.disabled = true;
    try {
      await saved();
      const answer = await post(button.dataset.run ?? "");
      show(answer.ok ? /** @type {Problem[]} */ ((await answer.json()).errors) : [failure(answer.status)]);
    } catch {
      show([failure(0)]);
    } finally {
      button.disabled = false;
    }
  });
}

/** Whoever edits the workflow adds to `waits` what has to be saved before it runs. */
export async function saved() {
  /** @type {Promise<unknown>[]} */
  const waits = [];
  document.dispatchEvent(new CustomEvent("loupe:before-run", { detail: { waits } }));
  await Promise.all(waits);
}

/** @param {number} status @returns {Problem} */
function failure(status) {
  const message = status
    ? `The server answered ${status}. Reload the page, then run again.`
    : "The server does not answer. Run again when it is back.";
  return { node: null, property: null, code: "", message };
}
