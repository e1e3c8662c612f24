// The label set as buttons with their keys: one by one, or by family where there are more than keys.
// Joined after dom.js and clip_deck_panels.js.

const N_DIGITS = 9;
const MANY_BUTTONS = 18;

/**
 * The families of labels that are written "family: name" or "family/name", in the order of the label set. A label
 * without family, or alone in it, stands for itself. Null where keys suffice or nothing belongs together.
 * @param {string[]} names
 * @returns {{name: string, members: number[]}[] | null}
 */
function familiesOf(names) {
  if (names.length <= N_DIGITS) return null;
  const families = new Map();
  names.forEach((name, index) => {
    const [family] = familyAndName(name);
    const key = family ?? name;
    families.set(key, [...(families.get(key) ?? []), index]);
  });
  if (![...families.values()].some((members) => members.length > 1)) return null;
  return [...families].map(([name, members]) => ({
    name: members.length > 1 ? name : names[members[0]],
    members,
  }));
}

/** @param {string} label  @returns {[string | null, string]} */
function familyAndName(label) {
  const parts = /^\s*([^:/]*[^:/\s])\s*[:/]\s*(\S.*)$/.exec(label);
  return parts ? [parts[1], parts[2]] : [null, label];
}

/** The labels and the other answers, as buttons with their keys. */
class DeckAnswers {
  /** @param {{onLabel: (index: number) => void, act: (action: string) => void, isMany: boolean}} options */
  constructor({ onLabel, act, isMany }) {
    this.onLabel = onLabel;
    this.marks = {};
    /** @type {{name: string, color: string}[]} */
    this.all = [];
    this.families = null;
    /** The family that was chosen, by its place. @type {number | null} */
    this.family = null;
    this.labels = make("div", { class: "em-deck-labels", role: "group", "aria-label": "Labels" });
    this.words = make("span", { role: "status" });
    this.trail = make(
      "div",
      { class: "em-deck-trail", hidden: true },
      make(
        "button",
        { type: "button", class: "em-btn em-small", onclick: () => this.back() },
        keyCap("Esc"),
        "All families",
      ),
      this.words,
    );
    const other = (action, key, words) =>
      make(
        "button",
        { type: "button", class: "em-btn em-deck-other", "data-action": action, onclick: () => act(action) },
        keyCap(key),
        words,
      );
    this.search = other("search", "/", "Find a label");
    this.give = other("give", "⏎", "Save these");
    this.give.classList.add("em-primary");
    this.give.hidden = !isMany;
    this.others = make(
      "div",
      { class: "em-deck-others", role: "group", "aria-label": "Other answers" },
      this.give,
      other("unsure", "U", "Unsure"),
      other("none", "0", "None of these"),
      other("bad", "B", "Bad audio"),
      other("skip", "S", "Skip"),
      this.search,
    );
    this.root = make("div", { class: "em-deck-answers" }, this.trail, this.labels, this.others);
  }

  /** @param {{name: string, color: string}[]} labels */
  setLabels(labels) {
    this.all = labels;
    this.families = familiesOf(labels.map(({ name }) => name));
    this.search.hidden = labels.length <= N_DIGITS;
    this.#open(null);
  }

  /** The label on this digit's key, if it is one: a family opens instead. @returns {number | undefined} */
  choose(digit) {
    if (!this.families) return this.all[digit] && digit;
    if (this.family !== null) return this.families[this.family].members[digit];
    const chosen = this.families[digit];
    if (chosen?.members.length === 1) return chosen.members[0];
    if (chosen) this.#open(digit);
    return undefined;
  }

  /** Back to the families. @returns {boolean} whether one was open */
  back() {
    if (this.family === null) return false;
    this.#open(null);
    return true;
  }

  /**
   * Marks the labels that the clip on stage has, or will have when they are saved, and what is proposed for it.
   * @param {{given?: Given, chosen?: string[], proposed?: string}} marks
   */
  show({ given, chosen = [], proposed }) {
    this.marks = { given, chosen, proposed };
    const holds = (button, name) => button.members.some((index) => this.all[index].name === name);
    this.give.disabled = !chosen.length;
    for (const button of this.labels.children) {
      const isGiven = chosen.some((name) => holds(button, name));
      button.classList.toggle("em-deck-given", isGiven);
      button.classList.toggle("em-deck-proposed", Boolean(proposed) && holds(button, proposed));
      button.setAttribute("aria-pressed", String(isGiven));
    }
    const other = { unsure: "unsure", none_of_these: "none", bad_audio: "bad" }[given?.answer];
    for (const button of this.others.children)
      button.classList.toggle("em-deck-on", button.dataset.action === other);
  }

  /** A short flash on the button whose label was given. */
  flash(index) {
    const button = [...this.labels.children].find(({ members }) => members.includes(index));
    button?.animate?.([{ filter: "brightness(1.25)" }, { filter: "none" }], { duration: 220 });
  }

  #open(family) {
    this.family = family;
    const chosen = family === null ? null : this.families[family];
    const shown = chosen
      ? chosen.members.map((index) => ({ name: familyAndName(this.all[index].name)[1], members: [index] }))
      : (this.families ?? this.all.map(({ name }, index) => ({ name, members: [index] })));
    this.labels.replaceChildren(...shown.map((one, place) => this.#button(one, place)));
    this.labels.classList.toggle("em-deck-many", shown.length > MANY_BUTTONS);
    this.trail.hidden = !chosen;
    this.words.textContent = chosen ? chosen.name : "";
    this.show(this.marks);
  }

  #button({ name, members }, place) {
    const isFamily = members.length > 1;
    const { color, name: whole } = this.all[members[0]];
    const button = make(
      "button",
      {
        type: "button",
        class: "em-deck-label",
        title: isFamily ? `${name}: ${members.length} labels` : whole,
        style: { "--label": color },
        onclick: () => (isFamily ? this.#open(place) : this.onLabel(members[0])),
      },
      place < N_DIGITS ? keyCap(String(place + 1)) : make("i", { class: "em-dot" }),
      make("span", { class: "em-ellipsis em-grow" }, name),
      isFamily ? make("span", { class: "em-deck-n em-num em-muted" }, String(members.length)) : null,
    );
    button.members = members;
    return button;
  }
}

/** The labels that this person gave last, the latest first; kept in this browser. */
class RecentLabels {
  /** @param {string} name unique for database, project and person */
  constructor(name) {
    this.key = `earmark.recent/${name}`;
    try {
      this.names = JSON.parse(localStorage.getItem(this.key)) ?? [];
    } catch {
      this.names = [];
    }
  }

  add(label) {
    this.names = [label, ...this.names.filter((name) => name !== label)].slice(0, N_DIGITS);
    try {
      localStorage.setItem(this.key, JSON.stringify(this.names));
    } catch {
      // A browser that keeps nothing still remembers until the tab closes.
    }
  }
}
