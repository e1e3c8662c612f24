// Clips that are fetched ahead of need. Joined after spectrogram.js, before sound.js (assets.py sees to it).

const ASK_AGAIN_AFTER_MS = 4000;

/**
 * Clips fetched from the kernel, decoded and pictured ahead of need; the least recently used go first.
 * The widget hands every message of its kernel to `receive`.
 */
class ClipCache {
  /**
   * @param {{send: (message: object) => void}} model
   * @param {{max?: number, recipe?: () => PictureRecipe}} [options]  recipe: how pictures are made from now on
   */
  constructor(model, { max = 24, recipe = () => DEFAULT_PICTURE } = {}) {
    this.model = model;
    this.max = max;
    this.recipe = recipe;
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

  /** Makes the pictures of all clips that are here anew, the latest first. @param {(entry: Entry) => void} made */
  async picture(made) {
    const recipe = this.recipe();
    for (const entry of [...this.entries.values()].reverse()) {
      const isLong = entry.audio instanceof LongSound;
      const picture = isLong ? { spectrogram: unseen(entry.audio, recipe) } : await pictureOf(entry.audio, { recipe });
      if (this.recipe() !== recipe) return;
      made(Object.assign(entry, picture));
    }
  }

  /** @param {{type: string, id: number, [key: string]: any}} message  @param {DataView[]} [buffers] */
  async receive(message, buffers) {
    if (message.part !== undefined) return this.#long(message.id)?.receive(message, buffers?.[0]);
    const wait = this.waiting.get(message.id);
    if (!wait || wait.isHere) return;
    if (message.type === "missing") {
      this.waiting.delete(message.id);
      wait.reject(new Error(message.message));
    } else if (message.type === "clip" || message.type === "outline") {
      wait.isHere = true;
      try {
        const prepare = message.type === "clip" ? () => this.#prepare(message, buffers[0]) : () => this.#open(message, buffers[0]);
        const entry = await prepare();
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
    for (const entry of this.entries.values()) letGo(entry);
    this.entries.clear();
    this.waiting.clear();
  }

  async #prepare({ id, mime, rate_hz: rateHz }, view) {
    // Buffers of a message are views of the whole websocket frame: copy the clip's own bytes out.
    const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
    const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
    try {
      const audio = await decodeClip(bytes, rateHz);
      return { id, audio, url, ...(await pictureOf(audio, { recipe: this.recipe() })) };
    } catch (error) {
      URL.revokeObjectURL(url);
      throw error;
    }
  }

  /** A long clip is ready when its first part is. */
  async #open(message, view) {
    const audio = new LongSound(message, (part) => this.#ask({ type: "fetch_part", id: message.id, part }));
    const peaks = new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
    const entry = { id: message.id, audio, peaks, spectrogram: unseen(audio, this.recipe()) };
    this.waiting.get(message.id).sound = audio;
    await audio.part(0);
    return entry;
  }

  #long(id) {
    const sound = this.waiting.get(id)?.sound ?? this.entries.get(id)?.audio;
    return sound instanceof LongSound ? sound : null;
  }

  #keep(entry) {
    this.entries.set(entry.id, entry);
    while (this.entries.size > this.max) {
      const [id, oldest] = this.entries.entries().next().value;
      letGo(oldest);
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
    this.#ask({ type: "fetch", ids });
  }

  #ask(message) {
    try {
      this.model.send(message);
    } catch {
      // The connection is gone; #askAgain tries once more.
    }
  }
}

/** A long clip has no picture of the whole, only pictures of parts. @param {LongSound} audio */
function unseen(audio, recipe) {
  return { data: null, recipe, rateHz: audio.sampleRate, loudest: undefined };
}

/** @param {Entry} entry */
function letGo(entry) {
  if (entry.audio instanceof LongSound) entry.audio.destroy();
  else URL.revokeObjectURL(entry.url);
}
