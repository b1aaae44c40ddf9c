// Choosing products to compare: the tick of a tile, or Ctrl- or Shift-click on it. What is chosen stays so while tiles
// come and go, and is asked for in the order in which it was chosen; C compares.

/** @type {Set<string>} */
const chosen = new Set();

export function choosing() {
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement && target.dataset.tick) choose(target.dataset.tick, target.checked);
  });
  document.addEventListener("click", instead, { capture: true });
  document.addEventListener("keydown", compare, { capture: true });
  for (const kind of ["htmx:ws:after:message:incoming", "htmx:after:swap"]) document.addEventListener(kind, show);
  const shelf = document.getElementById("shelf");
  if (shelf) new MutationObserver(show).observe(shelf, { attributeFilter: ["open"] });
}

/** A click that would move the lens chooses, with Ctrl or Shift. @param {MouseEvent} event */
function instead(event) {
  const on = /** @type {Element} */ (event.target);
  if (on.closest("[data-unchoose]")) return clear();
  const tile = /** @type {HTMLElement | null} */ (on.closest(".tile[data-asset]"));
  if (!tile?.dataset.asset || !(event.ctrlKey || event.metaKey || event.shiftKey) || on.closest(".enlarge, .tick"))
    return;
  event.preventDefault();
  event.stopPropagation();
  choose(tile.dataset.asset, !chosen.has(tile.dataset.asset));
}

/** @param {KeyboardEvent} event */
function compare(event) {
  if (event.key !== "c" || event.ctrlKey || event.metaKey || event.altKey || !chosen.size) return;
  const on = /** @type {HTMLElement} */ (event.target);
  if (on.closest("input:not([type=checkbox]), textarea, select, [data-port]")) return;
  if (document.querySelector("dialog[open]:not(#shelf)")) return;
  event.preventDefault();
  event.stopPropagation();
  link().click();
}

/** @param {string} asset @param {boolean} wanted */
function choose(asset, wanted) {
  if (!wanted) chosen.delete(asset);
  else if (chosen.size < most()) chosen.add(asset);
  show();
}

function clear() {
  chosen.clear();
  show();
}

const most = () => Number(bar().dataset.most);
const bar = () => /** @type {HTMLElement} */ (document.getElementById("chosen"));
const link = () => /** @type {HTMLAnchorElement} */ (bar().querySelector("[data-action=compare]"));

/** The ticks and the bar say what is chosen; the bar stands in the dialog that is open, which covers all else. */
function show() {
  if (!chosen.size && bar().hidden) return;
  for (const each of document.querySelectorAll("[data-tick]")) {
    const tick = /** @type {HTMLInputElement} */ (each);
    tick.checked = chosen.has(tick.dataset.tick ?? "");
  }
  const place = document.querySelector("#shelf[open]") ?? document.body;
  if (bar().parentElement !== place) place.append(bar());
  bar().hidden = chosen.size === 0;
  document.body.toggleAttribute("data-choosing", chosen.size > 0);
  write("[data-count]", chosen.size === most() ? `${most()}, the most that there can be,` : String(chosen.size));
  write("[data-words]", chosen.size === 1 ? "Compare with…" : "Compare");
  link().search = `?assets=${[...chosen].join(",")}`;
}

/** @param {string} selector @param {string} text */
function write(selector, text) {
  const place = bar().querySelector(selector);
  if (place && place.textContent !== text) place.textContent = text;
}
