// The first minute at the deck: a person presses the keys on a real clip, and nothing of it is an answer.
// Joined after dom.js and clip_deck_panels.js.

/**
 * `wanted` are the actions that end a step; `done` says what they came to.
 * @type {{title: string, words: string, keys: string[], wanted: string[], done: (what?: string) => string}[]}
 */
const GUIDE_STEPS = [
  {
    title: "Listen",
    words: "Clips play by themselves. Hear this one again.",
    keys: ["Space", "R"],
    wanted: ["toggle", "replay"],
    done: () => "Space plays and pauses, R begins anew.",
  },
  {
    title: "Decide",
    words: "What is it? Press the key of a label: one key decides, saves and brings the next clip.",
    keys: ["1", "…", "9"],
    wanted: ["label", "accept"],
    done: (label) => `“${label}” would be saved now. Here it is not: this is practice.`,
  },
  {
    title: "Take back",
    words: "A slip of the finger? Take it back.",
    keys: ["⌫", "Ctrl Z"],
    wanted: ["undo"],
    done: () => "The clip is open again, and so it is with real answers, as many as you like.",
  },
  {
    title: "When no label fits",
    words: "Unsure, none of these, or nobody could tell because the sound is bad: these are answers, too. Try one.",
    keys: ["U", "0", "B"],
    wanted: ["unsure", "none", "bad"],
    done: () => "Honest doubt is worth more than a guess.",
  },
  {
    title: "Listen closely",
    words: "Slower, louder, closer, or over and over. Try one; dragging over the sound loops that part.",
    keys: ["[", "G", "+", "L"],
    wanted: ["slower", "faster", "louder", "softer", "zoom in", "zoom out", "loop"],
    done: () => "None of it changes what is saved.",
  },
  {
    title: "All keys",
    words: "Whenever you wonder, all keys are one key away. Press it to begin.",
    keys: ["?"],
    wanted: ["help"],
    done: () => "",
  },
];

class DeckGuide {
  /**
   * @param {{who: string, changed: () => void, ended: () => void}} options
   *   who: for whom the browser remembers that they saw it
   */
  constructor({ who, changed, ended }) {
    this.ended = ended;
    this.key = `earmark.guide/${who}`;
    this.changed = changed;
    this.step = null;
    this.title = make("b", {});
    this.words = make("span", {});
    this.praise = make("span", { class: "em-deck-praise" });
    this.caps = make("span", { class: "em-deck-guide-keys" });
    this.dots = make("span", { class: "em-deck-guide-dots", "aria-hidden": "true" });
    this.count = make("span", { class: "em-only-read" });
    this.root = make(
      "section",
      { class: "em-deck-guide", "aria-label": "The keys in a minute", hidden: true },
      make("div", { class: "em-deck-guide-head" }, make("span", {}, "Practice: nothing is saved"), this.dots, this.count),
      make("div", { class: "em-deck-guide-words", role: "status" }, this.praise, this.title, this.words, this.caps),
      makeButton({ text: "Skip (Esc)", kind: "em-small em-quiet", onclick: () => this.end() }),
    );
  }

  get isOn() {
    return this.step !== null;
  }

  get isSeen() {
    try {
      return localStorage.getItem(this.key) !== null;
    } catch {
      return true; // a browser that keeps nothing would be taught each time
    }
  }

  begin() {
    this.#go(0, "");
  }

  end() {
    this.step = null;
    this.root.hidden = true;
    try {
      localStorage.setItem(this.key, "seen");
    } catch {
      // It is offered again, no harm done.
    }
    this.ended();
    this.changed();
  }

  /**
   * An action while the guide is on: goes on if it is the one that was asked for.
   * @param {string} action  @param {string} [what] the label that it gives
   */
  see(action, what) {
    const { wanted, done } = GUIDE_STEPS[this.step];
    if (!wanted.includes(action) || what === null) return;
    if (this.step + 1 < GUIDE_STEPS.length) this.#go(this.step + 1, done(what));
    else this.end();
  }

  #go(step, praise) {
    this.step = step;
    const { title, words, keys } = GUIDE_STEPS[step];
    this.praise.textContent = praise;
    this.praise.hidden = !praise;
    this.title.textContent = `${title}. `;
    this.words.textContent = words;
    this.caps.replaceChildren(...keys.map((key) => (key === "…" ? key : keyCap(key))));
    this.dots.replaceChildren(...GUIDE_STEPS.map((_, i) => make("i", { class: i <= step ? "em-deck-past" : "" })));
    this.count.textContent = `step ${step + 1} of ${GUIDE_STEPS.length}`;
    this.root.hidden = false;
    this.changed();
  }
}
