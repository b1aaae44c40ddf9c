// The keys that move the lens on the canvas lead to the previous and the next run here.

/** @type {Record<string, string>} */
const WAYS = { "[": "prev", k: "prev", "]": "next", j: "next" };

document.addEventListener("keydown", (event) => {
  const target = /** @type {Element} */ (event.target);
  const way = WAYS[event.key.toLowerCase()];
  if (!way || event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select")) return;
  /** @type {HTMLElement | null} */ (document.querySelector(`.beside [rel=${way}]`))?.click();
});

export {}; // a module: its names are its own
