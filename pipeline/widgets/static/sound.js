// Sound in the page: one AudioContext, clips decoded at their own rate, a player, and a cache that runs ahead.
// Joined after spectrogram.js.

/**
 * @typedef {{id: number, audio: AudioBuffer, peaks: Float32Array, spectrogram: Spectrogram, url: string}} Entry
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
    const ended = () => this.#ended();
    this.engines = { buffer: new BufferEngine(ended), element: new ElementEngine(ended) };
    this.engine = this.engines.buffer;
  }

  /** @param {Entry} entry */
  load(entry) {
    this.stop();
    this.entry = entry;
    this.nPlays = 0;
    this.heardS = 0;
  }

  get duration() {
    return this.entry ? this.entry.audio.duration : 0;
  }

  /** Seconds from the clip's start. */
  get time() {
    return this.playing ? Math.min(this.engine.time, this.duration) : this.position;
  }

  /** How often and how many seconds the loaded clip has been heard. */
  get heard() {
    const heardS = this.heardS + (this.playing ? this.engine.heardS : 0);
    return { n_plays: heardS > 0 ? this.nPlays : 0, heard_s: Math.round(heardS * 1000) / 1000 };
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

  destroy() {
    this.stop();
    this.engines.element.destroy();
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
    this.engine = this.speed === 1 ? this.engines.buffer : this.engines.element;
    this.engine.start(this.entry, this.position, { speed: this.speed, span });
    this.playing = true;
  }

  #halt() {
    if (!this.playing) return;
    this.heardS += this.engine.heardS;
    this.engine.halt();
    this.playing = false;
  }

  #ended() {
    this.position = this.duration;
    this.#halt();
    if (this.onended) this.onended();
  }
}

/** Sound from decoded samples, at speed 1. */
class BufferEngine {
  /** @param {() => void} ended */
  constructor(ended) {
    this.ended = ended;
    this.source = null;
  }

  start(entry, from, { span }) {
    const context = sharedContext();
    if (context.state !== "running") context.resume();
    const source = context.createBufferSource();
    source.buffer = entry.audio;
    if (span) [source.loop, source.loopStart, source.loopEnd] = [true, span[0], span[1]];
    source.connect(context.destination);
    source.onended = () => {
      if (this.source === source) this.ended();
    };
    source.start(0, from);
    Object.assign(this, { source, from, span, duration: entry.audio.duration, startedAt: context.currentTime });
  }

  get time() {
    const at = this.from + sharedContext().currentTime - this.startedAt;
    return this.span ? wrapped(at, this.span) : at;
  }

  get heardS() {
    const elapsed = sharedContext().currentTime - this.startedAt;
    return Math.max(0, this.span ? elapsed : Math.min(elapsed, this.duration - this.from));
  }

  halt() {
    const source = this.source;
    this.source = null;
    source.stop();
    source.disconnect();
  }
}

/** Sound from an <audio> element, which keeps the pitch when the speed changes. */
class ElementEngine {
  /** @param {() => void} ended */
  constructor(ended) {
    this.audio = new Audio();
    this.audio.preservesPitch = true;
    this.audio.onended = () => (this.span ? this.#again() : ended());
    this.audio.onplaying = () => {
      this.startedAt ??= performance.now();
    };
    this.url = null;
  }

  start(entry, from, { speed, span }) {
    if (this.url !== entry.url) {
      this.url = entry.url;
      this.audio.src = entry.url;
    }
    Object.assign(this, { from, span, speed, duration: entry.audio.duration, startedAt: null });
    this.audio.currentTime = from;
    this.audio.playbackRate = speed;
    // Refused before the first key or click (the page says so), or cut short by a pause: neither is an error.
    this.audio.play().catch(() => {});
    if (span) this.timer = setInterval(() => this.audio.currentTime >= span[1] && this.#again(), 15);
  }

  get time() {
    return this.audio.currentTime;
  }

  get heardS() {
    if (this.startedAt == null) return 0;
    const elapsed = ((performance.now() - this.startedAt) / 1000) * this.speed;
    return this.span ? elapsed : Math.min(elapsed, this.duration - this.from);
  }

  halt() {
    clearInterval(this.timer);
    this.audio.pause();
  }

  destroy() {
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  #again() {
    this.audio.currentTime = this.span[0];
    this.audio.play().catch(() => {});
  }
}

function wrapped(at, [start, stop]) {
  return at < stop ? at : start + ((at - start) % (stop - start));
}

const ASK_AGAIN_AFTER_MS = 4000;

/**
 * Clips fetched from the kernel, decoded and pictured ahead of need; the least recently used go first.
 * The widget hands every message of its kernel to `receive`.
 */
class ClipCache {
  /** @param {{send: (message: object) => void}} model  @param {{max?: number}} [options] */
  constructor(model, { max = 24 } = {}) {
    this.model = model;
    this.max = max;
    /** @type {Map<number, Entry>} */
    this.entries = new Map();
    this.waiting = new Map();
    this.timer = setInterval(() => this.#askAgain(), ASK_AGAIN_AFTER_MS / 2);
  }

  /** Whether the clip can sound at once. @param {number} id */
  has(id) {
    return this.entries.has(id);
  }

  /** Asks the kernel for the clips that are neither here nor on their way. @param {number[]} ids */
  request(ids) {
    const missing = ids.filter((id) => !this.entries.has(id) && !this.waiting.has(id));
    if (!missing.length) return;
    for (const id of missing) {
      let settle;
      const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
      promise.catch(() => {}); // nobody may be waiting for a clip fetched ahead
      const asked = { isHere: false, askedAt: performance.now(), patienceMs: ASK_AGAIN_AFTER_MS };
      this.waiting.set(id, { promise, ...settle, ...asked });
    }
    this.#send(missing);
  }

  /** The clip, once it is ready. Rejects with the kernel's sentence if it is missing. @param {number} id */
  get(id) {
    const entry = this.entries.get(id);
    if (entry) {
      this.entries.delete(id);
      this.entries.set(id, entry);
      return Promise.resolve(entry);
    }
    this.request([id]);
    return this.waiting.get(id).promise;
  }

  /** @param {{type: string, id: number, [key: string]: any}} message  @param {DataView[]} [buffers] */
  async receive(message, buffers) {
    const wait = this.waiting.get(message.id);
    if (!wait || wait.isHere) return;
    if (message.type === "missing") {
      this.waiting.delete(message.id);
      wait.reject(new Error(message.message));
    } else if (message.type === "clip") {
      wait.isHere = true;
      try {
        const entry = await this.#prepare(message, buffers[0]);
        this.#keep(entry);
        wait.resolve(entry);
      } catch (error) {
        wait.reject(new Error(`this browser cannot decode the clip (${error.message})`));
      }
      this.waiting.delete(message.id);
    }
  }

  destroy() {
    clearInterval(this.timer);
    for (const entry of this.entries.values()) URL.revokeObjectURL(entry.url);
    this.entries.clear();
    this.waiting.clear();
  }

  async #prepare({ id, mime, rate_hz: rateHz }, view) {
    // Buffers of a message are views of the whole websocket frame: copy the clip's own bytes out.
    const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
    const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
    try {
      const audio = await decodeClip(bytes, rateHz);
      return { id, audio, url, ...(await pictureOf(audio)) };
    } catch (error) {
      URL.revokeObjectURL(url);
      throw error;
    }
  }

  #keep(entry) {
    this.entries.set(entry.id, entry);
    while (this.entries.size > this.max) {
      const [id, oldest] = this.entries.entries().next().value;
      URL.revokeObjectURL(oldest.url);
      this.entries.delete(id);
    }
  }

  /** A request lost with a dead connection is sent again, with growing patience. */
  #askAgain() {
    const now = performance.now();
    const late = [...this.waiting].filter(([, wait]) => !wait.isHere && now - wait.askedAt > wait.patienceMs);
    for (const [, wait] of late) {
      wait.askedAt = now;
      wait.patienceMs = Math.min(wait.patienceMs * 2, 30000);
    }
    if (late.length) this.#send(late.map(([id]) => id));
  }

  #send(ids) {
    try {
      this.model.send({ type: "fetch", ids });
    } catch {
      // The connection is gone; #askAgain tries once more.
    }
  }
}
