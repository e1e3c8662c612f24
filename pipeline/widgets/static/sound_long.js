// A long clip: its outline is here at once, its sound comes in parts. Joined before sound.js (assets.py sees to it).

const MOST_PARTS = 8;
const MOST_PICTURED_S = 60;
const ASK_PART_AGAIN_MS = 5000;

/** Stands where a short clip has its AudioBuffer, and fetches what is needed of it. */
class LongSound {
  /** @param {{rate_hz: number, n_channels: number, duration_s: number, part_s: number}} facts  @param {(part: number) => void} ask */
  constructor(facts, ask) {
    this.sampleRate = facts.rate_hz;
    this.numberOfChannels = facts.n_channels;
    this.duration = facts.duration_s;
    this.partS = facts.part_s;
    this.ask = ask;
    /** @type {Map<number, {promise: Promise<{audio: AudioBuffer, url: string}>, settle: object, url?: string}>} */
    this.parts = new Map();
  }

  /** The part of this number, once it is here. */
  part(number) {
    const known = this.parts.get(number);
    if (known) {
      this.parts.delete(number);
      this.parts.set(number, known);
      return known.promise;
    }
    let settle;
    const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
    promise.catch(() => {});
    // What is lost with a dead connection is asked for again.
    const timer = setInterval(() => this.ask(number), ASK_PART_AGAIN_MS);
    this.parts.set(number, { promise, settle, timer });
    this.ask(number);
    while (this.parts.size > MOST_PARTS) this.#drop(this.parts.keys().next().value);
    return promise;
  }

  /** @param {{part: number, mime: string, rate_hz: number, type: string, message?: string}} message  @param {DataView} view */
  async receive(message, view) {
    const part = this.parts.get(message.part);
    if (!part || part.isHere) return;
    part.isHere = true;
    clearInterval(part.timer);
    try {
      if (message.type === "missing") throw new Error(message.message);
      const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
      part.url = URL.createObjectURL(new Blob([bytes], { type: message.mime }));
      part.settle.resolve({ audio: await decodeClip(bytes, message.rate_hz), url: part.url });
    } catch (error) {
      this.#drop(message.part);
      part.settle.reject(error);
    }
  }

  /** Sound from second to second as one piece that begins at its `fromS`. @param {[number, number]} span */
  async piece([fromS, toS]) {
    const first = Math.max(0, Math.floor(fromS / this.partS));
    const last = Math.min(Math.ceil(this.duration / this.partS), Math.ceil(toS / this.partS)) - 1;
    const numbers = Array.from({ length: Math.max(1, last - first + 1) }, (_, i) => first + i);
    const parts = await Promise.all(numbers.map((number) => this.part(number)));
    const length = parts.reduce((sum, { audio }) => sum + audio.length, 0);
    const channels = Array.from({ length: this.numberOfChannels }, (_, channel) => {
      const whole = new Float32Array(length);
      let at = 0;
      for (const { audio } of parts) {
        whole.set(audio.getChannelData(channel), at);
        at += audio.length;
      }
      return whole;
    });
    return {
      fromS: first * this.partS,
      length,
      duration: length / this.sampleRate,
      sampleRate: this.sampleRate,
      numberOfChannels: this.numberOfChannels,
      getChannelData: (channel) => channels[channel],
    };
  }

  destroy() {
    for (const number of [...this.parts.keys()]) this.#drop(number);
  }

  #drop(number) {
    const part = this.parts.get(number);
    clearInterval(part.timer);
    if (part.url) URL.revokeObjectURL(part.url);
    this.parts.delete(number);
  }
}

/** Plays a long clip part after part, each by the engine that suits the speed. */
class PartsEngine {
  /** @param {PlayerOutput} output  @param {() => void} ended */
  constructor(output, ended) {
    this.ended = ended;
    this.turn = 0;
    this.inner = null;
    this.engines = {
      buffer: new BufferEngine(output, () => this.#next()),
      element: new ElementEngine(output, () => this.#next()),
    };
  }

  start(entry, from, { speed, span }) {
    Object.assign(this, { sound: entry.audio, from, speed, span, heardBefore: 0 });
    this.timer = span && setInterval(() => this.inner && this.time >= span[1] && this.#leap(span[0]), 15);
    this.#play(from);
  }

  get time() {
    return this.inner ? this.base + this.inner.time : this.at;
  }

  get heardS() {
    return this.heardBefore + (this.inner?.heardS ?? 0);
  }

  halt() {
    this.turn += 1;
    clearInterval(this.timer);
    this.at = this.time;
    this.#quiet();
  }

  destroy() {
    this.engines.element.destroy();
  }

  async #play(at) {
    const turn = ++this.turn;
    this.at = at;
    const { partS } = this.sound;
    const number = Math.floor(at / partS + 1e-9);
    let part;
    try {
      part = await this.sound.part(number);
    } catch {
      return; // it stays where it is; the stage says what is missing
    }
    if (turn !== this.turn) return;
    this.base = number * partS;
    this.inner = this.speed === 1 ? this.engines.buffer : this.engines.element;
    this.inner.start(part, at - this.base, { speed: this.speed, span: null });
    if ((number + 1) * partS < this.sound.duration) this.sound.part(number + 1);
  }

  #leap(to) {
    this.heardBefore += this.inner.heardS;
    this.#quiet();
    this.#play(to);
  }

  #next() {
    const at = this.base + this.sound.partS;
    this.heardBefore += this.inner.duration - this.inner.from;
    this.#quiet();
    if (at < this.sound.duration - 1e-6) this.#play(at);
    else if (this.span) this.#play(this.span[0]);
    else this.ended();
  }

  #quiet() {
    const { inner } = this;
    this.inner = null;
    inner?.halt();
  }
}
