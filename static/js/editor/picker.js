// A dialog in which one of many is chosen by typing: the search, the list, and the keys of a combobox.

/** @typedef {(option: HTMLElement) => boolean} Keep */

export class Picker {
  #dialog;
  #search;
  #list;
  /** @type {(option: HTMLElement | null) => void} */
  #answer = () => {};
  /** @type {Keep} */
  #keep = () => true;

  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    this.#dialog = dialog;
    this.#search = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
    this.#list = /** @type {HTMLElement} */ (dialog.querySelector("[role=listbox]"));
    this.#search.addEventListener("input", () => this.#filter());
    this.#search.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("click", (event) => {
      const option = /** @type {HTMLElement} */ (event.target).closest("[role=option]");
      if (option) this.#choose(/** @type {HTMLElement} */ (option));
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => this.#answer(null));
  }

  get list() {
    return this.#list;
  }

  /** Resolves to what was chosen, null for nothing. `keep` says which options there are at all. @param {Keep} [keep] @returns {Promise<HTMLElement | null>} */
  open(keep = () => true) {
    this.#keep = keep;
    this.#search.value = "";
    this.#dialog.showModal();
    this.#filter();
    this.#search.focus();
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  get #options() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.#list.querySelectorAll("[role=option]"))];
  }

  get #shown() {
    return this.#options.filter((option) => !option.hidden);
  }

  #filter() {
    const words = this.#search.value.toLowerCase().split(/\s+/);
    for (const option of this.#options) {
      const said = option.dataset.words ?? option.textContent?.toLowerCase() ?? "";
      option.hidden = !this.#keep(option) || !words.every((word) => said.includes(word));
    }
    // Those whose name begins so come first, all else stays in its order.
    const begins = this.#shown.find((option) => (option.dataset.words ?? "").startsWith(words[0] ?? ""));
    this.#point((words[0] && begins) || this.#shown[0]);
    this.#dialog.querySelector(".none")?.toggleAttribute("hidden", this.#shown.length > 0);
  }

  /** @param {HTMLElement | undefined} option */
  #point(option) {
    for (const each of this.#options) each.setAttribute("aria-selected", `${each === option}`);
    this.#search.setAttribute("aria-activedescendant", option?.id ?? "");
    option?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const shown = this.#shown;
    const at = shown.findIndex((option) => option.ariaSelected === "true");
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 };
    if (event.key in steps) {
      event.preventDefault();
      const step = steps[/** @type {keyof typeof steps} */ (event.key)];
      const next =
        Math.abs(step) === 1
          ? (at + step + shown.length) % shown.length
          : Math.min(Math.max(at + step, 0), shown.length - 1);
      this.#point(shown[next]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const option = shown[at];
      if (option) this.#choose(option);
    }
  }

  /** @param {HTMLElement} option */
  #choose(option) {
    this.#answer(option);
    this.#dialog.close();
  }
}
