// What moves many times a second is put in place once per animation frame, however often it comes.

/** @template Patch Gathers patches until the next frame, or until they have to be in place. */
export class Frames {
  /** @type {Patch[]} */
  #patches = [];
  #frame = 0;
  #apply;

  /** @param {(patches: Patch[]) => void} apply */
  constructor(apply) {
    this.#apply = apply;
  }

  /** @param {Patch} patch */
  take(patch) {
    this.#patches.push(patch);
    this.#frame ||= requestAnimationFrame(() => this.flush());
  }

  flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const patches = this.#patches.splice(0);
    if (patches.length) this.#apply(patches);
  }
}

/**
 * Appends streamed text, once however often it comes.
 * @param {string} id
 * @param {number} at Where the new text begins.
 * @param {string} added
 */
export function append(id, at, added) {
  const box = document.getElementById(`text-${id}`);
  if (!box) return;
  const follow = follows(box);
  if (at === 0 || !box.firstChild) box.replaceChildren("");
  const text = /** @type {Text} */ (box.firstChild);
  text.appendData(added.slice(Math.max(text.length - at, 0)));
  if (follow) box.scrollTop = box.scrollHeight;
}

/** @param {Element} box @returns {boolean} Whether its end is in sight. */
export function follows(box) {
  return box.scrollHeight - box.scrollTop - box.clientHeight < 8;
}

/** @param {Element | null} bar @param {number} share */
export function advance(bar, share) {
  if (bar instanceof HTMLProgressElement && bar.value !== share) bar.value = share;
}

/** @param {Element | null} place @param {string} text */
export function write(place, text) {
  if (place && place.textContent !== text) place.textContent = text;
}
