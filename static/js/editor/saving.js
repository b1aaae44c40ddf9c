// Saves the graph as it changes, a moment after the last change. Says so, and says why where it could not.

import { ask, Refusal } from "./server.js";

/** @typedef {import("./store.js").Store} Store */

const PAUSE = 500; // ms of rest before it is saved
const AGAIN = 3000; // ms until it is tried again where nobody answered

/** Tells by an event `saved` when the server has what is on the canvas. */
export class Saving extends EventTarget {
  #store;
  #mark;
  #address;
  #version;
  #kept;
  #timer = 0;
  /** @type {Promise<boolean> | null} */
  #busy = null;

  /** @param {Store} store @param {HTMLElement} mark @param {string} address @param {string} version */
  constructor(store, mark, address, version) {
    super();
    this.#store = store;
    this.#mark = mark;
    this.#address = address;
    this.#version = version;
    this.#kept = store.graph;
    store.addEventListener("change", () => this.#later(PAUSE));
    mark.querySelector("[data-retry]")?.addEventListener("click", () => this.saved());
    addEventListener("online", () => this.saved());
    addEventListener(
      "beforeunload",
      (event) => this.#dirty && this.#mark.dataset.saved === "failed" && event.preventDefault(),
    );
    addEventListener("pagehide", () => this.#dirty && this.#send({ keepalive: true }).catch(() => {}));
  }

  /** Saves what is not saved yet; whether all of it is. */
  async saved() {
    while (this.#dirty) {
      clearTimeout(this.#timer);
      this.#busy ??= this.#save();
      const well = await this.#busy;
      if (!well) return false;
    }
    return true;
  }

  get #dirty() {
    return this.#store.graph !== this.#kept;
  }

  /** @param {number} pause */
  #later(pause) {
    clearTimeout(this.#timer);
    if (this.#dirty && this.#mark.dataset.saved !== "failed") this.#mark.dataset.saved = "saving";
    this.#timer = setTimeout(() => this.saved(), pause);
  }

  async #save() {
    const graph = this.#store.graph;
    try {
      const answer = await this.#send();
      this.#version = `${(await answer.json()).version}`;
      this.#kept = graph;
      this.#show(this.#dirty ? "saving" : "saved");
      if (!this.#dirty) this.dispatchEvent(new Event("saved"));
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    } finally {
      this.#busy = null;
    }
  }

  /** @param {RequestInit} [more] */
  #send(more) {
    const headers = { "If-Match": `"${this.#version}"` };
    return ask(this.#address, "PATCH", { graph: this.#store.graph }, { ...more, headers });
  }

  /** @param {unknown} error */
  #fail(error) {
    const refusal = error instanceof Refusal ? error : new Refusal(`${error}`, 0);
    const moved = "it was changed elsewhere. Reload to go on from there";
    this.#show("failed", `Not saved: ${refusal.status === 412 ? moved : refusal.message}`);
    if (refusal.status === 0) this.#later(AGAIN);
  }

  /** @param {"saved" | "saving" | "failed"} state @param {string} [why] */
  #show(state, why = "") {
    this.#mark.dataset.saved = state;
    const place = this.#mark.querySelector("[data-why]");
    if (place && place.textContent !== why) place.textContent = why;
    this.#mark.querySelector("[data-retry]")?.toggleAttribute("hidden", state !== "failed");
    this.#mark.title = why;
  }
}
