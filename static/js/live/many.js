// "Run…": says how many runs what is written makes before any is made, and makes them.

import { post } from "./post.js";
import { saved } from "./running.js";

const htmx = () => /** @type {any} */ (window).htmx;

export function many() {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("many"));
  const form = dialog?.querySelector("form");
  if (!dialog || !form) return;
  document.addEventListener("click", async (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target.closest("[data-many]")) {
      dialog.showModal();
      const first = /** @type {HTMLElement | null} */ (form.querySelector("fieldset :is(input, textarea)"));
      if (matchMedia("(pointer: fine)").matches) first?.focus(); // a phone's keyboard would cover half of it
      await saved();
      htmx().trigger(form, "plan");
    }
    if (target.closest("[data-start]")) start(dialog, form);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  new MutationObserver(() => tell(dialog)).observe(form, {
    subtree: true,
    childList: true,
    attributeFilter: ["data-runs"],
  });
}

/** @param {HTMLDialogElement} dialog */
function tell(dialog) {
  const runs = Number(document.getElementById("plan")?.dataset.runs ?? 0);
  const button = /** @type {HTMLButtonElement | null} */ (dialog.querySelector("[data-start]"));
  const words = `${runs} run${runs === 1 ? "" : "s"}`;
  const says = runs ? `Start ${words}` : "Start";
  const label = button?.querySelector("span");
  if (!button || !label || (label.textContent === says && button.disabled === !runs)) return;
  button.disabled = !runs;
  label.textContent = says;
  const count = dialog.querySelector("[data-count]");
  if (count) count.textContent = runs ? words : "";
}

/** @param {HTMLDialogElement} dialog @param {HTMLFormElement} form */
async function start(dialog, form) {
  const values = new FormData(form);
  values.set("start", "1");
  const answer = await post(form.getAttribute("hx-post") ?? "", values);
  if (answer.status !== 204) return htmx().trigger(form, "plan");
  dialog.close();
  const repeat = /** @type {HTMLInputElement} */ (form.elements.namedItem("repeat"));
  repeat.value = "1"; // what varies may well be asked of again; so many times over hardly
}
