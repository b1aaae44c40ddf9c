// Where everything is on the plane: the nodes' elements and boxes, and the ports on them.

/** @typedef {import("./graph.js").Box} Box */
/** @typedef {import("./graph.js").Point} Point */

/**
 * Tells by `move` when nodes stand elsewhere or are of another size, by `nodes` when some came or went; the details are
 * the ids of those concerned.
 */
export class Scene extends EventTarget {
  #plane;
  /** @type {Map<string, HTMLElement>} */
  #elements = new Map();
  /** @type {Map<string, Box>} */
  #boxes = new Map();
  #sizes = new ResizeObserver((entries) => this.#measure(entries.map((entry) => idOf(entry.target))));

  /** @param {HTMLElement} plane */
  constructor(plane) {
    super();
    this.#plane = plane;
    for (const element of plane.querySelectorAll("[data-node]")) this.adopt(/** @type {HTMLElement} */ (element));
  }

  /** @param {string} id */
  element(id) {
    return this.#elements.get(id);
  }

  get elements() {
    return this.#elements;
  }

  /** Every node's place and size on the plane; x and y are NaN until it has a place. */
  get boxes() {
    return this.#boxes;
  }

  /**
   * Around all of these nodes, all there are if none are named; null where there is none.
   * @param {Iterable<string>} [ids] @returns {Box | null}
   */
  around(ids = this.#boxes.keys()) {
    const boxes = [...ids].flatMap((id) => this.#boxes.get(id) ?? []).filter((box) => !Number.isNaN(box.x));
    if (!boxes.length) return null;
    const [x, y] = [Math.min(...boxes.map((box) => box.x)), Math.min(...boxes.map((box) => box.y))];
    const right = Math.max(...boxes.map((box) => box.x + box.width));
    const bottom = Math.max(...boxes.map((box) => box.y + box.height));
    return { x, y, width: right - x, height: bottom - y };
  }

  /** @param {string} id @param {"in" | "out"} side @param {string} name */
  port(id, side, name) {
    const ports = this.#elements.get(id)?.querySelectorAll(`[data-side=${side}]`) ?? [];
    return [...ports].map((port) => /** @type {HTMLElement} */ (port)).find((port) => port.dataset.port === name);
  }

  /**
   * The middle of a port on the plane; the node's edge where the port is folded away or unknown.
   * @param {string} id @param {"in" | "out"} side @param {string} name @returns {Point | null}
   */
  portAt(id, side, name) {
    const box = this.#boxes.get(id);
    if (!box) return null;
    const port = this.port(id, side, name);
    if (!port?.offsetParent) return { x: box.x + (side === "out" ? box.width : 0), y: box.y + 26 };
    return { x: box.x + port.offsetLeft + port.offsetWidth / 2, y: box.y + port.offsetTop + port.offsetHeight / 2 };
  }

  /** @param {HTMLElement} element A node's, which may be on the plane already. */
  adopt(element) {
    const id = idOf(element);
    element.tabIndex = 0;
    this.#elements.set(id, element);
    if (!element.isConnected) this.#plane.append(element);
    this.#boxes.set(id, { x: Number.NaN, y: Number.NaN, width: element.offsetWidth, height: element.offsetHeight });
    this.#sizes.observe(element);
  }

  /** @param {string} id @returns {HTMLElement | undefined} Its element, which is no longer on the plane. */
  drop(id) {
    const element = this.#elements.get(id);
    if (element) this.#sizes.unobserve(element);
    element?.remove();
    this.#elements.delete(id);
    this.#boxes.delete(id);
    return element;
  }

  /** Puts nodes elsewhere on the plane; the graph is not changed by this. @param {Map<string, Point>} places */
  put(places) {
    for (const [id, { x, y }] of places) {
      const box = this.#boxes.get(id);
      const element = this.#elements.get(id);
      if (!box || !element) continue;
      this.#boxes.set(id, { ...box, x, y });
      element.style.translate = `${x}px ${y}px`;
    }
    this.tell("move", [...places.keys()]);
  }

  /** @param {"move" | "nodes"} what @param {string[]} ids */
  tell(what, ids) {
    this.dispatchEvent(new CustomEvent(what, { detail: ids }));
  }

  /** @param {string[]} ids */
  #measure(ids) {
    for (const id of ids) {
      const [element, box] = [this.#elements.get(id), this.#boxes.get(id)];
      if (element && box) this.#boxes.set(id, { ...box, width: element.offsetWidth, height: element.offsetHeight });
    }
    this.tell("move", ids);
  }
}

/** @param {Element} element */
export function idOf(element) {
  return /** @type {HTMLElement} */ (element).dataset.node ?? "";
}
