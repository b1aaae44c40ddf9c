// The runs of a workflow: while some are active the list looks each second by htmx; here, when it looks besides.

const runs = () => document.getElementById("runs");
const look = () => /** @type {any} */ (window).htmx.trigger(runs(), "look");

document.addEventListener("htmx:after:request", (event) => {
  if (event.target !== runs()) look();
  else document.body.dataset.connection = "live";
});
document.addEventListener("htmx:error", () => {
  document.body.dataset.connection = "reconnecting";
});
window.addEventListener("online", look);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) look();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) look();
});
