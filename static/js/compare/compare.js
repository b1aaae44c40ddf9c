// Comparing: which two, and how, is in the address; it is put in place in the open page, so that nothing flickers or scrolls.

import { announce } from "../announce.js";
import { sounds } from "../sounds.js";
import { again } from "./again.js";
import { closer } from "./closer.js";
import { keys } from "./keys.js";
import { slider } from "./slider.js";

const htmx = () => /** @type {any} */ (window).htmx;
const comparison = () => document.getElementById("comparison");

let turn = 0;

if (comparison()) {
  document.addEventListener("click", choose);
  document.addEventListener("htmx:after:swap", mark); // older ones know what was chosen when the page was opened
  addEventListener("popstate", () => show(location.search));
  again();
  closer();
  slider();
  reveal();
}
keys();
sounds();

/** A link is followed within the page; with Ctrl it opens elsewhere, as links do. @param {MouseEvent} event */
function choose(event) {
  const link = /** @type {Element} */ (event.target).closest("a:is([data-choose], [data-view])");
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const asset = /** @type {HTMLElement | null} */ (link.closest("[data-asset]"))?.dataset.asset;
  const slot = event.shiftKey ? "A" : /** @type {HTMLInputElement | null} */ (checked())?.value;
  const address = asset ? instead(asset, slot === "A") : `?${changed({ view: link.dataset.view ?? "" })}`;
  if (address === location.search) return;
  history.pushState(null, "", address);
  show(address);
}

const checked = () => document.querySelector("[data-slots] :checked");

/**
 * The address with this product as A or as B; what was there stays at hand where more than two were chosen.
 * @param {string} asset @param {boolean} first
 */
function instead(asset, first) {
  const [a = "", b = "", ...rest] = ids();
  const swapped = asset === (first ? b : a);
  const pair = swapped ? [b, a] : first ? [asset, b] : [a, asset];
  const others = rest.length ? [a, b, ...rest].filter((each) => !pair.includes(each)) : [];
  return `?${changed({ assets: [...pair, ...others].slice(0, Number(comparison()?.dataset.most)).join(",") })}`;
}

function ids() {
  return comparison()?.dataset.address?.split(",") ?? [];
}

/** @param {Record<string, string>} given */
function changed(given) {
  const now = { assets: ids().join(","), view: new URLSearchParams(location.search).get("view") ?? "slider" };
  return Object.entries({ ...now, ...given })
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** @param {string} address */
async function show(address) {
  turn += 1;
  const mine = turn;
  const answer = await fetch(`${address}&part=comparison`);
  if (mine !== turn) return;
  if (!answer.ok || answer.redirected) return location.reload();
  await htmx().swap({
    target: "#comparison",
    swap: "outerMorph",
    text: await answer.text(),
    sourceElement: document.body,
  });
  mark();
  document.dispatchEvent(new Event("compared"));
}

/** B is in sight in the strip, without a scroll of the page. */
function reveal() {
  const [cards] = document.querySelectorAll("[data-cards]");
  const pick = /** @type {HTMLElement | null} */ (document.querySelector(`.pick[data-asset="${ids()[1]}"]`));
  if (cards && pick) cards.scrollLeft = pick.offsetLeft - (cards.clientWidth - pick.offsetWidth) / 2;
}

/** The strip and the views say what is shown now. */
function mark() {
  const [a, b] = ids();
  for (const pick of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".pick"))) {
    const letter = pick.dataset.asset === a ? "A" : pick.dataset.asset === b ? "B" : "";
    const link = /** @type {HTMLAnchorElement} */ (pick.querySelector("a"));
    pick.classList.toggle("chosen", letter !== "");
    link.ariaCurrent = letter ? "true" : null;
    link.search = instead(pick.dataset.asset ?? "", false);
    /** @type {HTMLElement} */ (pick.querySelector("[data-mark]")).textContent = letter;
  }
  const views = document.getElementById("views");
  views?.toggleAttribute("hidden", comparison()?.dataset.images === undefined);
  for (const link of views?.querySelectorAll("a") ?? []) {
    link.ariaCurrent = link.dataset.view === comparison()?.dataset.view ? "true" : null;
    link.search = `?${changed({ view: link.dataset.view ?? "" })}`;
  }
  const heads = [...document.querySelectorAll("#comparison .side h2")].map((head) => head.textContent?.trim());
  announce(heads.join("; "));
}
