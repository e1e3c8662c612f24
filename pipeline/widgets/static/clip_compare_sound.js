// Two clips sounding on one clock, so that the ear goes from one to the other without a gap.
// Joined after sound.js.

/** How loud each side of a pair is, and where between left (-1) and right (1). */
const PAIR_MIXES = {
  a: { levels: [1, 0], pans: [0, 0] },
  b: { levels: [0, 1], pans: [0, 0] },
  both: { levels: [0.5, 0.5], pans: [0, 0] },
  apart: { levels: [1, 1], pans: [-1, 1] },
};
const PAIR_FADE_S = 0.006;

/**
 * Plays the representative (A) and a member (B) together and lets one, the other or both be heard. A place is counted
 * in seconds of A; B's own second is that plus its lag. Shares the page with Player: who starts pauses the other.
 */
class PairPlayer {
  constructor() {
    /** @type {(() => void) | null} called when what is heard has played to its end */
    this.onended = null;
    /** @type {{entry: Entry | null, lag_s: number}[]} */
    this.sides = [];
    this.mode = "a";
    this.playing = false;
    this.position = 0;
    this.nStarts = 0;
  }

  /** The clip that is heard; A's while both are. */
  get entry() {
    return (this.sides[this.mode === "b" ? 1 : 0] ?? this.sides[0])?.entry ?? null;
  }

  /** Seconds from the start of `entry`. */
  get time() {
    return this.timeOf(this.entry?.id) ?? 0;
  }

  get duration() {
    return this.entry?.audio.duration ?? 0;
  }

  get place() {
    return this.playing ? this.from + Math.max(0, sharedContext().currentTime - this.startedAt) : this.position;
  }

  /** Ids of the clips that are to be heard. */
  get heardIds() {
    return this.#audible().map((side) => side.entry.id);
  }

  /** How loud each clip is at this moment, by its id: what the sound card gets, not what was asked for. */
  get levels() {
    const sounding = this.sides.filter((side) => this.playing && side.source && !side.isOver);
    return Object.fromEntries(sounding.map((side) => [side.entry.id, side.gain.gain.value]));
  }

  timeOf(id) {
    const side = this.sides.find((one) => one.entry?.id === id);
    return side ? Math.min(Math.max(0, this.place + side.lag_s), side.entry.audio.duration) : null;
  }

  /** Whether these two clips are the pair that plays. */
  isPair(ids) {
    return ids.every((id, index) => this.sides[index]?.entry?.id === id);
  }

  /** Starts the pair at a place; before the first sound of what is to be heard, there. */
  play(sides, mode, place) {
    const page = pageSound();
    if (page.sounding && page.sounding !== this) page.sounding.pause();
    page.sounding = this;
    this.#halt();
    this.sides = sides.map((side) => ({ ...side }));
    this.mode = mode;
    this.position = this.#fitting(place);
    this.#start();
  }

  /** Lets another side be heard from here on, without a gap. */
  hear(mode) {
    this.mode = mode;
    if (!this.playing) return;
    if (!this.#audible().some((side) => this.#isLive(side))) {
      this.position = this.#fitting(this.place);
      this.#halt();
      this.#start();
    } else this.#mix(sharedContext().currentTime);
  }

  pause() {
    this.position = this.place;
    this.#halt();
  }

  stop() {
    this.#halt();
    this.position = 0;
    this.sides = [];
  }

  destroy() {
    this.stop();
    if (pageSound().sounding === this) pageSound().sounding = null;
  }

  #audible() {
    return this.sides.filter((side, index) => side.entry && PAIR_MIXES[this.mode].levels[index] > 0);
  }

  #isLive(side) {
    const own = this.place + side.lag_s;
    return Boolean(side.source) && !side.isOver && own >= 0 && own < side.entry.audio.duration;
  }

  /** The place, or where all that is to be heard has begun; the beginning again where all of it is over. */
  #fitting(place) {
    const audible = this.#audible();
    const first = Math.max(...audible.map((side) => -side.lag_s));
    const last = Math.max(...audible.map((side) => side.entry.audio.duration - side.lag_s));
    if (!audible.length) return 0;
    return place >= last - 0.02 ? Math.max(0, first) : Math.max(place, first);
  }

  #start() {
    const context = sharedContext();
    if (context.state !== "running") context.resume();
    const now = context.currentTime;
    Object.assign(this, { startedAt: now, from: this.position, playing: true });
    this.nStarts += 1;
    for (const side of this.sides) this.#startSide(side, now);
    this.#mix(now, 0);
  }

  #startSide(side, now) {
    Object.assign(side, { source: null, isOver: false });
    const own = this.position + side.lag_s;
    if (!side.entry || own >= side.entry.audio.duration) return;
    const context = sharedContext();
    side.gain = new GainNode(context, { gain: 0 });
    side.pan = new StereoPannerNode(context);
    const source = new AudioBufferSourceNode(context, { buffer: side.entry.audio });
    source.connect(side.gain).connect(side.pan).connect(context.destination);
    source.onended = () => {
      side.isOver = true;
      if (side.source === source && this.playing && this.#audible().every((one) => !one.source || one.isOver))
        this.#end();
    };
    source.start(now + Math.max(0, -own), Math.max(0, own));
    side.source = source;
  }

  /** Ramps to the levels of the mode: a step would click. */
  #mix(now, fade = PAIR_FADE_S) {
    const { levels, pans } = PAIR_MIXES[this.mode];
    this.sides.forEach((side, index) => {
      if (!side.source) return;
      const gain = side.gain.gain;
      const isAtStart = fade === 0 && this.from + side.lag_s <= 0;
      gain.cancelScheduledValues(now);
      gain.setValueAtTime(fade ? gain.value : isAtStart ? levels[index] : 0, now);
      gain.linearRampToValueAtTime(levels[index], now + PAIR_FADE_S);
      side.pan.pan.setValueAtTime(pans[index], now);
    });
  }

  #halt() {
    if (!this.playing) return;
    this.playing = false;
    const now = sharedContext().currentTime;
    for (const side of this.sides) {
      if (!side.source) continue;
      side.source.onended = null;
      side.gain.gain.cancelScheduledValues(now);
      side.gain.gain.setValueAtTime(side.gain.gain.value, now);
      side.gain.gain.linearRampToValueAtTime(0, now + PAIR_FADE_S);
      side.source.stop(now + PAIR_FADE_S);
      side.source = null;
    }
  }

  #end() {
    this.position = this.place;
    this.#halt();
    if (this.onended) this.onended();
  }
}
