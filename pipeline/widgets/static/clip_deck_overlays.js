// What lies over the deck for a moment: help, finding a label, notices, the end of the queue. Joined after dom.js.

/** All keys, from the table that makes them work. */
class DeckHelp {
  /** @param {{onGuide: () => void}} listeners */
  constructor({ onGuide }) {
    const groups = [...new Set(DECK_KEYS.map((binding) => binding.group))].map((group) =>
      make(
        "section",
        {},
        make("h3", {}, group),
        make(
          "dl",
          {},
          ...DECK_KEYS.filter((binding) => binding.group === group).flatMap(({ show, words }) => [
            make("dt", {}, ...show.map((cap) => (cap === "…" ? make("span", {}, cap) : make("kbd", {}, cap)))),
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
    const title = make("h2", { class: "em-title em-grow" }, "Keys");
    const guide = makeButton({
      text: "Practise them in a minute",
      kind: "em-small",
      onclick: () => {
        this.close();
        onGuide();
      },
    });
    this.root = make(
      "div",
      { class: "em-deck-overlay", role: "dialog", "aria-modal": "true", "aria-label": "Keys", hidden: true },
      make(
        "div",
        { class: "em-deck-sheet" },
        make("header", {}, title, guide, close),
        make("div", { class: "em-deck-help" }, ...groups),
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
    this.root.querySelector("button.em-icon").focus({ preventScroll: true });
  }

  close() {
    this.root.hidden = true;
    this.root.closest(".em-deck")?.focus({ preventScroll: true });
  }
}

/**
 * Finds a label by its letters: names that begin with them first, then words inside, then anywhere; of equals those
 * that were given last.
 */
class DeckSearch {
  /** @param {{onLabel: (index: number, atMs: number) => void}} listeners */
  constructor({ onLabel }) {
    this.onLabel = onLabel;
    this.labels = [];
    this.recent = [];
    this.found = [];
    this.chosen = 0;
    this.input = make("input", {
      type: "text",
      class: "em-deck-input",
      placeholder: "Type a label, Enter to give it",
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": "em-deck-found",
      "aria-label": "Find a label",
      autocomplete: "off",
      spellcheck: false,
    });
    this.list = make("ul", { class: "em-deck-found", id: "em-deck-found", role: "listbox" });
    this.root = make(
      "div",
      { class: "em-deck-overlay", role: "dialog", "aria-label": "Find a label", hidden: true },
      make("div", { class: "em-deck-sheet em-deck-sheet-small" }, this.input, this.list),
    );
    this.input.addEventListener("input", () => this.#find());
    this.input.addEventListener("keydown", (event) => this.#onKey(event));
    this.root.addEventListener("pointerdown", (event) => event.target === this.root && this.close());
  }

  /** @param {{name: string, color: string}[]} labels  @param {string[]} recent the latest first */
  open(labels, recent) {
    this.labels = labels;
    this.recent = recent;
    this.input.value = "";
    this.root.hidden = false;
    this.#find();
    this.input.focus({ preventScroll: true });
  }

  close() {
    this.root.hidden = true;
    this.root.closest(".em-deck")?.focus({ preventScroll: true });
  }

  #find() {
    const typed = this.input.value.trim().toLowerCase();
    const rank = (name) => {
      const lower = name.toLowerCase();
      if (lower.startsWith(typed)) return 0;
      if (lower.split(/[\s_:/-]+/).some((word) => word.startsWith(typed))) return 1;
      return lower.includes(typed) ? 2 : 3;
    };
    const ago = (name) => (this.recent.includes(name) ? this.recent.indexOf(name) : this.recent.length);
    this.found = this.labels
      .map((label, index) => ({ ...label, index, rank: rank(label.name), ago: ago(label.name) }))
      .filter((label) => label.rank < 3)
      .sort((a, b) => a.rank - b.rank || a.ago - b.ago || a.index - b.index);
    this.chosen = 0;
    this.#list();
  }

  #list() {
    const options = this.found.map((label, i) =>
      make(
        "li",
        {
          id: `em-deck-found-${i}`,
          role: "option",
          "aria-selected": String(i === this.chosen),
          style: { "--label": label.color },
          onclick: (event) => this.#take(i, event.timeStamp),
        },
        make("i", { class: "em-dot" }),
        make("span", { class: "em-grow" }, label.name),
        label.ago < this.recent.length ? make("span", { class: "em-small em-muted" }, "recent") : null,
      ),
    );
    const nothing = make("li", { class: "em-muted" }, "No such label. Escape goes back.");
    this.list.replaceChildren(...(options.length ? options : [nothing]));
    this.input.setAttribute("aria-activedescendant", options.length ? `em-deck-found-${this.chosen}` : "");
    options[this.chosen]?.scrollIntoView({ block: "nearest" });
  }

  #take(i, atMs) {
    const label = this.found[i];
    if (!label) return;
    this.close();
    this.onLabel(label.index, atMs);
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

/** Sentences that the person must see: the state of the link, and answers that were refused. */
class DeckNotices {
  constructor() {
    this.words = make("span", { class: "em-grow", role: "status" });
    this.reload = makeButton({ text: "Reload", kind: "em-small", onclick: reloadPage });
    this.link = make("div", { class: "em-deck-notice em-warn", hidden: true }, this.words, this.reload);
    this.errors = make("div", { class: "em-deck-errors", role: "alert" });
    this.root = make("div", { class: "em-deck-notices" }, this.link, this.errors);
  }

  /** @param {string | null} words  @param {{isLost: boolean}} options */
  sayLink(words, { isLost }) {
    this.link.hidden = words === null;
    this.reload.hidden = !isLost;
    if (this.words.textContent !== (words ?? "")) this.words.textContent = words ?? "";
  }

  /** @param {string} words  @param {{text: string, onclick: () => void}} [way] what can be done about it */
  error(words, way) {
    const notice = make(
      "div",
      { class: "em-deck-notice em-bad" },
      icon("alert"),
      make("span", { class: "em-grow" }, words),
    );
    const close = () => notice.remove();
    const act = () => {
      close();
      way.onclick();
    };
    if (way) notice.append(makeButton({ text: way.text, kind: "em-small", onclick: act }));
    notice.append(
      makeButton({ iconName: "close", title: "Dismiss", kind: "em-icon em-small em-quiet", onclick: close }),
    );
    this.errors.append(notice);
  }
}

/**
 * What the person must know about the way to the kernel, or null.
 * @param {{link: "online" | "offline" | "lost", n: number, postponed: string | null, isDurable: boolean}} state
 */
function wordsOnLink({ link, n, postponed, isDurable }) {
  const answersWait = `${n} ${n === 1 ? "answer waits" : "answers wait"} in this browser`;
  if (link === "lost") {
    return `The server no longer knows this page. Reload it to go on.${n ? ` ${answersWait}, to be sent then.` : ""}`;
  }
  if (postponed !== null && n) return `Not saved yet: ${postponed} (${answersWait})`;
  if (link === "offline") {
    const waiting = n ? answersWait : "nothing waits to be saved";
    return `Offline: ${waiting}. Go on with the clips that are here; the rest comes when the link returns.`;
  }
  return isDurable ? null : "This browser keeps nothing when the tab closes: leave it open until all is saved.";
}

/** The end of the queue. */
class DeckFinished {
  /** @param {{onSkipped: () => void, onMore: () => void}} listeners */
  constructor({ onSkipped, onMore }) {
    this.title = make("h2", {});
    this.words = make("p", { class: "em-muted" });
    this.skipped = makeButton({ text: "Listen", kind: "em-primary", onclick: onSkipped });
    const more = makeButton({ text: "Look for more clips", onclick: onMore });
    this.root = make(
      "div",
      { class: "em-deck-finished", role: "status", hidden: true },
      make("div", { class: "em-deck-finished-mark" }, icon("check")),
      this.title,
      this.words,
      make("div", { class: "em-deck-finished-ways" }, this.skipped, more),
      make(
        "p",
        { class: "em-small em-muted" },
        keyCap("J"),
        " goes back to the last clip, ",
        keyCap("⌫"),
        " undoes the last answer.",
      ),
    );
  }

  show({ nAnswered, nSkipped, nUnsaved, isWaiting, isLost, refusal }) {
    this.title.textContent = isLost
      ? "Reload the page for more clips"
      : refusal
        ? "No more clips came"
        : isWaiting
          ? "Looking for more clips …"
          : "All done. Thank you!";
    const answered = `${nAnswered} ${nAnswered === 1 ? "clip" : "clips"} answered in this sitting`;
    const unsaved = nUnsaved
      ? `, ${nUnsaved} ${isLost ? "sent after the reload" : "still on the way: keep this tab open for a moment"}`
      : ", everything is saved";
    this.words.textContent = refusal ?? `${answered}${unsaved}.`;
    this.skipped.hidden = nSkipped === 0;
    this.skipped.querySelector("span").textContent = `Listen to the ${nSkipped} skipped`;
  }
}
