// A form is sent once, however often its button is pressed; a page that comes back from the history can send again.

const sent = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (sent.has(form)) event.preventDefault();
  sent.add(form);
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) sent.delete(form);
});
