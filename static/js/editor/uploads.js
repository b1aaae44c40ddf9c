// A picture, sound, film or file for an input: dropped on it or chosen, sent while its progress shows, then given as {"asset": id}.

import { setProperty } from "./commands.js";
import { ask, token } from "./server.js";

/** @typedef {import("./store.js").Store} Store */

/** @param {HTMLElement} canvas @param {Store} store */
export function takeFiles(canvas, store) {
  canvas.addEventListener("change", ({ target }) => {
    const input = /** @type {HTMLInputElement} */ (target);
    const file = input.dataset.widget === "asset" && input.files?.[0];
    if (file) send(/** @type {HTMLElement} */ (input.closest("[data-drop]")), file, store);
  });
  for (const over of ["dragenter", "dragover"]) {
    canvas.addEventListener(over, (event) => {
      event.preventDefault();
      aim(dropAt(event));
    });
  }
  canvas.addEventListener("dragleave", () => aim(null));
  canvas.addEventListener("drop", (event) => {
    event.preventDefault();
    const [drop, file] = [dropAt(event), event.dataTransfer?.files[0]];
    aim(null);
    if (drop && file) send(drop, file, store);
  });
}

/** @param {Event} event @returns {HTMLElement | null} */
function dropAt({ target }) {
  return /** @type {HTMLElement} */ (target).closest("[data-node]")?.querySelector("[data-drop]") ?? null;
}

/** @param {HTMLElement | null} drop */
function aim(drop) {
  for (const each of document.querySelectorAll("[data-over]")) if (each !== drop) each.removeAttribute("data-over");
  drop?.toggleAttribute("data-over", true);
}

/** @param {HTMLElement} drop @param {File} file @param {Store} store */
function send(drop, file, store) {
  const node = /** @type {HTMLElement} */ (drop.closest("[data-node]")).dataset.node ?? "";
  const input = /** @type {HTMLInputElement} */ (drop.querySelector("[data-property]"));
  const bar = /** @type {HTMLProgressElement} */ (drop.querySelector("progress"));
  const complaint = /** @type {HTMLElement} */ (drop.querySelector(".complaint"));
  const request = new XMLHttpRequest(); // fetch tells no progress of what is sent
  const body = new FormData();
  body.append("file", file);
  bar.hidden = false;
  bar.value = 0;
  complaint.hidden = true;
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = total ? loaded / total : 0;
  });
  request.addEventListener("loadend", () => {
    bar.hidden = true;
    input.value = "";
    const answer = JSON.parse(request.responseText || "{}");
    const { kind, refusal, property } = input.dataset;
    const sent = request.status === 201 || request.status === 200;
    if (sent && (kind === "file" || kind === answer.kind)) {
      store.do(setProperty(node, property ?? "", { asset: answer.id }));
      return;
    }
    if (sent) ask(`/api/v1/assets/${answer.id}`, "DELETE", undefined).catch(() => {}); // nobody would find it again
    complaint.hidden = false;
    complaint.textContent = sent
      ? (refusal ?? "")
      : (answer.errors?.[0]?.message ?? answer.detail ?? "It did not arrive. Try again.");
  });
  request.open("POST", "/api/v1/assets");
  request.setRequestHeader("X-CSRFToken", token());
  request.send(body);
}
