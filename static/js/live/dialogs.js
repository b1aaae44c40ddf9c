// Dialogs: what is marked closes them, a click beside them does too, and a shelf of products opens in one.

const htmx = () => /** @type {any} */ (window).htmx;

export function dialogs() {
  document.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const shelf = /** @type {HTMLElement | null} */ (target.closest("[data-shelf]"));
    if (shelf?.dataset.shelf) open("shelf", shelf.dataset.shelf);
    if (target.closest("[data-close]") || target instanceof HTMLDialogElement) target.closest("dialog")?.close();
  });
}

/**
 * Loads a page's part into a dialog's box, and shows it.
 * @param {"shelf" | "light"} name
 * @param {string} url
 */
export async function open(name, url) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById(name));
  await htmx().ajax("GET", url, { target: `#${name}-box`, swap: "outerHTML" });
  if (!dialog.open) dialog.showModal();
}
