// Times of the day in the reader's own zone; the server, which knows none, writes UTC.

const TOLD = "#history, #log";
const day = new Intl.DateTimeFormat("sv", { dateStyle: "short", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat("sv", { timeStyle: "medium" });
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const observer = new MutationObserver(localise);

for (const place of document.querySelectorAll(TOLD)) {
  observer.observe(place, { childList: true, subtree: true, characterData: true });
}
localise();

/** What says it already is left alone, so that this ends. */
function localise() {
  for (const place of document.querySelectorAll(`:is(${TOLD}) time`)) {
    const time = /** @type {HTMLTimeElement} */ (place);
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    write(time, time.textContent?.startsWith("+") ? time.textContent : clock.format(at));
    time.title = `${day.format(at)} (${zone})`;
  }
}

/** @param {HTMLElement} place @param {string} text */
function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
