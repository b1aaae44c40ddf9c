// What keeps the workflow from running, said where it is: on the nodes and their properties, and in one list. A hint only.

import { ask } from "./server.js";

/** @typedef {{node: string | null, property: string | null, code: string, message: string}} Fault */
/** @typedef {import("./scene.js").Scene} Scene */

/** @param {HTMLElement} panel @param {Scene} scene @param {string} address @param {(id: string) => void} go */
export function problems(panel, scene, address, go) {
  const list = /** @type {HTMLElement} */ (panel.querySelector("ul"));
  const count = /** @type {HTMLElement} */ (panel.querySelector("[data-problem-count]"));
  const sign = /** @type {Element} */ (panel.querySelector(".icon"));
  let asked = 0;

  /** @param {Fault[]} faults */
  function show(faults) {
    panel.hidden = !faults.length;
    count.textContent =
      faults.length === 1 ? "1 thing to do before it runs" : `${faults.length} things to do before it runs`;
    list.replaceChildren(...faults.map(entry));
    for (const [id, element] of scene.elements)
      mark(
        element,
        faults.filter((fault) => fault.node === id),
      );
  }

  /** @param {Fault} fault */
  function entry(fault) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const title = fault.node && scene.element(fault.node)?.querySelector(".title")?.textContent?.trim();
    button.type = "button";
    button.textContent = title ? `${title}: ${fault.message}` : fault.message;
    button.addEventListener("click", () => fault.node && go(fault.node));
    item.append(button);
    return item;
  }

  /** @param {HTMLElement} element @param {Fault[]} faults */
  function mark(element, faults) {
    const place = /** @type {HTMLElement} */ (element.querySelector("[data-faults]"));
    place.hidden = !faults.length;
    const lines = faults.map(({ message }) => {
      const line = document.createElement("li");
      const words = document.createElement("span");
      words.textContent = message;
      line.append(sign.cloneNode(true), words);
      return line;
    });
    place.replaceChildren(...lines);
    const named = new Set(faults.map((fault) => fault.property));
    for (const row of element.querySelectorAll("[data-input]")) {
      row.toggleAttribute("data-fault", named.has(/** @type {HTMLElement} */ (row).dataset.input ?? ""));
    }
    for (const control of element.querySelectorAll("[data-property]")) {
      const wrong = named.has(/** @type {HTMLElement} */ (control).dataset.property ?? "");
      if (wrong) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
    if (element.querySelector(".more [data-fault]")) unfold(element);
  }

  return async function look() {
    const turn = ++asked;
    const answer = await ask(address, "POST", {}).catch(() => null);
    if (answer && turn === asked) show((await answer.json()).errors);
  };
}

/** @param {HTMLElement} element */
function unfold(element) {
  element.toggleAttribute("data-unfolded", true);
  element.querySelector(".more")?.removeAttribute("hidden");
  element.querySelector("[data-fold]")?.setAttribute("aria-expanded", "true");
}
