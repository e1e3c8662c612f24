// Sound in the page: one AudioContext, clips decoded at their own rate, and a player.
// Joined after spectrogram.js; assets.py puts sound_engines.js, sound_long.js and sound_cache.js before it.

/**
 * @typedef {{id: number, audio: AudioBuffer | LongSound, peaks: Float32Array, spectrogram: Spectrogram, url: string}} Entry
 * @typedef {boolean | [number, number]} Loop  the whole clip, or from second a to second b
 */

/** What all widgets of the page share. Each has its own copy of this module, so it hangs on the window. */
function pageSound() {
  window.__earmark_sound ??= { context: null, sounding: null };
  return window.__earmark_sound;
}

/** The page's one AudioContext: browsers allow few, and each costs a thread. @returns {AudioContext} */
function sharedContext() {
  const page = pageSound();
  if (!page.context || page.context.state === "closed") {
    page.context = new AudioContext({ latencyHint: "interactive" });
  }
  return page.context;
}

/**
 * Decodes at the clip's own rate: an ordinary context would resample, and the frequency axis would lie.
 * Takes the bytes over (the buffer is empty afterwards).
 * @param {ArrayBuffer} arrayBuffer  @param {number} rateHz  @returns {Promise<AudioBuffer>}
 */
function decodeClip(arrayBuffer, rateHz) {
  return offlineContext(rateHz).decodeAudioData(arrayBuffer);
}

function offlineContext(rateHz) {
  try {
    return new OfflineAudioContext(1, 1, rateHz);
  } catch {
    // Every browser must offer 8 to 96 kHz; outside of that some refuse.
    return new OfflineAudioContext(1, 1, Math.min(Math.max(rateHz, 8000), 96000));
  }
}

/**
 * Plays one clip. At speed 1 sound starts within a frame by WebAudio; at any other speed an <audio> element
 * plays, because it keeps the pitch. Starting one player pauses any other on the page.
 */
class Player {
  constructor() {
    /** @type {(() => void) | null} called when the clip has played to its end */
    this.onended = null;
    this.entry = null;
    this.playing = false;
    this.speed = 1;
    /** @type {Loop} */
    this.loop = false;
    this.position = 0;
    this.nPlays = 0;
    this.heardS = 0;
    /** Which parts of the loaded clip sounded, in seconds. @type {[number, number][]} */
    this.spans = [];
    this.output = new PlayerOutput();
    const ended = () => this.#ended();
    this.engines = {
      buffer: new BufferEngine(this.output, ended),
      element: new ElementEngine(this.output, ended),
      parts: new PartsEngine(this.output, ended),
    };
    this.engine = this.engines.buffer;
  }

  /** @param {Entry} entry */
  load(entry) {
    this.stop();
    this.entry = entry;
    this.nPlays = 0;
    this.heardS = 0;
    this.spans = [];
  }

  get duration() {
    return this.entry ? this.entry.audio.duration : 0;
  }

  /** Seconds from the clip's start. */
  get time() {
    return this.playing ? Math.min(this.engine.time, this.duration) : this.position;
  }

  /** How often and how many seconds the loaded clip has been heard, and which share of it sounded at least once. */
  get heard() {
    const heardS = this.heardS + (this.playing ? this.engine.heardS : 0);
    const spans = this.playing ? [...this.spans, ...spansHeard(this.engine)] : this.spans;
    const share = this.duration ? Math.min(1, unionLength(spans) / this.duration) : 0;
    const inThousandths = (value) => Math.round(value * 1000) / 1000;
    return {
      n_plays: heardS > 0 ? this.nPlays : 0,
      heard_s: inThousandths(heardS),
      share: inThousandths(share),
    };
  }

  /** How many channels the loaded clip has. */
  get nChannels() {
    return this.entry?.audio.numberOfChannels ?? 1;
  }

  /** Starts at `from` seconds, else where it paused. @param {number} [from] */
  play(from) {
    if (!this.entry) return;
    const page = pageSound();
    if (page.sounding && page.sounding !== this) page.sounding.pause();
    page.sounding = this;
    this.#halt();
    if (from !== undefined) this.position = from;
    if (this.position >= this.duration - 0.005) this.position = 0;
    this.nPlays += 1;
    this.#start();
  }

  pause() {
    this.position = this.time;
    this.#halt();
  }

  stop() {
    this.#halt();
    this.position = 0;
  }

  /** @param {number} s */
  seek(s) {
    this.#restart(() => {
      this.position = Math.max(0, Math.min(s, this.duration));
    });
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.#restart(() => {
      this.speed = speed;
    });
  }

  /** @param {Loop} loop */
  setLoop(loop) {
    this.#restart(() => {
      this.loop = loop;
    });
  }

  /** Louder or softer, for this person's ears only. @param {number} gainDb */
  setGain(gainDb) {
    this.output.setGain(gainDb);
  }

  /** One channel in both ears, or null for all. @param {number | null} channel */
  setChannel(channel) {
    this.#restart(() => {
      this.output.channel = channel;
    });
  }

  destroy() {
    this.stop();
    this.engines.element.destroy();
    this.engines.parts.destroy();
    if (pageSound().sounding === this) pageSound().sounding = null;
  }

  #restart(change) {
    const wasPlaying = this.playing;
    if (wasPlaying) this.pause();
    change();
    if (wasPlaying) this.#start();
  }

  #start() {
    const span = this.loop === true ? [0, this.duration] : this.loop || null;
    if (span && (this.position < span[0] || this.position >= span[1])) this.position = span[0];
    const isLong = this.entry.audio instanceof LongSound;
    this.engine = this.engines[isLong ? "parts" : this.speed === 1 ? "buffer" : "element"];
    this.engine.start(this.entry, this.position, { speed: this.speed, span });
    this.playing = true;
  }

  #halt() {
    if (!this.playing) return;
    this.spans.push(...spansHeard(this.engine));
    this.heardS += this.engine.heardS;
    this.engine.halt();
    this.playing = false;
  }

  #ended() {
    this.spans.push([this.engine.from, this.duration]);
    this.position = this.duration;
    this.#halt();
    if (this.onended) this.onended();
  }
}
