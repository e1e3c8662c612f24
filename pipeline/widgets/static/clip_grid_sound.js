// Sound of the grid: a stretch of one clip at a time, and the memory of what of each clip was heard. Joined after
// sound.js.

const STRETCH_FADE_S = 0.006;
const LEVEL_STEP_S = 0.01;
const HEARD_AT_LEAST_S = 0.2;

/**
 * What tasting plays of a clip: all of it if it is not much longer than the moment, else its loudest moment.
 * @param {AudioBuffer} audio  @param {number} momentS  @returns {[number, number]} from second a to second b
 */
function momentOf(audio, momentS) {
  if (audio.duration <= 1.5 * momentS) return [0, audio.duration];
  const step = Math.max(1, Math.round(audio.sampleRate * LEVEL_STEP_S));
  const n = Math.ceil(audio.length / step);
  const energy = new Float64Array(n + 1); // of all steps before this one
  const channels = Array.from({ length: audio.numberOfChannels }, (_, c) => audio.getChannelData(c));
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (const samples of channels)
      for (let j = i * step; j < Math.min(audio.length, (i + 1) * step); j++) sum += samples[j] ** 2;
    energy[i + 1] = energy[i] + sum;
  }
  const width = Math.round(momentS / LEVEL_STEP_S);
  let best = 0;
  for (let i = 1; i + width <= n; i++)
    if (energy[i + width] - energy[i] > energy[best + width] - energy[best]) best = i;
  const from = (best * step) / audio.sampleRate;
  return [from, Math.min(audio.duration, from + momentS)];
}

/** What of each clip sounded: how often, how long, and which share of it at least once. */
class Listening {
  constructor() {
    /** @type {Map<number, {nPlays: number, heardS: number, spans: [number, number][], durationS: number}>} */
    this.clips = new Map();
  }

  /** @param {number} id  @param {[number, number]} span  what sounded, in seconds of the clip */
  add(id, [from, to], durationS) {
    if (to - from < 0.001) return;
    const clip = this.clips.get(id) ?? { nPlays: 0, heardS: 0, spans: [], durationS };
    clip.nPlays += 1;
    clip.heardS += to - from;
    clip.spans.push([from, to]);
    this.clips.set(id, clip);
  }

  /** Whether so much of it sounded that a person can have heard what it is. */
  isHeard(id) {
    const clip = this.clips.get(id);
    return Boolean(clip) && clip.heardS >= Math.min(HEARD_AT_LEAST_S, clip.durationS / 2);
  }

  /** As an annotation keeps it. @param {number} id  @param {number} responseMs */
  of(id, responseMs) {
    const clip = this.clips.get(id) ?? { nPlays: 0, heardS: 0, spans: [], durationS: 1 };
    const rounded = (value) => Math.round(value * 1000) / 1000;
    return {
      n_plays: clip.nPlays,
      heard_s: rounded(clip.heardS),
      share: rounded(Math.min(1, unionLength(clip.spans) / clip.durationS)),
      response_ms: Math.round(responseMs),
      speed: 1,
    };
  }
}

/**
 * Plays a stretch of a clip, without a click at either end. Shares the page with Player: who starts pauses the other.
 * `onheard(entry, span)` tells what really sounded, `onended` that a stretch came to its end, `onchange` that sound
 * began or stopped, whoever stopped it.
 */
class StretchPlayer {
  /** @param {{onheard: Function, onended: Function, onchange: Function}} listeners */
  constructor({ onheard, onended, onchange }) {
    Object.assign(this, { onheard, onended, onchange });
    this.entry = null;
    this.playing = false;
    this.position = 0;
    this.until = 0;
  }

  /** Seconds from the clip's start. */
  get time() {
    if (!this.playing) return this.position;
    return Math.min(this.until, this.position + Math.max(0, sharedContext().currentTime - this.startedAt));
  }

  /** @param {Entry} entry  @param {[number, number]} span */
  play(entry, [from, to]) {
    const page = pageSound();
    if (page.sounding && page.sounding !== this) page.sounding.pause();
    page.sounding = this;
    this.#halt();
    Object.assign(this, { entry, position: from, until: to });
    this.#start();
    this.onchange();
  }

  pause() {
    if (!this.playing) return;
    this.#halt();
    this.onchange();
  }

  /** Goes on where it was paused. @returns {boolean} whether something was left to play */
  resume() {
    if (this.playing || !this.entry || this.until - this.position < 0.02) return false;
    this.play(this.entry, [this.position, this.until]);
    return true;
  }

  stop() {
    this.pause();
    this.entry = null;
    this.position = this.until = 0;
  }

  destroy() {
    this.stop();
    if (pageSound().sounding === this) pageSound().sounding = null;
  }

  #start() {
    const context = sharedContext();
    if (context.state !== "running") context.resume();
    const gain = new GainNode(context, { gain: this.position > 0 ? 0 : 1 });
    const source = new AudioBufferSourceNode(context, { buffer: this.entry.audio });
    const now = context.currentTime;
    const end = now + this.until - this.position;
    gain.gain.linearRampToValueAtTime(1, now + STRETCH_FADE_S);
    if (this.until < this.entry.audio.duration) {
      gain.gain.setValueAtTime(1, Math.max(now + STRETCH_FADE_S, end - STRETCH_FADE_S));
      gain.gain.linearRampToValueAtTime(0, end);
    }
    source.connect(gain).connect(context.destination);
    source.onended = () => {
      if (this.source !== source) return;
      this.#halt(this.until);
      this.onchange();
      this.onended();
    };
    source.start(0, this.position, this.until - this.position);
    Object.assign(this, { source, gain, startedAt: now, playing: true });
  }

  /** @param {number} [at]  where it is, where that is known better than by the clock */
  #halt(at = this.time) {
    if (!this.playing) return;
    const { source, gain } = this;
    const now = sharedContext().currentTime;
    const from = this.position;
    this.playing = false;
    this.source = null;
    this.position = at;
    gain.gain.cancelScheduledValues(now);
    gain.gain.setTargetAtTime(0, now, STRETCH_FADE_S / 3);
    source.stop(now + STRETCH_FADE_S);
    this.onheard(this.entry, [from, at]);
  }
}

/** For how long each clip of a batch was the one attended to. */
class Attention {
  /** A batch comes on screen. */
  begin() {
    this.beganMs = performance.now();
    this.spentMs = new Map();
    this.turnTo(null);
  }

  /** @param {number | null} id */
  turnTo(id) {
    const now = performance.now();
    if (this.id != null) this.spentMs.set(this.id, (this.spentMs.get(this.id) ?? 0) + now - this.sinceMs);
    Object.assign(this, { id, sinceMs: now });
  }

  /**
   * The batch is settled. What was spent on none of these clips each takes an equal share of, so that together they
   * took as long as the person did.
   * @param {number[]} ids  @returns {(id: number) => number} milliseconds
   */
  end(ids) {
    this.turnTo(null);
    const own = (id) => this.spentMs.get(id) ?? 0;
    const left = performance.now() - this.beganMs - ids.reduce((sum, id) => sum + own(id), 0);
    return (id) => own(id) + Math.max(0, left) / Math.max(1, ids.length);
  }
}
