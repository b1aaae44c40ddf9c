// Watches a canvas while the lens moves: how long from the click or key until it shows all of another run.

/** What is not yet as the run has it: `{job, statuses, texts, pictures, number}`; of pictures, only that they are named. */
function missing({ job, statuses, texts, pictures }) {
  const lens = document.getElementById("lens");
  if (document.querySelector("[data-canvas]").dataset.focusedJob !== job || lens.dataset.job !== job) return "lens";
  for (const [node, status] of Object.entries(statuses)) {
    if (document.getElementById(`node-${node}`).dataset.status !== status) return `status of ${node}`;
    if (document.querySelector(`#foot-${node} .status.idle`)) return `foot of ${node}`;
  }
  for (const [node, text] of Object.entries(texts)) {
    if (document.getElementById(`text-${node}`)?.textContent.trim() !== text) return `text of ${node}`;
  }
  for (const [node, asset] of Object.entries(pictures)) {
    if (document.getElementById(`picture-${node}`)?.dataset.light !== asset) return `picture of ${node}`;
  }
  const cards = [...document.querySelectorAll("[data-job-card][aria-current=true]")];
  return cards.some((card) => card.dataset.jobCard !== job) ? "card" : "";
}

/** Whether the pictures that it shows in its nodes are there. */
function loaded() {
  return [...document.querySelectorAll("[data-canvas] .preview img")].every((image) => image.complete);
}

const PATIENCE = 10_000; // ms

/** Waits for the next click or key, then for the run: `{chrome, pictures}`, ms until each was painted. */
globalThis.moved = (run) =>
  new Promise((resolve, reject) => {
    let began;
    setTimeout(() => reject(new Error(`The canvas does not show the run: ${missing(run) || "pictures"}`)), PATIENCE);
    let chrome;
    const begin = (event) => {
      began ??= event.timeStamp;
    };
    for (const kind of ["click", "keydown"]) document.addEventListener(kind, begin, { capture: true, once: true });
    const look = () => {
      if (began !== undefined) {
        const now = performance.now();
        if (chrome === undefined && !missing(run)) chrome = now - began;
        if (chrome !== undefined && loaded()) return resolve({ chrome, pictures: now - began });
      }
      requestAnimationFrame(() => painted(look));
    };
    requestAnimationFrame(() => painted(look));
  });

/** Calls `then` once the frame that is being made has been painted. */
function painted(then) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = then;
  port2.postMessage(null);
}
