// How a person listens: play, seek, speed, loop, loudness, channel, zoom. None of it is an answer.
// Joined after sound.js and clip_deck_stage.js.

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
const GAIN_STEP_DB = 3;
const GAIN_DB = [-12, 36];

class DeckListening {
  /** @param {Player} player  @param {DeckStage} stage */
  constructor(player, stage) {
    this.player = player;
    this.stage = stage;
    this.deeds = {
      toggle: () => (player.playing ? player.pause() : player.play()),
      replay: () => player.play(Array.isArray(player.loop) ? player.loop[0] : 0),
      back: () => player.seek(player.time - this.#seekStep()),
      ahead: () => player.seek(player.time + this.#seekStep()),
      slower: () => this.#setSpeed(-1),
      faster: () => this.#setSpeed(1),
      "usual speed": () => player.setSpeed(1),
      loop: () => player.setLoop(player.loop === false),
      louder: () => this.#setGain(this.gainDb + GAIN_STEP_DB),
      softer: () => this.#setGain(this.gainDb - GAIN_STEP_DB),
      "usual gain": () => this.#setGain(0),
      channel: () => this.#nextChannel(),
      "zoom in": () => stage.zoom(ZOOM_STEP),
      "zoom out": () => stage.zoom(1 / ZOOM_STEP),
    };
  }

  /** What Space would do is what happened already: the gesture let the sound begin. */
  get isWaitingForGesture() {
    return sharedContext().state !== "running" && this.player.playing;
  }

  /** @param {string} action  @returns {boolean} whether it was one of listening */
  act(action) {
    const deed = this.deeds[action];
    if (!deed) return false;
    const isDone = action === "toggle" && this.isWaitingForGesture;
    this.wake();
    if (!isDone) deed();
    return true;
  }

  /** Browsers keep a page silent until the first key or click. */
  wake() {
    const context = sharedContext();
    if (context.state !== "running") context.resume();
  }

  /** A clip comes on stage: what belonged to the last one alone is over. @param {Entry} entry */
  load(entry) {
    const { player } = this;
    if (Array.isArray(player.loop)) player.setLoop(false);
    player.load(entry);
    if ((player.output.channel ?? 0) >= player.nChannels) player.setChannel(null);
  }

  /** @param {[number, number]} span */
  loopPart(span) {
    this.player.setLoop(span);
    this.player.play(span[0]);
  }

  get gainDb() {
    return this.player.output.gainDb;
  }

  /** All that the transport shows. */
  get state() {
    const { playing, speed, loop, nChannels, output, entry } = this.player;
    const isOverdriven = Boolean(entry) && loudestOf(entry.peaks) * 10 ** (this.gainDb / 20) > 1 && this.gainDb > 0;
    return { isPlaying: playing, speed, loop, gainDb: this.gainDb, isOverdriven, channel: output.channel, nChannels };
  }

  #setSpeed(step) {
    const at = SPEEDS.indexOf(this.player.speed) + step;
    this.player.setSpeed(SPEEDS[Math.max(0, Math.min(at, SPEEDS.length - 1))]);
  }

  #setGain(gainDb) {
    this.player.setGain(Math.max(GAIN_DB[0], Math.min(gainDb, GAIN_DB[1])));
  }

  #nextChannel() {
    const { nChannels, output } = this.player;
    const next = output.channel === null ? 0 : output.channel + 1;
    if (nChannels > 1) this.player.setChannel(next < nChannels ? next : null);
  }

  #seekStep() {
    const seenS = this.stage.view[1] - this.stage.view[0];
    return Math.min(2, Math.max(0.1, (seenS || this.player.duration) / 10));
  }
}

/** A channel in words, of so many. @param {number | null} channel  @param {number} n */
function channelWords(channel, n) {
  if (channel === null) return n === 2 ? "L+R" : `All ${n}`;
  return n === 2 ? ["Left", "Right"][channel] : `Channel ${channel + 1}`;
}
