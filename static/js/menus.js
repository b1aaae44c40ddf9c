// A menu opens at its button, above it where there is no room below; the arrow keys move in it.

const GAP = 4; // px
const ROOM = 180; // px that a menu may need

for (const menu of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-menu]"))) {
  menu.addEventListener("beforetoggle", () => place(menu));
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "open") items(menu)[0]?.focus();
  });
  menu.addEventListener("keydown", (event) => move(menu, event));
}

/** At the place in the page, so that it scrolls along. @param {HTMLElement} menu */
function place(menu) {
  const button = document.querySelector(`[popovertarget="${menu.id}"]`)?.getBoundingClientRect();
  if (!button) return;
  const { clientWidth, clientHeight } = document.documentElement;
  const above = button.bottom + ROOM > clientHeight && button.top > ROOM;
  menu.style.right = `${clientWidth - button.right}px`;
  menu.style.top = above ? "auto" : `${button.bottom + scrollY + GAP}px`;
  menu.style.bottom = above ? `${clientHeight - button.top - scrollY + GAP}px` : "auto";
}

/** @param {HTMLElement} menu @param {KeyboardEvent} event */
function move(menu, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = items(menu);
  const now = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  all[(now + step + all.length) % all.length]?.focus();
}

/** @param {HTMLElement} menu @returns {HTMLElement[]} */
function items(menu) {
  return [...menu.querySelectorAll("button, a")].map((item) => /** @type {HTMLElement} */ (item));
}
