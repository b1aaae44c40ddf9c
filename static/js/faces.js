// What the server draws of an asset on a tile, shown where an input is given one.

/**
 * @param {HTMLElement} place
 * @param {string} asset Its id; empty for none.
 */
export async function showFace(place, asset) {
  if ((place.dataset.face ?? "") === asset) return;
  place.dataset.face = asset;
  place.replaceChildren();
  place.hidden = !asset;
  if (!asset) return;
  const answer = await fetch(`/assets/${asset}/face/`).catch(() => null);
  const drawn = answer?.ok ? await answer.text() : "";
  if (place.dataset.face !== asset) return;
  if (drawn) place.innerHTML = drawn;
  else place.textContent = "It is gone. Choose another one.";
  document.dispatchEvent(new Event("faced"));
}
