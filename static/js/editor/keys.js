// The keys of the canvas. None acts while a text is being typed, or behind an open dialog or menu.

/** @typedef {(event: KeyboardEvent) => void} Act */

const TYPED = "input:not([type=checkbox], [type=file]), textarea, select, [contenteditable]";

/**
 * @param {Record<string, Act>} acts By the key's name with its modifiers in this order: `Control+Shift+z`, `Delete`.
 */
export function keys(acts) {
  addEventListener("keydown", (event) => {
    const on = /** @type {HTMLElement} */ (event.target);
    if (
      event.defaultPrevented ||
      event.isComposing ||
      on.closest(TYPED) ||
      document.querySelector("dialog[open], :popover-open")
    )
      return;
    const act = acts[named(event)];
    if (!act || (on.closest("button, a, summary") && ["Enter", " "].includes(event.key))) return;
    event.preventDefault();
    act(event);
  });
}

/** @param {KeyboardEvent} event */
function named(event) {
  const letter = event.key.length === 1;
  const shifted = event.shiftKey && (!letter || event.key.toLowerCase() !== event.key.toUpperCase());
  const parts = [
    event.ctrlKey || event.metaKey ? "Control+" : "",
    event.altKey ? "Alt+" : "",
    shifted ? "Shift+" : "",
    letter ? event.key.toLowerCase() : event.key,
  ];
  return parts.join("");
}
