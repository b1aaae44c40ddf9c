// The nodes as a list, in the order of the way through them: the canvas for those who do not see it.

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./store.js").Store} Store */

/** @param {HTMLElement} list @param {Scene} scene @param {Store} store @param {(id: string) => void} go */
export function outline(list, scene, store, go) {
  /** @param {string} id */
  const title = (id) => scene.element(id)?.querySelector(".title")?.textContent?.trim() ?? id;

  function draw() {
    const graph = store.graph;
    const ids = [...scene.boxes].sort(([, one], [, other]) => one.x - other.x || one.y - other.y).map(([id]) => id);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.goes;
    const items = ids.map((id) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      const fed = graph.edges
        .filter((edge) => edge.target === id)
        .map((edge) => `${edge.input} from ${title(edge.source)}`);
      button.type = "button";
      button.dataset.goes = id;
      button.textContent = fed.length ? `${title(id)}: ${fed.join(", ")}` : title(id);
      item.append(button);
      return item;
    });
    list.replaceChildren(...items);
    if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-goes="${focused}"]`))?.focus();
  }

  list.addEventListener("click", ({ target }) => {
    const { goes } = /** @type {HTMLElement} */ (target).dataset;
    if (goes) go(goes);
  });
  store.addEventListener("change", draw);
  scene.addEventListener("nodes", draw);
  draw();
}
