// The slider between two pictures: its input lies over them, and is dragged, tapped or moved with the arrow keys.

let at = 50; // percent of A, kept while other products are chosen

export function slider() {
  document.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLElement && target.dataset.divide !== undefined) read();
  });
  document.addEventListener("compared", place);
  addEventListener("pageshow", read); // which may have put back what was set before
  read();
}

function read() {
  at = Number(divide()?.value ?? at);
  place();
}

function divide() {
  return /** @type {HTMLInputElement | null} */ (document.querySelector("[data-divide]"));
}

/** The pictures get the room that they need by their shape, A's for both; the divider stands where it stood. */
function place() {
  const all = document.getElementById("comparison");
  const input = divide();
  const [picture] = all?.querySelectorAll("[data-shown] > img") ?? [];
  if (!all || !input || !picture) return;
  all.style.setProperty(
    "--ratio",
    String(Number(picture.getAttribute("width")) / Number(picture.getAttribute("height"))),
  );
  all.style.setProperty("--at", `${at}%`);
  all.dataset.fits = "";
  input.value = String(at);
  input.ariaValueText = `${Math.round(at)} % of A`;
}
