// Says to who can't see it which run is on the canvas and what became of it; never its progress.

/** @returns {() => void} Call it whenever something may have changed. */
export function announce() {
  let known = state();
  return () => {
    const now = state();
    if (now.job === known.job && now.state === known.state) return;
    const place = document.getElementById("announcer");
    if (place)
      place.textContent = now.job === known.job ? `${now.name}: ${now.word}` : `${now.name} on the canvas: ${now.word}`;
    known = now;
  };
}

function state() {
  const lens = document.getElementById("lens");
  const number = lens?.querySelector(".number")?.textContent?.trim() ?? "";
  const word = lens?.querySelector(".status")?.textContent?.trim() ?? "";
  return { job: lens?.dataset.job, state: lens?.dataset.state, name: `Run ${number}`, word };
}
