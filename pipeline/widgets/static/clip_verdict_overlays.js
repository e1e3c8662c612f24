// What lies over the verdict page for a moment: all keys, and finding a label by typing. Joined after dom.js.

class VerdictHelp {
  constructor() {
    const groups = [...new Set(VERDICT_KEYS.map((binding) => binding.group))].map((group) =>
      make(
        "section",
        {},
        make("h3", {}, group),
        make(
          "dl",
          {},
          ...VERDICT_KEYS.filter((binding) => binding.group === group).flatMap(({ show, words }) => [
            make("dt", {}, ...show.map((cap) => make("kbd", {}, cap))),
            make("dd", {}, words),
          ]),
        ),
      ),
    );
    const close = makeButton({
      iconName: "close",
      title: "Close (Escape)",
      kind: "em-icon em-quiet",
      onclick: () => this.close(),
    });
    this.root = make(
      "div",
      { class: "em-verdict-overlay", role: "dialog", "aria-modal": "true", "aria-label": "Keys", hidden: true },
      make(
        "div",
        { class: "em-verdict-sheet" },
        make("header", {}, make("h2", { class: "em-title em-grow" }, "Keys"), close),
        make("div", { class: "em-verdict-help" }, ...groups),
      ),
    );
    this.root.addEventListener("pointerdown", (event) => event.target === this.root && this.close());
  }

  get isOpen() {
    return !this.root.hidden;
  }

  toggle() {
    if (this.isOpen) return this.close();
    this.root.hidden = false;
    this.root.querySelector("button").focus({ preventScroll: true });
  }

  close() {
    this.root.hidden = true;
    this.root.closest(".em-verdict")?.focus({ preventScroll: true });
  }
}

/** Finds a label by its letters: names that begin with them first, then words inside, then anywhere. */
class VerdictSearch {
  /** @param {{onLabel: (name: string, atMs: number) => void}} listeners */
  constructor({ onLabel }) {
    this.onLabel = onLabel;
    this.labels = [];
    this.found = [];
    this.chosen = 0;
    this.input = make("input", {
      type: "text",
      class: "em-verdict-input",
      placeholder: "Type a label, Enter to give it",
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": "em-verdict-found",
      "aria-label": "Find a label",
      autocomplete: "off",
      spellcheck: false,
    });
    this.list = make("ul", { class: "em-verdict-found", id: "em-verdict-found", role: "listbox" });
    this.root = make(
      "div",
      { class: "em-verdict-overlay", role: "dialog", "aria-label": "Find a label", hidden: true },
      make("div", { class: "em-verdict-sheet em-verdict-sheet-small" }, this.input, this.list),
    );
    this.input.addEventListener("input", () => this.#find());
    this.input.addEventListener("keydown", (event) => this.#onKey(event));
    this.root.addEventListener("pointerdown", (event) => event.target === this.root && this.close());
  }

  open(labels) {
    this.labels = labels;
    this.input.value = "";
    this.root.hidden = false;
    this.#find();
    this.input.focus({ preventScroll: true });
  }

  close() {
    this.root.hidden = true;
    this.root.closest(".em-verdict")?.focus({ preventScroll: true });
  }

  #find() {
    const typed = this.input.value.trim().toLowerCase();
    const rank = (name) => {
      const lower = name.toLowerCase();
      if (lower.startsWith(typed)) return 0;
      if (lower.split(/[\s_-]+/).some((word) => word.startsWith(typed))) return 1;
      return lower.includes(typed) ? 2 : 3;
    };
    this.found = this.labels
      .map((label, index) => ({ ...label, index, rank: rank(label.name) }))
      .filter((label) => label.rank < 3)
      .sort((a, b) => a.rank - b.rank || a.index - b.index);
    this.chosen = 0;
    this.#list();
  }

  #list() {
    const options = this.found.map((label, i) =>
      make(
        "li",
        {
          id: `em-verdict-found-${i}`,
          role: "option",
          "aria-selected": String(i === this.chosen),
          onclick: (event) => this.#take(i, event.timeStamp),
        },
        make("i", { class: "em-dot", style: { background: label.color } }),
        label.name,
      ),
    );
    const nothing = make("li", { class: "em-muted" }, "No such label. Escape goes back.");
    this.list.replaceChildren(...(options.length ? options : [nothing]));
    this.input.setAttribute("aria-activedescendant", options.length ? `em-verdict-found-${this.chosen}` : "");
    options[this.chosen]?.scrollIntoView({ block: "nearest" });
  }

  #take(i, atMs) {
    const label = this.found[i];
    if (!label) return;
    this.close();
    this.onLabel(label.name, atMs);
  }

  #onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.chosen = (this.chosen + step + this.found.length) % Math.max(1, this.found.length);
      this.#list();
    } else if (event.key === "Enter" && !event.repeat) this.#take(this.chosen, event.timeStamp);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
