// How the grid is heard: one clip, or tasting, each for a moment in turn. Joined after clip_grid_sound.js.

const TASTE_MOMENTS_S = [0.3, 0.5, 0.8, 1.2, 2, 3, 5];
const USUAL_MOMENT = 2;
const TASTE_GAP_MS = 90; // a breath, so that two alike are heard as two
const FETCHED_AHEAD = 6;

/** One clip of the grid sounds at a time, and that is the lit one. */
class GridHearing {
  /**
   * @param {ClipCache} cache
   * @param {{onturn: (id: number) => void, onchange: () => void, isWanted: (id: number) => boolean}} listeners
   *   onturn: tasting has come to this clip; onchange: sound began or stopped; isWanted: whether it is to be tasted
   */
  constructor(cache, { onturn, onchange, isWanted }) {
    Object.assign(this, { cache, onturn, onchange, isWanted });
    this.listening = new Listening();
    this.moment = USUAL_MOMENT;
    this.starts = [];
    /** @type {number[] | null} the clips that are still to be tasted; null while nothing is */
    this.queue = null;
    this.current = null; // the clip that sounds, or is to sound once it is here
    this.isPaused = false;
    this.turn = 0; // grows with every deed that makes what was awaited before worthless
    this.player = new StretchPlayer({
      onheard: (entry, span) => this.listening.add(entry.id, span, entry.audio.duration),
      onended: () => this.#end(),
      onchange,
    });
  }

  get isTasting() {
    return this.queue !== null;
  }

  get momentS() {
    return TASTE_MOMENTS_S[this.moment];
  }

  /** The clip that sounds at this moment, or null. */
  get lit() {
    return this.player.playing ? this.player.entry.id : null;
  }

  /** Whether this clip was heard, or is being heard now. */
  isHeard(id) {
    return this.listening.isHeard(id) || (this.lit === id && sharedContext().state === "running");
  }

  /** The whole clip from its start, and no more tasting. */
  play(id, why) {
    this.stop();
    return this.#sound(id, why, null);
  }

  /** Each of these for a moment, in this order. @param {number[]} ids */
  taste(ids) {
    this.stop();
    this.queue = [...ids];
    this.#next();
  }

  /** Pauses, goes on, or plays this clip where nothing is to go on. @param {number | undefined} id */
  toggle(id) {
    const isWaiting = this.isTasting && !this.isPaused;
    if (this.player.playing || isWaiting) {
      this.turn += 1;
      clearTimeout(this.gap);
      this.isPaused = this.isTasting;
      this.player.pause();
    } else if (this.isPaused) {
      this.isPaused = false;
      if (this.current === null) this.#next();
      else if (!this.player.resume()) this.#sound(this.current, "taste", this.momentS);
    } else if (!this.player.resume() && id !== undefined) this.play(id, "play");
    this.onchange();
  }

  setMoment(step) {
    this.moment = Math.max(0, Math.min(TASTE_MOMENTS_S.length - 1, this.moment + step));
  }

  stop() {
    this.turn += 1;
    clearTimeout(this.gap);
    this.queue = null;
    this.current = null;
    this.isPaused = false;
    this.player.stop();
  }

  destroy() {
    this.stop();
    this.player.destroy();
  }

  async #sound(id, why, momentS) {
    const turn = ++this.turn;
    this.current = id;
    let entry;
    try {
      entry = await this.cache.get(id);
    } catch {
      if (turn === this.turn) this.#end(); // its tile says why
      return;
    }
    if (turn !== this.turn) return;
    const span = momentS === null ? [0, entry.audio.duration] : momentOf(entry.audio, momentS);
    this.starts.push({ id, why, from_s: span[0], to_s: span[1], at_ms: performance.now() });
    this.player.play(entry, span);
  }

  #end() {
    this.current = null;
    if (this.isTasting) this.gap = setTimeout(() => this.#next(), TASTE_GAP_MS);
    this.onchange();
  }

  #next() {
    let id = this.queue?.shift();
    while (id !== undefined && !this.isWanted(id)) id = this.queue.shift();
    if (id === undefined) {
      this.queue = null;
      return this.onchange();
    }
    this.cache.request(this.queue.slice(0, FETCHED_AHEAD));
    this.onturn(id);
    this.#sound(id, "taste", this.momentS);
  }
}
