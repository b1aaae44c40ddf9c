// What moves many times a second is put in place once per animation frame, however often it comes; and less often where
// that is much to draw, so that most of the page's time is left to the person at it.

const PART = 5; // the whole, where drawing is one part

/** @template Patch Gathers patches until the next frame, or until they have to be in place. */
export class Frames {
  /** @type {Patch[]} */
  #patches = [];
  #frame = 0;
  #turn = 0;
  #next = 0;
  #apply;

  /** @param {(patches: Patch[]) => void} apply */
  constructor(apply) {
    this.#apply = apply;
  }

  /** @param {Patch} patch */
  take(patch) {
    this.#patches.push(patch);
    if (this.#frame || this.#turn) return;
    const wait = this.#next - performance.now();
    if (wait <= 0) this.#ask();
    else this.#turn = setTimeout(() => this.#ask(), wait);
  }

  flush() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#turn);
    this.#frame = this.#turn = 0;
    const patches = this.#patches.splice(0);
    if (patches.length) this.#apply(patches);
  }

  #ask() {
    this.#turn = 0;
    this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  /** @param {number} now */
  #draw(now) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      this.#next = now + (performance.now() - now) * PART; // it comes when the frame has been drawn
    };
    port2.postMessage(null);
    this.flush();
  }
}

const STEP = 1 / 256; // of a bar; it is less than a pixel of most
const END = 1e7; // px; further than any text is long

/** @type {WeakSet<EventTarget>} Boxes that the reader has scrolled away from their end. */
const left = new WeakSet();
/** @type {WeakSet<EventTarget>} Boxes that have been scrolled to their end: to ask them would lay out the page. */
const ended = new WeakSet();
document.addEventListener(
  "scroll",
  ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    const there = target.scrollHeight - target.scrollTop - target.clientHeight < 8;
    (there ? ended : left).add(target);
    (there ? left : ended).delete(target);
  },
  { capture: true, passive: true },
);

/** @type {WeakMap<Text, {gone: number, length: number}>} */
const shortened = new WeakMap();

/**
 * Appends streamed texts, each once however often it comes: by node, where the new text begins, and the text.
 * @param {(Record<string, [number, string]> | undefined)[]} batches
 * @param {number} [most] Where a text is longer, its beginning goes, unless the reader is there: laying out long texts
 *   many times a second is what a page can't do.
 * @returns {() => void} Brings their ends into sight where they were. Call it when all else of the frame is in place:
 *   whatever asks where things are has the browser lay out the page, and is to find it done.
 */
export function append(batches, most = Number.POSITIVE_INFINITY) {
  /** @type {Map<HTMLElement, [number, string][]>} */
  const texts = new Map();
  for (const [id, text] of batches.flatMap((batch) => Object.entries(batch ?? {}))) {
    const box = document.getElementById(`text-${id}`);
    if (box) texts.set(box, [...(texts.get(box) ?? []), text]);
  }
  for (const [box, parts] of texts) {
    for (const part of parts) extend(box, ...part);
    if (!left.has(box)) shorten(/** @type {Text} */ (box.firstChild), most);
  }
  const grown = [...texts].filter(([, parts]) => parts.some(([at]) => at > 0)).map(([box]) => box);
  return () => {
    for (const box of grown) if (!left.has(box)) box.scrollTop = END;
    settle(texts.keys());
  };
}

/** Brings the ends of these boxes into sight again, where they were. @param {Iterable<Element>} boxes */
export function settle(boxes) {
  for (const box of boxes) if (ended.has(box)) box.scrollTop = END;
}

/** @param {HTMLElement} box @param {number} at @param {string} added */
function extend(box, at, added) {
  if (!(box.firstChild instanceof Text) || box.childNodes.length > 1) box.replaceChildren("");
  const text = /** @type {Text} */ (box.firstChild);
  if (at === 0) {
    shortened.delete(text);
    text.data = "";
  }
  text.appendData(added.slice(Math.max(missing(text) + text.length - at, 0)));
}

/** @param {Text} text @param {number} most */
function shorten(text, most) {
  const gone = missing(text);
  const over = text.length > most ? text.length - Math.round(most / 2) : 0;
  if (over) text.deleteData(0, over);
  shortened.set(text, { gone: gone + over, length: text.length });
}

/** How much of its beginning is gone; none, where the server has written it anew. @param {Text} text */
function missing(text) {
  const known = shortened.get(text);
  return known?.length === text.length ? known.gone : 0;
}

/**
 * Moves a bar if that can be seen.
 * @param {Element | null} bar @param {number} share
 */
export function advance(bar, share) {
  if (!(bar instanceof HTMLProgressElement) || bar.value === share) return;
  if (Math.abs(bar.value - share) >= STEP || share === 0 || share === 1) bar.value = share;
}

/**
 * In the text that is there: another one in its place would have the browser match `:has()` and `:empty` anew.
 * @param {Element | null} place
 * @param {string} text
 */
export function write(place, text) {
  if (!place || place.textContent === text) return;
  const [only, ...others] = place.childNodes;
  if (only instanceof Text && !others.length && text) only.data = text;
  else place.textContent = text;
}
