// Saves the graph as it changes, a moment after the last change. Says so, and says why where it could not.

import { same } from "./graph.js";
import { ask, Refusal } from "./server.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./store.js").Store} Store */

const PAUSE = 500; // ms of rest before it is saved
const ANY = "*"; // whatever version it has
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
  #left = false;
  #moved = false;

  /** @param {Store} store @param {HTMLElement} mark @param {string} address @param {string} version */
  constructor(store, mark, address, version) {
    super();
    this.#store = store;
    this.#mark = mark;
    this.#address = address;
    this.#version = `"${version}"`;
    this.#kept = store.graph;
    store.addEventListener("change", () => this.#later(PAUSE));
    mark.querySelector("[data-retry]")?.addEventListener("click", () => this.#retry());
    mark.querySelector("[data-reload]")?.addEventListener("click", () => this.#reload());
    addEventListener("online", () => this.saved());
    addEventListener("beforeunload", (event) => this.#failing && event.preventDefault());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => event.persisted && this.#left && this.#reload());
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

  get #failing() {
    return this.#dirty && this.#mark.dataset.saved === "failed";
  }

  /** What is not saved when the page goes is sent after it; a save that is under way moves the version before that. */
  #leave() {
    this.#left = this.#dirty;
    if (this.#busy) this.#version = ANY;
    if (this.#dirty) this.#send({ keepalive: true }).catch(() => {});
  }

  /** Where it was changed elsewhere, this one wins: the other stays among the versions. */
  #retry() {
    if (this.#moved) this.#version = ANY;
    this.saved();
  }

  #reload() {
    this.#kept = this.#store.graph;
    location.reload();
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
      this.#keep(graph, (await answer.json()).version);
      return true;
    } catch (error) {
      if (error instanceof Refusal && error.status === 412 && (await this.#arrived(graph))) return true;
      this.#fail(error);
      return false;
    } finally {
      this.#busy = null;
    }
  }

  /** @param {Graph} graph @param {number} version */
  #keep(graph, version) {
    this.#version = `"${version}"`;
    this.#kept = graph;
    this.#show(this.#dirty ? "saving" : "saved");
    if (!this.#dirty) this.dispatchEvent(new Event("saved"));
  }

  /** Whether it was saved although the answer was lost. @param {Graph} graph */
  async #arrived(graph) {
    const there = await (await fetch(this.#address).catch(() => null))?.json();
    if (!there || !same(there.graph, graph)) return false;
    this.#keep(graph, there.version);
    return true;
  }

  /** @param {RequestInit} [more] */
  #send(more) {
    const headers = { "If-Match": this.#version };
    return ask(this.#address, "PATCH", { graph: this.#store.graph }, { ...more, headers });
  }

  /** @param {unknown} error */
  #fail(error) {
    const refusal = error instanceof Refusal ? error : new Refusal(`${error}`, 0);
    this.#moved = refusal.status === 412;
    this.#show("failed", `Not saved: ${this.#moved ? "it was changed elsewhere" : refusal.message}`);
    if (refusal.status === 0) this.#later(AGAIN);
  }

  /** @param {"saved" | "saving" | "failed"} state @param {string} [why] */
  #show(state, why = "") {
    this.#mark.dataset.saved = state;
    const place = this.#mark.querySelector("[data-why]");
    if (place && place.textContent !== why) place.textContent = why;
    const [retry, reload] = ["[data-retry]", "[data-reload]"].map((each) => this.#mark.querySelector(each));
    retry?.toggleAttribute("hidden", state !== "failed");
    reload?.toggleAttribute("hidden", state !== "failed" || !this.#moved);
    if (retry) retry.textContent = this.#moved ? "Keep mine" : "Retry";
    this.#mark.title = why;
  }
}
