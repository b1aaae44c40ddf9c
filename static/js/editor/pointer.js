// Moving over the plane: wheel and trackpad, Space-drag, middle drag, and fingers, of which two zoom.

/** @typedef {import("./viewport.js").Viewport} Viewport */

const COVERS = ".panel:not(.hint), dialog"; // a hint is not in the way
const LINE = 32; // px, where a wheel counts in lines

/** Whether Space is held, so that a drag pans whatever is under it. */
let space = false;

/** @param {HTMLElement} canvas @param {Viewport} viewport */
export function panAndZoom(canvas, viewport) {
  /** @type {Map<number, PointerEvent>} */
  const held = new Map();

  canvas.addEventListener("wheel", (event) => wheel(event, viewport), { passive: false });
  addEventListener("keydown", (event) => hold(event, canvas, true));
  addEventListener("keyup", (event) => hold(event, canvas, false));
  addEventListener("blur", () => {
    space = false;
    canvas.toggleAttribute("data-grabs", false);
  });

  canvas.addEventListener(
    "pointerdown",
    (event) => {
      if (!pans(event)) return;
      held.set(event.pointerId, event);
      if (event.pointerType === "touch") return;
      event.preventDefault();
      event.stopPropagation();
      canvas.setPointerCapture(event.pointerId);
      canvas.toggleAttribute("data-grabbing", true);
    },
    { capture: true },
  );
  canvas.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    if (held.size === 2) pinch(held, event, viewport);
    viewport.pan((event.clientX - before.clientX) / held.size, (event.clientY - before.clientY) / held.size);
    held.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      held.delete(/** @type {PointerEvent} */ (event).pointerId);
      canvas.toggleAttribute("data-grabbing", false);
    });
  }
}

/** @param {WheelEvent} event @param {Viewport} viewport */
function wheel(event, viewport) {
  const over = /** @type {HTMLElement} */ (event.target);
  if (over.closest(COVERS) || (!event.ctrlKey && scrolls(over))) return;
  event.preventDefault();
  const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1;
  if (event.ctrlKey || event.metaKey)
    viewport.zoom(Math.exp(-Math.max(-60, Math.min(60, event.deltaY * unit)) / 180), event);
  else if (event.shiftKey && !event.deltaX) viewport.pan(-event.deltaY * unit, 0);
  else viewport.pan(-event.deltaX * unit, -event.deltaY * unit);
}

/** What is longer than its box scrolls by itself once it has the focus, or its node is chosen. @param {HTMLElement} over */
function scrolls(over) {
  const box = over.closest("textarea, [data-scrolls]");
  if (!box || box.scrollHeight <= box.clientHeight) return false;
  return (
    box.contains(document.activeElement) || (box.matches("[data-scrolls]") && box.closest("[data-chosen]") !== null)
  );
}

/** @param {PointerEvent} event */
function pans(event) {
  const over = /** @type {HTMLElement} */ (event.target);
  if (over.closest(COVERS)) return false;
  if (event.pointerType === "touch")
    return !over.closest("[data-port], input, textarea, select, button, a, [data-node][data-chosen]");
  return event.button === 1 || (event.button === 0 && space);
}

/** @param {Map<number, PointerEvent>} held @param {PointerEvent} event @param {Viewport} viewport */
function pinch(held, event, viewport) {
  const other = [...held.values()].find((each) => each.pointerId !== event.pointerId);
  const before = held.get(event.pointerId);
  if (!other || !before) return;
  const far = Math.hypot(event.clientX - other.clientX, event.clientY - other.clientY);
  const was = Math.hypot(before.clientX - other.clientX, before.clientY - other.clientY);
  const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
  if (was > 0) viewport.zoom(far / was, middle);
}

/** @param {KeyboardEvent} event @param {HTMLElement} canvas @param {boolean} down */
function hold(event, canvas, down) {
  if (event.key !== " ") return;
  const on = /** @type {HTMLElement} */ (event.target);
  if (down && on.closest("input, textarea, select, button, a, summary, dialog, [contenteditable]")) return;
  if (down) event.preventDefault();
  space = down;
  canvas.toggleAttribute("data-grabs", down);
}
