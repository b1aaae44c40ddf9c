// Files are imported as soon as they are chosen, or dropped anywhere on the page.

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-import]"));
const input = /** @type {HTMLInputElement | null | undefined} */ (form?.querySelector("input[type=file]"));
const drop = /** @type {HTMLElement | null} */ (document.querySelector("[data-drop]"));

form?.querySelector("[data-choose]")?.addEventListener("click", () => input?.click());
input?.addEventListener("change", () => {
  if (input.files?.length) form?.requestSubmit();
});

document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  show(true);
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) show(false);
});
document.addEventListener("drop", (event) => {
  show(false);
  const files = event.dataTransfer?.files;
  if (!files?.length || !input) return;
  event.preventDefault();
  input.files = files;
  form?.requestSubmit();
});

/** @param {boolean} dragged Whether files are over the page. */
function show(dragged) {
  if (drop) drop.hidden = !dragged;
}

export {}; // a module: its names are its own
