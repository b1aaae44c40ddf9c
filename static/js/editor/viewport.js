// What part of the plane is seen: pan, zoom and fit, as one transform. Tells of each change by an event `change`, and by
// `resize` that the canvas is of another size.

/** @typedef {import("./graph.js").Box} Box */
/** @typedef {import("./graph.js").Point} Point */

const LEAST = 0.1;
const MOST = 2;
const NATURAL = 0.72; // what fits is not made larger than this
const REST = 160; // ms
const GRID = 25;
const COARSE = 0.4; // the dots come no nearer to each other than at this scale

export class Viewport extends EventTarget {
  /** @type {HTMLElement} */
  #canvas;
  /** @type {HTMLElement} */
  #plane;
  #resting = 0;
  x = 0;
  y = 0;
  scale = 1;

  /** @param {HTMLElement} canvas @param {HTMLElement} plane */
  constructor(canvas, plane) {
    super();
    this.#canvas = canvas;
    this.#plane = plane;
    new ResizeObserver(() => {
      this.#show();
      this.dispatchEvent(new Event("resize"));
    }).observe(canvas);
  }

  get size() {
    return { width: this.#canvas.clientWidth, height: this.#canvas.clientHeight };
  }

  /** Which part is seen and how large, to see whether it still is. */
  get view() {
    return `${this.x} ${this.y} ${this.scale}`;
  }

  /** The part of the plane that is in sight. @returns {Box} */
  get sight() {
    const { width, height } = this.size;
    return {
      x: -this.x / this.scale,
      y: -this.y / this.scale,
      width: width / this.scale,
      height: height / this.scale,
    };
  }

  /** A place on the screen as one on the plane. @param {{clientX: number, clientY: number}} at @returns {Point} */
  locate({ clientX, clientY }) {
    const edge = this.#canvas.getBoundingClientRect();
    return { x: (clientX - edge.left - this.x) / this.scale, y: (clientY - edge.top - this.y) / this.scale };
  }

  /** @param {number} x @param {number} y In pixels of the screen. */
  pan(x, y) {
    this.set(this.x + x, this.y + y, this.scale);
  }

  /**
   * Zooms by a factor around a place on the screen, the middle if none is given.
   * @param {number} factor @param {{clientX: number, clientY: number}} [at]
   */
  zoom(factor, at) {
    const edge = this.#canvas.getBoundingClientRect();
    const x = at ? at.clientX - edge.left : edge.width / 2;
    const y = at ? at.clientY - edge.top : edge.height / 2;
    const scale = Math.min(MOST, Math.max(LEAST, this.scale * factor));
    const ratio = scale / this.scale;
    this.set(x - (x - this.x) * ratio, y - (y - this.y) * ratio, scale);
  }

  /**
   * Brings a part of the plane into what is free of panels.
   * @param {Box} box @param {{top: number, right: number, bottom: number, left: number}} free
   */
  fit(box, free) {
    const width = Math.max(this.size.width - free.left - free.right, 80);
    const height = Math.max(this.size.height - free.top - free.bottom, 80);
    const scale = Math.max(LEAST, Math.min(NATURAL, width / box.width, height / box.height));
    const x = free.left + (width - box.width * scale) / 2 - box.x * scale;
    const y = free.top + Math.max((height - box.height * scale) / 3, 0) - box.y * scale;
    this.set(x, y, scale);
  }

  /** Brings the middle of a part of the plane to the middle of the canvas. @param {Box} box */
  center(box) {
    const { width, height } = this.size;
    this.set(
      width / 2 - (box.x + box.width / 2) * this.scale,
      height / 2 - (box.y + box.height / 2) * this.scale,
      this.scale,
    );
  }

  /** @param {number} x @param {number} y @param {number} scale */
  set(x, y, scale) {
    [this.x, this.y, this.scale] = [Math.round(x), Math.round(y), scale];
    // A layer of its own while it moves; at rest drawn anew, so that text is sharp.
    this.#plane.toggleAttribute("data-moves", true);
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#plane.toggleAttribute("data-moves", false), REST);
    this.#show();
  }

  #show() {
    this.#plane.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    // Set here and not as custom properties, which every node would inherit anew with each step.
    const grid = GRID * Math.max(this.scale, COARSE);
    this.#canvas.style.backgroundPosition = `${this.x}px ${this.y}px`;
    this.#canvas.style.backgroundSize = `${grid}px ${grid}px`;
    this.dispatchEvent(new Event("change"));
  }
}
