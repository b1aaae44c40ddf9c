// Sounds and films, on tiles and in full: the wave of a sound is drawn once it is in sight, and one plays at a time.

import { waveOf } from "./waves.js";

/** @typedef {import("./waves.js").Wave} Wave */

const [WIDTH, HEIGHT] = [240, 48];
const THIN = 1.5; // of a wave where nothing is heard

/** @type {Map<string, Wave>} The waves that are known, by their addresses. */
const waves = new Map();

/** @type {HTMLMediaElement | null} What plays, or has played last. */
let media = null;

export function sounds() {
  const sight = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      sight.unobserve(target);
      learn(/** @type {HTMLElement} */ (target));
    }
  });
  const look = () => {
    for (const sound of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-wave]"))) {
      if (waves.has(sound.dataset.wave ?? "")) draw(sound);
      else sight.observe(sound);
    }
    show();
  };
  for (const news of ["htmx:after:swap", "htmx:ws:after:message:incoming", "faced"])
    document.addEventListener(news, look);
  for (const news of ["play", "pause", "ended", "timeupdate"]) document.addEventListener(news, follow, true);
  document.addEventListener(
    "close",
    ({ target }) => /** @type {Node} */ (target).contains(media) && media?.pause(),
    true,
  );
  document.addEventListener("click", press);
  look();
}

/** @param {MouseEvent} event */
function press(event) {
  const target = /** @type {Element} */ (event.target);
  const wave = target.closest(".player .wave");
  const host = target.closest("[data-play]")?.parentElement;
  if (host) toggle(host);
  else if (wave) seek(/** @type {SVGElement} */ (wave), event.clientX);
}

/** @param {HTMLElement} host */
function toggle(host) {
  const own = /** @type {HTMLMediaElement | null} */ (host.querySelector("video, audio"));
  const found = own ?? heard(/** @type {HTMLElement} */ (host.querySelector("[data-sound]")).dataset.sound ?? "");
  if (found.paused) found.play().catch(() => {});
  else found.pause();
}

/** The player of a sound that has none of its own. @param {string} address */
function heard(address) {
  if (media?.dataset.heard === address) return media;
  document.querySelector("[data-heard]")?.remove();
  const made = new Audio(address);
  made.dataset.heard = address;
  made.hidden = true;
  document.body.append(made);
  return made;
}

/** @param {SVGElement} wave @param {number} x */
function seek(wave, x) {
  const audio = wave.closest(".player")?.querySelector("audio");
  const { left, width } = wave.getBoundingClientRect();
  if (audio && Number.isFinite(audio.duration)) audio.currentTime = ((x - left) / width) * audio.duration;
}

/** @param {Event} event */
function follow({ target, type }) {
  if (!(target instanceof HTMLMediaElement)) return;
  if (type === "play") {
    if (media !== target) media?.pause();
    media = target;
  }
  if (media === target) show();
}

/** How far what plays is, wherever it is shown. */
function show() {
  const address = media?.getAttribute("src") ?? "";
  for (const button of document.querySelectorAll("[data-play]")) {
    const here = button.parentElement;
    const mine = here?.contains(media) || here?.querySelector(`[data-sound="${CSS.escape(address)}"]`);
    button.ariaPressed = String(Boolean(mine && media && !media.paused));
  }
  const share = media?.duration ? media.currentTime / media.duration : 0;
  for (const sound of document.querySelectorAll(`[data-sound="${CSS.escape(address)}"]`)) {
    const all =
      sound
        .querySelector(".all")
        ?.getAttribute("d")
        ?.match(/M[^M]+/g) ?? [];
    sound.querySelector(".played")?.setAttribute("d", all.slice(0, Math.round(share * all.length)).join(""));
  }
}

/** @param {HTMLElement} sound */
async function learn(sound) {
  const address = sound.dataset.wave ?? "";
  waves.set(address, await waveOf(sound));
  for (const each of document.querySelectorAll(`[data-wave="${CSS.escape(address)}"]`)) {
    draw(/** @type {HTMLElement} */ (each));
  }
}

/** @param {HTMLElement} sound One of which the wave is known; what is drawn already stays. */
function draw(sound) {
  const path = sound.querySelector(".all");
  const wave = waves.get(sound.dataset.wave ?? "");
  if (!wave || !path || path.hasAttribute("d")) return;
  const step = WIDTH / wave.peaks.length;
  const bars = wave.peaks.map((peak, at) => {
    const half = Math.max(peak * HEIGHT, THIN) / 2;
    return `M${(at + 0.5) * step} ${HEIGHT / 2 - half}v${2 * half}`;
  });
  path.setAttribute("d", bars.join(""));
  const lasts = sound.querySelector("[data-lasts]");
  if (lasts && wave.seconds) lasts.textContent = clock(wave.seconds);
}

/** @param {number} seconds As players write it: 1:05, below ten 2.5 s. */
function clock(seconds) {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  return `${Math.floor(seconds / 60)}:${String(Math.round(seconds) % 60).padStart(2, "0")}`;
}
