// Three sounds side by side: the doubtful clip, the nearest of its label, the nearest of the suggested one.
// Joined after sound.js and spectrogram.js.

const TRIO_PAUSE_MS = 160;
const TRIO_NAMES = ["In doubt", "Nearest of its label", "Nearest of the other label"];
const TRIO_TITLES = ["In doubt, labelled", "Nearest", "Nearest"];

/** One of the three: what it is, its picture, its playhead. */
class TrioPanel {
  constructor(index, { onPlay, onSeek }) {
    this.index = index;
    this.entry = null;
    this.wave = make("canvas", { class: "em-trio-wave", "aria-hidden": "true" });
    this.picture = make("canvas", { class: "em-trio-picture", "aria-hidden": "true" });
    this.head = make("i", { class: "em-playhead", hidden: true });
    this.note = make("div", { class: "em-trio-note em-small", role: "status", hidden: true });
    this.hertz = make("div", { class: "em-trio-hertz", "aria-hidden": "true" });
    this.seconds = make("div", { class: "em-trio-seconds", "aria-hidden": "true" });
    this.field = make(
      "div",
      {
        class: "em-trio-field",
        title: "Click to play from here",
        onclick: (event) => onSeek(index, this.#share(event)),
      },
      this.wave,
      this.picture,
      this.hertz,
      this.head,
      this.note,
    );
    this.play = makeButton({
      iconName: "play",
      title: `Play (${index + 1})`,
      kind: "em-icon em-small em-trio-play",
      onclick: () => onPlay(index),
    });
    this.label = make("span", { class: "em-pill em-trio-label em-ellipsis" });
    this.title = make("h3", {}, TRIO_TITLES[index]);
    this.name = make("div", { class: "em-trio-name em-small em-muted em-ellipsis" });
    this.root = make(
      "section",
      { class: `em-trio-panel em-trio-${index}`, "aria-label": TRIO_NAMES[index] },
      make(
        "div",
        { class: "em-trio-top" },
        this.play,
        make(
          "div",
          { class: "em-grow em-trio-words" },
          make("div", { class: "em-trio-title" }, this.title, this.label),
          this.name,
        ),
        make("kbd", {}, String(index + 1)),
      ),
      this.field,
      this.seconds,
    );
    this.isShownPlaying = false;
  }

  /** @param {{name: string} | null} clip  @param {string | null} label  @param {string} colour */
  describe(clip, label, colour) {
    this.name.textContent = clip ? visibleText(clip.name) : "";
    this.name.title = clip ? clip.name : "";
    this.title.textContent = label === null && this.index === 0 ? "In doubt, no label" : TRIO_TITLES[this.index];
    this.label.hidden = label === null;
    this.label.replaceChildren(make("i", { class: "em-dot", style: { background: colour } }), label ?? "");
    this.root.classList.toggle("em-trio-absent", !clip);
    this.play.disabled = !clip;
  }

  wait() {
    this.entry = null;
    this.head.hidden = true;
    this.field.classList.add("em-trio-waiting");
  }

  say(words) {
    this.note.hidden = words === null;
    this.note.textContent = words ?? "";
  }

  show(entry) {
    this.entry = entry;
    this.field.classList.remove("em-trio-waiting");
    this.say(null);
    this.repaint();
  }

  repaint() {
    const { entry } = this;
    if (!entry || !this.field.clientWidth) return;
    paintWave(this.wave, entry.peaks, tokenOf(this.root, "--em-wave"));
    paintSpectrogram(this.picture, entry.spectrogram, isDarkPage());
    const height = this.picture.clientHeight;
    this.hertz.style.height = `${height}px`;
    this.hertz.replaceChildren(
      ...frequencyTicks(entry.audio.sampleRate, height, entry.spectrogram.recipe).map(({ hz, at }) =>
        make("span", { style: { bottom: `${100 * at}%` } }, `${hz / 1000}k`),
      ),
    );
    this.seconds.replaceChildren(
      ...timeTicks(entry.audio.duration, this.field.clientWidth).map(({ at, text }) =>
        make("span", { class: at > 0.93 ? "em-trio-last" : "", style: { left: `${100 * at}%` } }, text),
      ),
    );
  }

  follow(player) {
    const isPlaying = Boolean(player?.playing);
    this.root.classList.toggle("em-sounding", isPlaying);
    this.head.hidden = !this.entry || !player;
    if (this.entry && player) {
      const share = player.time / Math.max(this.entry.audio.duration, 1e-6);
      this.head.style.transform = `translateX(${share * this.field.clientWidth}px)`;
    }
    if (isPlaying === this.isShownPlaying) return;
    this.isShownPlaying = isPlaying;
    this.play.replaceChildren(icon(isPlaying ? "pause" : "play"));
    this.play.classList.toggle("em-primary", isPlaying);
  }

  #share(event) {
    const box = this.field.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
  }
}

/** The three players and their panels; `starts` tells tests which clip sounded when, and why. */
class Trio {
  /** @param {ClipCache} cache  @param {{changed: () => void, starts: object[]}} options */
  constructor(cache, { changed, starts }) {
    this.cache = cache;
    this.changed = changed;
    this.starts = starts;
    this.turn = 0;
    this.clipIds = [null, null, null];
    this.at = null; // which of the three the sequence has come to
    this.isInTurn = false;
    this.gap = null;
    this.players = [0, 1, 2].map((index) => {
      const player = new Player();
      player.onended = () => this.#ended(index);
      return player;
    });
    this.panels = [0, 1, 2].map(
      (index) =>
        new TrioPanel(index, {
          onPlay: (which) => this.toggleOne(which),
          onSeek: (which, share) => this.hear(which, share),
        }),
    );
    this.root = make("div", { class: "em-trio" }, ...this.panels.map((panel) => panel.root));
  }

  get isPlaying() {
    return this.players.some((player) => player.playing) || this.gap !== null;
  }

  /** How the doubtful clip was heard. */
  get heard() {
    return this.players[0].heard;
  }

  /** Puts three clips side by side; gives when the first can sound. Absent ones are null. */
  async show(clipIds) {
    const turn = ++this.turn;
    this.halt();
    this.clipIds = clipIds;
    this.panels.forEach((panel, index) => {
      panel.wait();
      this.players[index].stop();
      panel.say(clipIds[index] === null ? "No clip to compare with" : "Fetching the clip …");
    });
    const loads = clipIds.map((id, index) => (id === null ? null : this.#load(id, index, turn)));
    await loads[0];
    return turn === this.turn;
  }

  async #load(id, index, turn) {
    try {
      const entry = await this.cache.get(id);
      if (turn !== this.turn) return;
      this.players[index].load(entry);
      this.panels[index].show(entry);
    } catch (error) {
      if (turn === this.turn) this.panels[index].say(error.message);
    }
    this.changed();
  }

  /** All three in turn, from the beginning. */
  playInTurn(why = "in turn") {
    this.halt();
    this.isInTurn = true;
    this.#goOn(0, why);
  }

  /** Starts the three in turn, pauses, or goes on where it paused. */
  toggle() {
    if (this.isPlaying) return this.pause();
    const isMidway = this.isInTurn && this.at !== null && this.players[this.at].time > 0;
    if (isMidway) this.#start(this.at, undefined, "go on");
    else this.playInTurn();
  }

  /** One alone, from a share of its length. */
  hear(index, share = 0) {
    const entry = this.panels[index].entry;
    this.halt();
    if (entry) this.#start(index, share * entry.audio.duration, "alone");
  }

  toggleOne(index) {
    if (this.players[index].playing) this.pause();
    else this.hear(index);
  }

  pause() {
    clearTimeout(this.gap);
    this.gap = null;
    for (const player of this.players) if (player.playing) player.pause();
    this.changed();
  }

  halt() {
    this.pause();
    this.isInTurn = false;
    this.at = null;
  }

  follow() {
    this.panels.forEach((panel, index) => panel.follow(this.players[index].entry ? this.players[index] : null));
  }

  repaint() {
    for (const panel of this.panels) panel.repaint();
  }

  destroy() {
    this.turn += 1;
    this.pause();
    for (const player of this.players) player.destroy();
  }

  /** The next of the three that is there; one still on its way is waited for. */
  async #goOn(index, why) {
    const { turn } = this;
    for (let next = index; next < 3; next++) {
      const id = this.clipIds[next];
      if (id === null) continue;
      this.at = next;
      try {
        await this.cache.get(id);
        await Promise.resolve();
      } catch {
        continue;
      }
      if (turn !== this.turn || !this.isInTurn || this.at !== next) return;
      if (!this.panels[next].entry) continue;
      return this.#start(next, 0, why);
    }
    this.isInTurn = false;
    this.at = null;
    this.changed();
  }

  #start(index, from, why) {
    this.at = index;
    this.players[index].play(from);
    this.starts.push({ id: this.clipIds[index], index, why });
    this.changed();
  }

  #ended(index) {
    if (!this.isInTurn || this.at !== index) return this.changed();
    // A breath between them, so that the ear tells where one ends and the next begins.
    this.gap = setTimeout(() => {
      this.gap = null;
      this.#goOn(index + 1, "in turn");
    }, TRIO_PAUSE_MS);
    this.changed();
  }
}
