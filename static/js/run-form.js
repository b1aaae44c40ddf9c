// The form that runs a workflow: a chosen picture is shown before it is sent, and a form is sent once.

const form = /** @type {HTMLFormElement | null} */ (document.querySelector(".run-form"));

for (const input of form?.querySelectorAll("input[type=file]") ?? []) {
  input.addEventListener("change", () => preview(/** @type {HTMLInputElement} */ (input)));
}
form?.addEventListener("submit", () => {
  for (const button of form.querySelectorAll("button")) button.disabled = true;
});
window.addEventListener("pageshow", () => {
  for (const button of form?.querySelectorAll("button") ?? []) button.disabled = false;
});

/** @param {HTMLInputElement} input */
function preview(input) {
  input.parentElement?.querySelector(".preview")?.remove();
  const file = input.files?.[0];
  if (!file?.type.startsWith("image/")) return;
  const image = document.createElement("img");
  image.className = "preview";
  image.alt = "The picture that you chose";
  image.src = URL.createObjectURL(file);
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  input.after(image);
}
