// What the light box asks of the server: to run again what made a product, and, once it has been confirmed, to delete it.

import { ask, Refusal } from "../editor/server.js";

const box = () => /** @type {HTMLElement} */ (document.getElementById("light-box"));

/** @param {string} message */
export function tell(message) {
  const place = box().querySelector(".told");
  if (place) place.textContent = message;
}

/** A new run of what made it; the socket moves the lens. @param {HTMLButtonElement} button */
export async function rerun(button) {
  await once(button, async () => {
    const answer = await ask(`/api/v1/jobs/${box().dataset.job}/rerun`, "POST", {});
    tell(`Run #${(await answer.json()).number} has been started with the same inputs.`);
  });
}

/**
 * Asks, when it is pressed first; deletes the product, when it is pressed again.
 * @param {HTMLButtonElement} button @returns {Promise<boolean>} Whether it is deleted.
 */
export async function remove(button) {
  if (button.dataset.sure === undefined) {
    sure(true);
    tell("What is deleted does not come back. Press again to delete it, or Esc to keep it.");
    return false;
  }
  const deleted = await once(button, () => ask(`/api/v1/assets/${box().dataset.asset}`, "DELETE", undefined));
  if (!deleted) sure(false);
  return deleted;
}

/** Chosen, it is what runs of a part of the workflow take for its node; pressed again, no more. @param {HTMLButtonElement} button */
export async function choose(button) {
  const chosen = button.ariaPressed !== "true";
  const path = button.dataset.path ?? "";
  const body = chosen ? { asset_id: box().dataset.asset } : undefined;
  if (!(await once(button, () => ask(path, chosen ? "PUT" : "DELETE", body)))) return;
  button.ariaPressed = String(chosen);
  const words = /** @type {HTMLElement} */ (button.querySelector("span"));
  words.textContent = chosen ? "Chosen for its node" : "Choose for its node";
  tell(chosen ? "Runs of a part of the workflow take it for this node." : "They take the newest product again.");
}

/** Deletes nothing after all. Whether that was asked. */
export function keep() {
  const button = /** @type {HTMLElement | null} */ (box().querySelector("[data-action=delete][data-sure]"));
  if (!button) return false;
  sure(false);
  tell("");
  button.focus();
  return true;
}

/** @param {boolean} asked Whether the next press deletes. */
function sure(asked) {
  const button = /** @type {HTMLElement} */ (box().querySelector("[data-action=delete]"));
  const words = /** @type {HTMLElement} */ (button.querySelector("span"));
  button.toggleAttribute("data-sure", asked);
  words.textContent = asked ? "Delete it" : "Delete";
  box().querySelector("[data-keep]")?.toggleAttribute("hidden", !asked);
  box().querySelector("[data-action=download]")?.toggleAttribute("hidden", asked);
}

/**
 * Does it, not twice at a time, and says why where it could not be done.
 * @param {HTMLButtonElement} button @param {() => Promise<unknown>} what
 */
async function once(button, what) {
  if (button.ariaBusy === "true") return false;
  button.ariaBusy = "true";
  try {
    await what();
    return true;
  } catch (error) {
    tell(reason(error));
    return false;
  } finally {
    button.ariaBusy = null;
  }
}

/** @param {unknown} error */
function reason(error) {
  if (!(error instanceof Refusal)) throw error;
  const problem = /** @type {{errors?: {message: string}[]} | null | undefined} */ (error.problem);
  return problem?.errors?.map((each) => each.message).join(" ") || error.message;
}
