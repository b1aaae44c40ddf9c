// Says to who can't see it which run is on the canvas and what became of it; never its progress.

import { announce } from "../announce.js";

/** @returns {() => boolean} Call it whenever something may have changed; it answers whether another run is seen. */
export function spoken() {
  let known = state();
  return () => {
    const now = state();
    const moved = now.job !== known.job;
    if (!moved && now.state === known.state) return false;
    announce(moved ? `${now.name} on the canvas: ${now.word}` : `${now.name}: ${now.word}`);
    known = now;
    return moved;
  };
}

function state() {
  const lens = document.getElementById("lens");
  const number = lens?.querySelector(".number")?.textContent?.trim() ?? "";
  const word = lens?.querySelector(".status")?.textContent?.trim() ?? "";
  return { job: lens?.dataset.job, state: lens?.dataset.state, name: `Run ${number}`, word };
}
