// The stage: waveform above, spectrogram below, both axes, the playhead; a part of them when zoomed in.
// Joined after dom.js and spectrogram.js.

const DRAG_PX = 6;
const ZOOM_STEP = 2;
const LEAST_SEEN_S = 0.05;
const REDRAW_AFTER_MS = 80;
const ZOOM_KIND = "em-icon em-small em-quiet";

class DeckStage {
  /** @param {{onSeek: (s: number) => void, onSpan: (span: [number, number]) => void}} listeners */
  constructor({ onSeek, onSpan }) {
    this.onSeek = onSeek;
    this.onSpan = onSpan;
    /** @type {Entry | null} */
    this.entry = null;
    /** What is seen, in seconds. @type {[number, number]} */
    this.view = [0, 0];
    /** The picture of what is seen, where that is finer than the whole clip's. */
    this.detail = null;
    this.loop = null;
    this.headS = 0;
    this.wave = make("canvas", { class: "em-deck-wave", "aria-hidden": "true" });
    this.picture = make("canvas", { class: "em-deck-picture", "aria-hidden": "true" });
    this.span = make("div", { class: "em-deck-span", hidden: true });
    this.head = make("div", { class: "em-deck-playhead", hidden: true });
    this.note = make("div", { class: "em-deck-note", role: "status", hidden: true });
    this.whole = makeButton({ iconName: "fit", title: "Show the whole clip", kind: ZOOM_KIND, onclick: () => this.zoomOut() });
    this.ways = make(
      "div",
      { class: "em-deck-zoom", role: "group", "aria-label": "Zoom" },
      this.whole,
      makeButton({ iconName: "minus", title: "Zoom out (-)", kind: ZOOM_KIND, onclick: () => this.zoom(1 / ZOOM_STEP) }),
      makeButton({ iconName: "plus", title: "Zoom in (+)", kind: ZOOM_KIND, onclick: () => this.zoom(ZOOM_STEP) }),
    );
    this.far = make("div", { class: "em-deck-far em-small em-muted", hidden: true }, "Zoom in (+) to see the spectrogram");
    const shown = [this.wave, this.picture, this.far, this.span, this.head, this.note];
    this.field = make("div", { class: "em-deck-field" }, ...shown);
    this.hertz = make("div", { class: "em-deck-hertz", "aria-hidden": "true" });
    this.seconds = make("div", { class: "em-deck-seconds", "aria-hidden": "true" });
    this.hertzUnit = make("div", { class: "em-deck-unit em-deck-unit-hertz", "aria-hidden": "true" }, "kHz");
    this.secondsUnit = make("div", { class: "em-deck-unit em-deck-unit-seconds", "aria-hidden": "true" }, "s");
    this.root = make(
      "div",
      { class: "em-deck-stage" },
      this.hertzUnit,
      this.hertz,
      this.field,
      this.ways,
      this.seconds,
      this.secondsUnit,
    );
    this.field.addEventListener("pointerdown", (event) => this.#press(event));
    this.field.addEventListener("wheel", (event) => this.#turn(event), { passive: false });
    this.resize = new ResizeObserver(() => this.repaint());
    this.resize.observe(this.field);
    this.endTheme = watchTheme(() => this.repaint());
  }

  /** @param {Entry} entry */
  show(entry) {
    const isNew = this.entry?.id !== entry.id;
    this.entry = entry;
    this.detail = null;
    if (isNew) {
      const { duration, partS = duration } = entry.audio;
      this.view = [0, Math.min(duration, partS)];
      this.headS = 0;
    }
    this.field.classList.remove("em-deck-waiting");
    this.say(null);
    this.#show();
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

  /** How many times larger than the whole clip it is seen. */
  get magnification() {
    return this.entry ? this.entry.audio.duration / (this.view[1] - this.view[0]) : 1;
  }

  /** Closer or farther; the playhead, or this second, stays where it is. @param {number} factor */
  zoom(factor, aboutS = this.headS) {
    if (!this.entry) return;
    const { duration } = this.entry.audio;
    const [from, to] = this.view;
    const about = Math.max(from, Math.min(aboutS, to));
    const seenS = Math.max(Math.min(LEAST_SEEN_S, duration), Math.min((to - from) / factor, duration));
    this.#look(about - ((about - from) / (to - from)) * seenS, seenS);
  }

  zoomOut() {
    if (this.entry) this.#look(0, this.entry.audio.duration);
  }

  /** Where the sound is. When it leaves what is seen, a page is turned. @param {number} s */
  moveHead(s) {
    const hasMoved = s !== this.headS;
    this.headS = s;
    const [from, to] = this.view;
    const isOut = s < from || (s > to && to < (this.entry?.audio.duration ?? 0));
    if (hasMoved && isOut && this.entry) this.#look(s - 0.05 * (to - from), to - from);
    else this.#placeHead();
  }

  /** Marks the part that loops. @param {[number, number] | null} span */
  showSpan(span) {
    this.loop = span;
    const [from, to] = this.view;
    this.span.hidden = !(span && this.entry && span[1] > from && span[0] < to);
    if (this.span.hidden) return;
    const percent = (s) => `${(100 * s) / (to - from)}%`;
    this.span.style.left = percent(span[0] - from);
    this.span.style.width = percent(span[1] - span[0]);
  }

  repaint() {
    if (!this.entry || !this.field.clientWidth) return;
    const { audio, peaks, spectrogram } = this.entry;
    const isCovered = this.detail && this.detail.of[0] <= this.view[0] && this.detail.of[1] >= this.view[1];
    const { of, ...seen } = isCovered ? this.detail : { of: [0, audio.duration], peaks, spectrogram };
    const shown = this.view.map((s) => (s - of[0]) / (of[1] - of[0]));
    const colour = tokenOf(this.root, "--em-wave");
    paintWave(this.wave, seen.peaks, colour, { shown, loudest: loudestOf(peaks) });
    if (seen.spectrogram.data) paintSpectrogram(this.picture, seen.spectrogram, isDarkPage(), shown);
    else fitCanvas(this.picture).clearRect(0, 0, this.picture.width, this.picture.height);
    this.far.hidden = Boolean(seen.spectrogram.data) || this.view[1] - this.view[0] <= MOST_PICTURED_S;
    this.#drawAxes(spectrogram);
  }

  destroy() {
    clearTimeout(this.redraw);
    this.resize.disconnect();
    this.endTheme();
  }

  #drawAxes({ recipe, rateHz }) {
    const height = this.picture.clientHeight;
    const ticks = frequencyTicks(rateHz, height, recipe);
    const isInKilohertz = frequencyAxis(recipe, rateHz).topHz >= 2000;
    this.hertzUnit.textContent = isInKilohertz ? "kHz" : "Hz";
    this.hertz.style.height = `${height}px`;
    this.hertz.replaceChildren(
      ...ticks.map(({ hz, at }) =>
        make("span", { style: { bottom: `${100 * at}%` } }, String(isInKilohertz ? hz / 1000 : hz)),
      ),
    );
    const [from, to] = this.view;
    this.secondsUnit.textContent = to < 120 ? "s" : "min";
    const edge = (at) => (at < 0.02 ? "em-deck-first" : at > 0.98 ? "em-deck-last" : "");
    this.seconds.replaceChildren(
      ...timeTicks(to - from, this.field.clientWidth, from).map(({ at, text }) =>
        make("span", { class: edge(at), style: { left: `${100 * at}%` } }, text),
      ),
    );
  }

  #look(fromS, seenS) {
    const { duration } = this.entry.audio;
    const from = Math.max(0, Math.min(fromS, duration - seenS));
    this.view = [from, Math.min(duration, from + seenS)];
    this.#show();
  }

  /** Paints what there is at once, and the finer picture of the part when it is made. */
  #show() {
    this.ways.classList.toggle("em-deck-zoomed", this.magnification > 1.001);
    this.whole.disabled = this.magnification <= 1.001;
    this.repaint();
    this.showSpan(this.loop);
    this.#placeHead();
    clearTimeout(this.redraw);
    if (this.magnification > 1.001) this.redraw = setTimeout(() => this.#refine(), REDRAW_AFTER_MS);
  }

  #placeHead() {
    const [from, to] = this.view;
    this.head.hidden = !this.entry || this.headS < from || this.headS > to;
    const share = (this.headS - from) / (to - from || 1);
    this.head.style.transform = `translateX(${share * this.field.clientWidth}px)`;
  }

  async #refine() {
    const { entry, view } = this;
    if (!entry) return;
    const { recipe, loudest } = entry.spectrogram;
    const isLong = entry.audio instanceof LongSound;
    if (isLong && view[1] - view[0] > MOST_PICTURED_S) return;
    try {
      const audio = isLong ? await entry.audio.piece(view) : entry.audio;
      const of = view.map((s) => s - (audio.fromS ?? 0));
      const detail = await pictureOf(audio, { recipe, of, loudest });
      if (this.entry !== entry || this.view !== view) return;
      this.detail = { of: view, ...detail };
      // From the first part on, so that nothing is drawn brighter than it was a moment ago.
      if (isLong) entry.spectrogram.loudest ??= detail.spectrogram.loudest;
      this.repaint();
    } catch (error) {
      if (this.entry === entry) this.say(`${error.message}`);
    }
  }

  /** With Ctrl or two fingers the wheel zooms, sideways it moves on; else it scrolls the page. */
  #turn(event) {
    if (!this.entry) return;
    const box = this.field.getBoundingClientRect();
    const [from, to] = this.view;
    if (event.ctrlKey || event.metaKey) {
      const aboutS = from + ((event.clientX - box.left) / box.width) * (to - from);
      this.zoom(2 ** (-event.deltaY / 200), aboutS);
    } else {
      const aside = event.deltaX || (event.shiftKey ? event.deltaY : 0);
      if (!aside || this.magnification <= 1.001) return;
      this.#look(from + (aside / box.width) * (to - from), to - from);
    }
    event.preventDefault();
  }

  #press(event) {
    if (!this.entry || event.button !== 0) return;
    const from = event.clientX;
    const secondsAt = (x) => {
      const box = this.field.getBoundingClientRect();
      return this.view[0] + Math.max(0, Math.min(1, (x - box.left) / box.width)) * (this.view[1] - this.view[0]);
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
