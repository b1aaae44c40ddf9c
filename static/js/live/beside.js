// What opens beside its button: a list of a node's tool calls, its plan, its log. The canvas may stand at any zoom.

const WIDE = 380;
const GAP = 6;

export function beside() {
  document.addEventListener(
    "beforetoggle",
    ({ target, newState }) => {
      const box = /** @type {HTMLElement} */ (target);
      if (newState !== "open" || !box.matches("[popover].beside")) return;
      const button = document.querySelector(`[popovertarget="${CSS.escape(box.id)}"]`)?.getBoundingClientRect();
      if (button) put(box, button);
    },
    true,
  );
}

/** Below the button, or above it where there is more room. @param {HTMLElement} box @param {DOMRect} button */
function put({ style }, button) {
  const below = innerHeight - button.bottom;
  style.left = `${Math.max(GAP, Math.min(button.left, innerWidth - WIDE - GAP))}px`;
  style.top = below > button.top ? `${button.bottom + GAP}px` : "auto";
  style.bottom = below > button.top ? "auto" : `${innerHeight - button.top + GAP}px`;
  style.maxHeight = `${Math.max(below, button.top) - 2 * GAP}px`;
}
