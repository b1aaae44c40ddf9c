// The form that runs a workflow: a chosen picture is shown before it is sent, one's own file can be left for the workflow's,
// and a form is sent once.

import { showFace } from "./faces.js";

const form = /** @type {HTMLFormElement | null} */ (document.querySelector(".run-form"));

for (const input of form?.querySelectorAll("input[type=file]") ?? []) {
  input.addEventListener("change", () => choose(/** @type {HTMLInputElement} */ (input)));
  choose(/** @type {HTMLInputElement} */ (input)); // it may have been chosen before this was here
}
const faces = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".run-form [data-given]"));
if (faces.length > 0) import("./sounds.js").then(({ sounds }) => sounds());
for (const face of faces) showFace(face, face.dataset.given ?? "");
for (const button of form?.querySelectorAll("[data-action=own]") ?? []) {
  button.addEventListener("click", () => takeOwn(/** @type {HTMLButtonElement} */ (button)));
}
form?.addEventListener("submit", () => {
  const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (form.querySelectorAll("button:not([type])"));
  for (const button of buttons) button.disabled = true;
});
window.addEventListener("pageshow", () => {
  for (const button of form?.querySelectorAll("button") ?? []) button.disabled = false;
});

/** @param {HTMLInputElement} input */
function choose(input) {
  const file = input.files?.[0];
  const field = input.closest(".field");
  const face = /** @type {HTMLElement | null | undefined} */ (field?.querySelector("[data-face]"));
  if (face && file) showFace(face, "");
  if (!field || input.dataset.kind !== "image" || !file?.type.startsWith("image/")) return;
  const address = URL.createObjectURL(file);
  const image = show(field, address, "The picture that you chose");
  image.addEventListener("load", () => URL.revokeObjectURL(address), { once: true });
}

/** @param {HTMLButtonElement} button */
function takeOwn(button) {
  const field = button.closest(".field");
  const input = /** @type {HTMLInputElement | null} */ (field?.querySelector("input[type=file]"));
  const kept = /** @type {HTMLInputElement | null} */ (field?.querySelector("input[type=hidden]"));
  if (!field || !input || !kept) return;
  input.value = "";
  input.focus();
  kept.value = button.dataset.own ?? "";
  const face = /** @type {HTMLElement | null} */ (field.querySelector("[data-face]"));
  if (face) showFace(face, kept.value);
  else show(field, `/api/v1/assets/${kept.value}/thumbnail`, "The picture that it runs with");
  button.remove();
}

/**
 * @param {Element} field
 * @param {string} address
 * @param {string} alt
 */
function show(field, address, alt) {
  const shown = /** @type {HTMLImageElement | null} */ (field.querySelector(".preview"));
  const image = shown ?? document.createElement("img");
  Object.assign(image, { className: "preview", src: address, alt });
  if (!shown) field.querySelector("input[type=file]")?.after(image);
  return image;
}
