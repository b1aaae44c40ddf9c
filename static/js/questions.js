// What a menu or a row asks before it does something: a new name, or whether one is sure. One dialog serves all of a page.

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const asker = /** @type {HTMLElement | null} */ (target.closest("[data-dialog]"));
  if (asker) ask(asker);
  if (target.closest("[data-close]") || target instanceof HTMLDialogElement) target.closest("dialog")?.close();
});

/** @param {HTMLElement} asker */
function ask(asker) {
  const { dialog: id = "", url = "", name = "" } = asker.dataset;
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById(id));
  const form = dialog.querySelector("form");
  const place = dialog.querySelector("[data-name]");
  if (!form || !place) return;
  form.action = url;
  if (place instanceof HTMLInputElement) place.value = name;
  else place.textContent = name;
  // First, so that the menu's button is where the focus goes back to.
  /** @type {HTMLElement | null} */ (asker.closest("[popover]"))?.hidePopover();
  dialog.showModal();
  if (place instanceof HTMLInputElement) place.select();
}
