// The stage: waveform above, mel spectrogram below, both axes, the playhead. Joined after dom.js and spectrogram.js.

const DRAG_PX = 6;

class DeckStage {
  /** @param {{onSeek: (s: number) => void, onSpan: (span: [number, number]) => void}} listeners */
  constructor({ onSeek, onSpan }) {
    this.onSeek = onSeek;
    this.onSpan = onSpan;
    /** @type {Entry | null} */
    this.entry = null;
    this.wave = make("canvas", { class: "em-deck-wave", "aria-hidden": "true" });
    this.picture = make("canvas", { class: "em-deck-picture", "aria-hidden": "true" });
    this.span = make("div", { class: "em-deck-span", hidden: true });
    this.head = make("div", { class: "em-deck-playhead", hidden: true });
    this.note = make("div", { class: "em-deck-note", role: "status", hidden: true });
    this.field = make("div", { class: "em-deck-field" }, this.wave, this.picture, this.span, this.head, this.note);
    this.hertz = make("div", { class: "em-deck-hertz", "aria-hidden": "true" });
    this.seconds = make("div", { class: "em-deck-seconds", "aria-hidden": "true" });
    this.root = make(
      "div",
      { class: "em-deck-stage" },
      make("div", { class: "em-deck-unit em-deck-unit-hertz", "aria-hidden": "true" }, "kHz"),
      this.hertz,
      this.field,
      this.seconds,
      make("div", { class: "em-deck-unit em-deck-unit-seconds", "aria-hidden": "true" }, "s"),
    );
    this.field.addEventListener("pointerdown", (event) => this.#press(event));
    this.resize = new ResizeObserver(() => this.repaint());
    this.resize.observe(this.field);
    this.endTheme = watchTheme(() => this.repaint());
  }

  /** @param {Entry} entry */
  show(entry) {
    this.entry = entry;
    this.field.classList.remove("em-deck-waiting");
    this.head.hidden = false;
    this.say(null);
    this.repaint();
  }

  /** Dims the last clip while the next one is on its way. */
  wait() {
    this.entry = null;
    this.field.classList.add("em-deck-waiting");
    this.head.hidden = true;
    this.showSpan(null);
  }

  /** A sentence over the stage, or null for none. @param {string | null} words */
  say(words) {
    this.note.hidden = words === null;
    if (this.note.textContent !== (words ?? "")) this.note.textContent = words ?? "";
  }

  /** @param {number} s */
  moveHead(s) {
    if (!this.entry) return;
    this.head.style.transform = `translateX(${(s / this.entry.audio.duration) * this.field.clientWidth}px)`;
  }

  /** Marks the part that loops. @param {[number, number] | null} span */
  showSpan(span) {
    this.span.hidden = !(span && this.entry);
    if (this.span.hidden) return;
    const percent = (s) => `${(100 * s) / this.entry.audio.duration}%`;
    this.span.style.left = percent(span[0]);
    this.span.style.width = percent(span[1] - span[0]);
  }

  repaint() {
    if (!this.entry || !this.field.clientWidth) return;
    const { audio, peaks, spectrogram } = this.entry;
    paintWave(this.wave, peaks, tokenOf(this.root, "--em-wave"));
    paintSpectrogram(this.picture, spectrogram, isDarkPage());
    const height = this.picture.clientHeight;
    this.hertz.style.height = `${height}px`;
    this.hertz.replaceChildren(
      ...frequencyTicks(audio.sampleRate, height).map(({ hz, at }) =>
        make("span", { style: { bottom: `${100 * at}%` } }, String(hz / 1000)),
      ),
    );
    this.seconds.replaceChildren(
      ...timeTicks(audio.duration, this.field.clientWidth).map(({ at, text }) =>
        make("span", { style: { left: `${100 * at}%` } }, text),
      ),
    );
  }

  destroy() {
    this.resize.disconnect();
    this.endTheme();
  }

  #press(event) {
    if (!this.entry || event.button !== 0) return;
    const from = event.clientX;
    const secondsAt = (x) => {
      const box = this.field.getBoundingClientRect();
      return Math.max(0, Math.min(1, (x - box.left) / box.width)) * this.entry.audio.duration;
    };
    const spanTo = (x) => [secondsAt(from), secondsAt(x)].sort((a, b) => a - b);
    const isDrag = (x) => Math.abs(x - from) > DRAG_PX;
    const move = (moved) => isDrag(moved.clientX) && this.entry && this.showSpan(spanTo(moved.clientX));
    const release = (released) => {
      this.field.removeEventListener("pointermove", move);
      if (!this.entry || released.type === "pointercancel") return;
      if (isDrag(released.clientX)) this.onSpan(spanTo(released.clientX));
      else this.onSeek(secondsAt(from));
    };
    this.field.setPointerCapture(event.pointerId);
    this.field.addEventListener("pointermove", move);
    this.field.addEventListener("pointerup", release, { once: true });
  }
}
