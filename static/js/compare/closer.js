// A part of both pictures, at twice their size: where the pointer is, else where the divider stands.

const TWICE = 2;
const ROOM = 1.25; // a small picture is enlarged until it is so much larger than the box

/** Where one looks, as shares of the picture. */
const at = { x: 0.5, y: 0.5 };

export function closer() {
  document.addEventListener("pointermove", (event) => {
    const over = /** @type {Element} */ (event.target).closest("[data-pair]");
    const shown = /** @type {Element} */ (event.target).closest("[data-shown]") ?? over;
    const picture = over && shown?.querySelector("img");
    if (!picture) return;
    const box = drawn(picture);
    look((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  });
  document.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement && target.dataset.divide !== undefined)
      look(Number(target.value) / 100, at.y);
  });
  const again = () => look(at.x, at.y);
  document.addEventListener("compared", again);
  addEventListener("resize", again);
  addEventListener("load", again);
  again();
}

/** @param {number} x @param {number} y */
function look(x, y) {
  at.x = Math.min(Math.max(x, 0), 1);
  at.y = Math.min(Math.max(y, 0), 1);
  const crops = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-crop]"));
  const first = crops[0]?.querySelector("img") && size(picture("A"));
  if (!first || !crops[0]?.clientWidth) return;
  const { clientWidth, clientHeight } = crops[0];
  const scale = Math.max(TWICE, (ROOM * clientWidth) / first.width, (ROOM * clientHeight) / first.height);
  for (const crop of crops) cut(crop, (scale * first.width) / size(picture(crop.dataset.crop ?? "")).width);
}

/** @param {HTMLElement} crop @param {number} scale */
function cut(crop, scale) {
  const from = picture(crop.dataset.crop ?? "");
  const { width, height } = size(from);
  const [w, h] = [width * scale, height * scale];
  const left = Math.min(Math.max(at.x * w - crop.clientWidth / 2, 0), Math.max(w - crop.clientWidth, 0));
  const top = Math.min(Math.max(at.y * h - crop.clientHeight / 2, 0), Math.max(h - crop.clientHeight, 0));
  put(crop.querySelector("img"), -left, -top, w, h);
  const told = crop.parentElement?.querySelector("[data-scale]");
  if (told) told.textContent = `${Math.round(scale * 100)} %`;
  const box = drawn(from);
  const frame = /** @type {HTMLElement | null} */ (from.closest("[data-shown]")?.querySelector("[data-frame]"));
  const outer = from.getBoundingClientRect();
  const share = box.width / w;
  put(
    frame,
    box.left - outer.left + left * share,
    box.top - outer.top + top * share,
    crop.clientWidth * share,
    crop.clientHeight * share,
  );
}

/** @param {HTMLElement | null | undefined} what @param {number} left @param {number} top @param {number} width @param {number} height */
function put(what, left, top, width, height) {
  if (!what) return;
  const places = { left, top, width, height };
  for (const [name, value] of Object.entries(places)) what.style.setProperty(name, `${value.toFixed(1)}px`);
}

/** @param {string} letter */
function picture(letter) {
  return /** @type {HTMLImageElement} */ (document.querySelector(`[data-shown="${letter}"] img`));
}

/** @param {HTMLImageElement} of */
function size(of) {
  return { width: Number(of.getAttribute("width")) || 1, height: Number(of.getAttribute("height")) || 1 };
}

/** Where a picture is within its element, which it fills as far as its shape allows. @param {HTMLImageElement} of */
function drawn(of) {
  const outer = of.getBoundingClientRect();
  const { width, height } = size(of);
  const share = Math.min(outer.width / width, outer.height / height);
  const [w, h] = [width * share, height * share];
  return { left: outer.left + (outer.width - w) / 2, top: outer.top + (outer.height - h) / 2, width: w, height: h };
}
