// The query's spectrogram, on which a region is drawn by mouse or keyboard. Joined after dom.js and spectrogram.js.

/**
 * @typedef {{t0: number, t1: number, f0: number, f1: number}} Box  shares of the picture, from its left and its foot
 * @typedef {{start_s: number?, stop_s: number?, low_hz: number?, high_hz: number?}} Region  null: the end of the sound
 */

const REGION_DRAG_PX = 5;
const REGION_STEP = 0.02;
const REGION_LEAST = 0.01;
/** So near an edge of the picture the edge itself is meant. */
const REGION_SNAP = 0.015;

class QueryStage {
  /** @param {{onRegion: (isReady: boolean) => void, onSeek: (s: number) => void, onKey: (key: string) => boolean}} listeners */
  constructor({ onRegion, onSeek, onKey }) {
    Object.assign(this, { onRegion, onSeek, onKey });
    /** @type {Entry | null} */
    this.entry = null;
    /** @type {Box | null} */
    this.box = null;
    this.picture = make("canvas", { class: "em-query-picture", "aria-hidden": "true" });
    this.frame = make("div", { class: "em-query-frame", hidden: true });
    this.head = make("i", { class: "em-playhead" });
    this.note = make("p", { class: "em-query-note" });
    this.field = make("div", {
      class: "em-query-field",
      tabIndex: 0,
      role: "application",
      "aria-roledescription": "spectrogram",
      "aria-label":
        "Spectrogram of what is searched by. Arrow keys move a region, with Shift they change its size, " +
        "Enter searches by it, Escape takes it away, Space plays.",
      onpointerdown: (event) => this.#press(event),
      onkeydown: (event) => this.#key(event),
    });
    this.field.append(this.picture, this.frame, this.head, this.note);
    this.hertz = make("div", { class: "em-query-hertz", "aria-hidden": "true" });
    this.seconds = make("div", { class: "em-query-seconds", "aria-hidden": "true" });
    this.root = make(
      "div",
      { class: "em-query-stage" },
      make("div", { class: "em-query-unit em-query-unit-hertz", "aria-hidden": "true" }, "kHz"),
      this.hertz,
      this.field,
      this.seconds,
      make("div", { class: "em-query-unit em-query-unit-seconds", "aria-hidden": "true" }, "s"),
    );
    this.resize = new ResizeObserver(() => this.repaint());
    this.resize.observe(this.field);
    this.endTheme = watchTheme(() => this.repaint());
  }

  /** @param {Entry | null} entry  @param {string} [note] what to read where there is nothing to see */
  show(entry, note = "") {
    this.entry = entry;
    this.note.textContent = note;
    this.root.classList.toggle("em-query-is-empty", !entry);
    this.setBox(null);
    this.repaint();
  }

  /** What is drawn, null if nothing is. @returns {Region | null} */
  get region() {
    if (!this.box || !this.entry) return null;
    const { t0, t1, f0, f1 } = this.box;
    const duration = this.entry.audio.duration;
    const rounded = (value, digits) => Math.round(value * 10 ** digits) / 10 ** digits;
    return {
      start_s: t0 <= 0 ? null : rounded(t0 * duration, 3),
      stop_s: t1 >= 1 ? null : rounded(t1 * duration, 3),
      low_hz: f0 <= 0 ? null : rounded(this.#hzAt(f0), 0),
      high_hz: f1 >= 1 ? null : rounded(this.#hzAt(f1), 0),
    };
  }

  /** The region for who does not see it. @returns {string} */
  get words() {
    const region = this.region;
    if (!region) return "No region.";
    const hertz = `${region.low_hz ?? 0} to ${region.high_hz ?? this.entry.audio.sampleRate / 2} Hz`;
    return `Region from ${region.start_s ?? 0} to ${region.stop_s ?? this.entry.audio.duration.toFixed(3)} s, ${hertz}.`;
  }

  /** Shows a region that was typed. @param {Region} region */
  set region({ start_s: start, stop_s: stop, low_hz: low, high_hz: high }) {
    if (!this.entry) return;
    const duration = this.entry.audio.duration;
    const [t0, t1] = [start === null ? 0 : start / duration, stop === null ? 1 : stop / duration].map(shareOfOne);
    const [f0, f1] = [low === null ? 0 : this.#shareOf(low), high === null ? 1 : this.#shareOf(high)].map(shareOfOne);
    const isWhole = t0 <= 0 && t1 >= 1 && f0 <= 0 && f1 >= 1;
    this.setBox(isWhole || t1 <= t0 || f1 <= f0 ? null : { t0, t1, f0, f1 });
  }

  /** @param {Box | null} box */
  setBox(box) {
    this.box = box;
    this.frame.hidden = !box;
    if (!box) return;
    const percent = (share) => `${100 * share}%`;
    Object.assign(this.frame.style, {
      left: percent(box.t0),
      width: percent(box.t1 - box.t0),
      bottom: percent(box.f0),
      height: percent(box.f1 - box.f0),
    });
  }

  /** @param {number | null} s */
  moveHead(s) {
    this.field.classList.toggle("em-sounding", s !== null && Boolean(this.entry));
    if (s !== null && this.entry)
      this.head.style.transform = `translateX(${(s / this.entry.audio.duration) * this.field.clientWidth}px)`;
  }

  repaint() {
    const isSeen = this.entry && this.field.clientWidth;
    this.hertz.replaceChildren();
    this.seconds.replaceChildren();
    if (!isSeen) return;
    const { audio, spectrogram } = this.entry;
    paintSpectrogram(this.picture, spectrogram, isDarkPage());
    for (const { hz, at } of frequencyTicks(audio.sampleRate, this.field.clientHeight))
      this.hertz.append(make("span", { style: { bottom: `${100 * at}%` } }, String(hz / 1000)));
    for (const { at, text } of timeTicks(audio.duration, this.field.clientWidth))
      this.seconds.append(make("span", { style: { left: `${100 * at}%` } }, text));
  }

  destroy() {
    this.resize.disconnect();
    this.endTheme();
  }

  /** The axis is the picture's own: mel, after O'Shaughnessy. */
  #hzAt(share) {
    return 700 * ((1 + this.entry.audio.sampleRate / 2 / 700) ** share - 1);
  }

  #shareOf(hz) {
    return Math.log1p(hz / 700) / Math.log1p(this.entry.audio.sampleRate / 2 / 700);
  }

  #press(event) {
    if (!this.entry || event.button !== 0) return;
    const at = ({ clientX, clientY }) => {
      const field = this.field.getBoundingClientRect();
      return [shareOfOne((clientX - field.left) / field.width), shareOfOne((field.bottom - clientY) / field.height)];
    };
    const [time, pitch] = at(event);
    const isDrag = (moved) =>
      Math.max(Math.abs(moved.clientX - event.clientX), Math.abs(moved.clientY - event.clientY)) > REGION_DRAG_PX;
    const draw = (moved) => {
      const [toTime, toPitch] = at(moved);
      const [t0, t1] = [time, toTime].sort((a, b) => a - b);
      const [f0, f1] = [pitch, toPitch].sort((a, b) => a - b);
      this.setBox(snapped({ t0, t1, f0, f1 }));
    };
    const move = (moved) => {
      if (!isDrag(moved) || !this.entry) return;
      draw(moved);
      this.onRegion(false);
    };
    const release = (released) => {
      this.field.removeEventListener("pointermove", move);
      this.field.removeEventListener("pointercancel", release);
      this.field.removeEventListener("pointerup", release);
      if (!this.entry || released.type === "pointercancel") return;
      if (isDrag(released)) {
        draw(released);
        this.onRegion(true);
      } else this.onSeek(time * this.entry.audio.duration);
    };
    this.field.setPointerCapture(event.pointerId);
    this.field.addEventListener("pointermove", move);
    this.field.addEventListener("pointerup", release);
    this.field.addEventListener("pointercancel", release);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
    if (steps && this.entry) {
      this.setBox(steps && moved(this.box, steps, event.shiftKey));
      this.onRegion(false);
    } else if (!this.onKey(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }
}

const shareOfOne = (value) => Math.max(0, Math.min(1, value));

/** @param {Box} box  @returns {Box} */
function snapped({ t0, t1, f0, f1 }) {
  const start = (share) => (share < REGION_SNAP ? 0 : share);
  const stop = (share) => (share > 1 - REGION_SNAP ? 1 : share);
  return {
    t0: start(t0),
    t1: stop(Math.max(t1, t0 + REGION_LEAST)),
    f0: start(f0),
    f1: stop(Math.max(f1, f0 + REGION_LEAST)),
  };
}

/** The box one key further; the first key draws one in the middle. @param {Box | null} box  @returns {Box} */
function moved(box, [right, up], isResize) {
  if (!box) return { t0: 0.25, t1: 0.75, f0: 0.25, f1: 0.75 };
  const [dt, df] = [right * REGION_STEP, up * REGION_STEP];
  if (isResize)
    return {
      ...box,
      t1: Math.min(1, Math.max(box.t0 + REGION_LEAST, box.t1 + dt)),
      f1: Math.min(1, Math.max(box.f0 + REGION_LEAST, box.f1 + df)),
    };
  const shift = (by, low, high) => Math.max(-low, Math.min(1 - high, by));
  const [t, f] = [shift(dt, box.t0, box.t1), shift(df, box.f0, box.f1)];
  return { t0: box.t0 + t, t1: box.t1 + t, f0: box.f0 + f, f1: box.f1 + f };
}
