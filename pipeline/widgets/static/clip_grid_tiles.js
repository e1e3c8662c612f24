// What the grid is made of on screen: the tiles, and the bar above them. Joined after dom.js and spectrogram.js.

/**
 * One clip as a tile. `actions`: rest(id) when the pointer lies on it, leave(), press(id, isTouch).
 * @param {GridClip} clip
 */
function makeGridTile(clip, actions) {
  const canvas = make("canvas", { class: "em-grid-picture", "aria-hidden": "true" });
  const head = make("i", { class: "em-grid-playhead" });
  const cross = make("span", { class: "em-grid-cross", "aria-hidden": "true" }, icon("close"));
  const wait = make("span", { class: "em-grid-wait em-small em-muted" });
  const state = make("span", { class: "em-grid-state" });
  const sure = typeof clip.confidence === "number" ? `${Math.round(100 * clip.confidence)} %` : "";
  const name = visibleText(clip.name);
  const root = make(
    "div",
    {
      class: "em-grid-tile",
      role: "option",
      tabIndex: -1,
      title: [name, clip.sub].filter(Boolean).join("\n"),
      onpointerenter: (event) => event.pointerType === "mouse" && actions.rest(clip.id),
      onpointerleave: actions.leave,
      onclick: (event) => actions.press(clip.id, event.pointerType === "touch"),
    },
    make("div", { class: "em-grid-field" }, canvas, head, cross, wait, state),
    make(
      "div",
      { class: "em-grid-line" },
      make("span", { class: "em-grid-name em-ellipsis em-grow" }, name),
      sure ? make("span", { class: "em-num em-muted", title: "how sure the model is" }, sure) : null,
    ),
  );
  root.dataset.id = clip.id;
  const tile = { clip, root, spectrogram: null, trouble: null };

  tile.paint = (entry = null) => {
    if (entry) tile.spectrogram = entry.spectrogram;
    if (!tile.spectrogram || !canvas.isConnected) return;
    paintSpectrogram(canvas, tile.spectrogram, isDarkPage());
    root.classList.add("em-ready");
  };
  tile.moveHead = (share) => head.style.setProperty("left", `${100 * share}%`);
  tile.show = ({ isStruck, isHeard, isLit, isFocused, gone, isWanted, label }) => {
    const trouble = gone ?? tile.trouble;
    const marks = { struck: isStruck, heard: isHeard, lit: isLit, focused: isFocused, gone: Boolean(gone) };
    for (const [mark, isOn] of Object.entries(marks)) root.classList.toggle(`em-${mark}`, isOn);
    root.classList.toggle("em-wanted", isWanted);
    root.tabIndex = isFocused ? 0 : -1;
    root.setAttribute("aria-selected", String(isStruck));
    const heardWords = isHeard ? "heard" : "not heard";
    const words = isStruck ? "struck out" : heardWords;
    root.setAttribute("aria-label", [name, label, sure, trouble ?? words].filter(Boolean).join(", "));
    wait.textContent = trouble ?? "";
    wait.title = trouble ?? "";
    const shown = gone ? "" : isStruck ? "struck" : isHeard ? "" : "not heard";
    if (state.textContent !== shown) state.textContent = shown;
  };
  return tile;
}

/** The label, what is known of it, and the buttons. `act(action)` does what a key would. */
class GridBar {
  /** @param {{labels: {name: string, color: string}[], canChoose: boolean, act: Function, onLabel: Function}} parts */
  constructor({ labels, canChoose, act, onLabel }) {
    this.labels = labels;
    this.dot = make("i", { class: "em-dot" });
    this.title = make("h2", { class: "em-title em-ellipsis" });
    this.chooser = make(
      "select",
      {
        class: "em-grid-chooser",
        "aria-label": "Label all as",
        title: "The label that Enter gives (L)",
        onchange: (event) => onLabel(event.target.value),
      },
      make("option", { value: "" }, "Choose a label …"),
      ...labels.map(({ name }) => make("option", { value: name }, visibleText(name))),
    );
    this.about = make("p", { class: "em-muted em-small em-num", role: "status" });
    this.saved = make("span", { class: "em-pill em-grid-saved" });
    const button = (action, text, cap, kind = "") => {
      const made = makeButton({ text, kind: `em-small ${kind}`, onclick: () => act(action) });
      made.append(make("kbd", {}, cap));
      return made;
    };
    this.taste = button("taste", "Taste", "T");
    this.moment = make("span", { class: "em-muted em-small em-num em-grid-moment" });
    this.strike = button("strike", "Strike", "X");
    this.undo = button("undo", "Undo", "⌫");
    this.confirm = button("confirm", "Confirm", "Enter", "em-primary");
    const faster = makeButton({ iconName: "minus", title: "Taste faster ([)", kind: "em-icon em-small em-quiet" });
    const slower = makeButton({ iconName: "plus", title: "Taste slower (])", kind: "em-icon em-small em-quiet" });
    faster.onclick = () => act("shorter");
    slower.onclick = () => act("longer");
    const help = makeButton({ text: "?", title: "All keys (?)", kind: "em-small em-quiet", onclick: () => act("help") });
    const chosen = canChoose
      ? make("div", { class: "em-grid-choice" }, make("span", { class: "em-kicker" }, "Label all as"), this.chooser)
      : make("div", { class: "em-grid-label" }, this.dot, this.title);
    this.root = make(
      "header",
      { class: "em-grid-bar" },
      make("div", { class: "em-grow" }, chosen, this.about),
      make("div", { class: "em-grid-speed" }, this.taste, faster, this.moment, slower),
      make("div", { class: "em-grid-deeds" }, this.strike, this.undo, this.confirm, this.saved, help),
    );
  }

  /** @param {{label: string, n: number, nHeard: number, nStruck: number, nRest: number, nLeft: number}} now */
  show({ label, n, nHeard, nStruck, nRest, nLeft, isTasting, momentS, nUnsaved, canUndo, sure }) {
    const place = this.labels.findIndex(({ name }) => name === label);
    this.dot.style.background = this.labels[place]?.color ?? "var(--em-cat-none)";
    if (this.title.textContent !== label) this.title.textContent = visibleText(label);
    if (this.chooser.value !== label) this.chooser.value = label;
    const facts = [
      `${formatNumber(n)} ${n === 1 ? "clip" : "clips"}${nLeft ? `, ${formatNumber(nLeft)} more wait` : ""}`,
      sure,
      `${formatNumber(nHeard)} heard`,
      nStruck ? `${formatNumber(nStruck)} struck` : "",
    ];
    const about = facts.filter(Boolean).join(" · ");
    if (this.about.textContent !== about) this.about.textContent = about;
    this.taste.querySelector("span").textContent = isTasting ? "Tasting" : "Taste";
    this.taste.classList.toggle("em-on", isTasting);
    this.moment.textContent = `${momentS} s each`;
    this.confirm.querySelector("span").textContent = nRest === n ? `Confirm all ${n}` : `Confirm ${nRest}`;
    this.confirm.setAttribute("aria-disabled", String(nRest === 0 && nStruck === 0));
    this.strike.setAttribute("aria-disabled", String(n === 0));
    this.undo.setAttribute("aria-disabled", String(!canUndo));
    this.saved.textContent = nUnsaved ? `${formatNumber(nUnsaved)} unsaved` : "all saved";
    this.saved.classList.toggle("em-ok", !nUnsaved);
    this.saved.classList.toggle("em-warn", nUnsaved > 0);
  }
}

/** "proposed with 71–98 %", or nothing where no model proposes. @param {GridClip[]} clips */
function confidenceWords(clips) {
  const sure = clips.map(({ confidence }) => confidence).filter((value) => typeof value === "number");
  if (!sure.length) return "";
  const [low, high] = [Math.min(...sure), Math.max(...sure)].map((value) => Math.round(100 * value));
  return low === high ? `proposed with ${low} %` : `proposed with ${low}–${high} %`;
}

/** Sentences over the tiles: what must be known or asked before going on. */
class GridNotices {
  constructor() {
    this.asked = make("div", { class: "em-grid-notice em-warn", role: "alert", hidden: true });
    this.link = make("div", { class: "em-grid-notice em-warn", role: "status", hidden: true });
    this.errors = make("div", { class: "em-grid-errors", role: "alert" });
    this.root = make("div", { class: "em-grid-notices" }, this.asked, this.link, this.errors);
  }

  /** @param {string | null} words */
  ask(words) {
    this.#say(this.asked, words);
  }

  /** @param {string | null} words */
  sayLink(words) {
    this.#say(this.link, words);
  }

  #say(line, words) {
    line.hidden = words === null;
    if (line.textContent !== (words ?? "")) line.replaceChildren(icon("alert"), make("span", {}, words ?? ""));
  }

  /** @param {string} words */
  error(words) {
    const close = makeButton({ iconName: "close", title: "Dismiss", kind: "em-icon em-small em-quiet" });
    const line = make("div", { class: "em-grid-notice em-bad" }, icon("alert"), make("span", { class: "em-grow" }, words));
    close.onclick = () => line.remove();
    line.append(close);
    this.errors.append(line);
  }
}

/** What stands in place of the tiles once they are settled. */
function makeGridFinished() {
  const title = make("h2", {});
  const words = make("p", { class: "em-muted" });
  const back = make("p", { class: "em-small em-muted" }, make("kbd", {}, "⌫"), " takes the last confirmation back.");
  const root = make("div", { class: "em-grid-finished", role: "status", hidden: true }, title, words, back);
  function show({ isOver, isWaiting, label, refusal }) {
    root.hidden = !isOver;
    if (!isOver) return;
    title.textContent = refusal ? "No more clips came" : isWaiting ? "Looking for more clips …" : "Nothing is left here";
    const done = label ? `No more clips wait that are proposed as ${visibleText(label)}.` : "No clips wait here.";
    words.textContent = refusal ? `${refusal} (asked again in a moment)` : isWaiting ? "" : done;
  }
  return { root, show };
}

/** The keys that matter, under the tiles. */
function makeGridHints() {
  const hint = (caps, words) => make("span", {}, ...caps.flatMap((cap) => [make("kbd", {}, cap), " "]), words);
  return make(
    "p",
    { class: "em-grid-hints em-muted em-small" },
    hint(["T"], "taste"),
    hint(["Space"], "pause"),
    hint(["←", "→"], "go and hear"),
    hint(["X"], "strike"),
    hint(["Enter"], "confirm the rest"),
    hint(["⌫"], "undo"),
    hint(["?"], "all keys"),
    make("span", {}, "rest on a clip to hear it, click to strike it"),
  );
}
