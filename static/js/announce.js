// The one line of a page that is spoken to who can't see it change.

/** @param {string} words What a screen reader is to say. */
export function announce(words) {
  const said = document.getElementById("announcer");
  if (said) said.textContent = words;
}
