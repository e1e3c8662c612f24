// How a clip becomes sound: by its decoded samples, or by an <audio> element, and on through gain and channel.
// Joined before sound.js (assets.py sees to it).

/** Where a player's sound goes on its way out: one channel or all of them, louder or softer. */
class PlayerOutput {
  constructor() {
    this.gainDb = 0;
    /** Which channel is heard in both ears, null for all. @type {number | null} */
    this.channel = null;
    this.node = null;
    this.splitter = null;
  }

  /** @param {number} gainDb */
  setGain(gainDb) {
    this.gainDb = gainDb;
    if (this.node) this.node.gain.value = 10 ** (gainDb / 20);
  }

  /** Leads a source of sound out, by the gain and channel of now. @param {AudioNode} source */
  take(source) {
    const context = source.context;
    if (this.node?.context !== context) this.#make(context);
    this.splitter.disconnect();
    if (this.channel === null) source.connect(this.node);
    else {
      source.connect(this.splitter);
      this.splitter.connect(this.node, this.channel);
    }
  }

  #make(context) {
    this.node = context.createGain();
    this.node.gain.value = 10 ** (this.gainDb / 20);
    this.node.connect(context.destination);
    this.splitter = context.createChannelSplitter();
  }
}

/** Sound from decoded samples, at speed 1. */
class BufferEngine {
  /** @param {PlayerOutput} output  @param {() => void} ended */
  constructor(output, ended) {
    this.output = output;
    this.ended = ended;
    this.source = null;
  }

  start(entry, from, { span }) {
    const context = sharedContext();
    if (context.state !== "running") context.resume();
    const source = context.createBufferSource();
    source.buffer = entry.audio;
    if (span) [source.loop, source.loopStart, source.loopEnd] = [true, span[0], span[1]];
    this.output.take(source);
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
    source?.stop();
    source?.disconnect();
  }
}

/** Sound from an <audio> element, which keeps the pitch when the speed changes. */
class ElementEngine {
  /** @param {PlayerOutput} output  @param {() => void} ended */
  constructor(output, ended) {
    this.output = output;
    this.audio = new Audio();
    this.audio.preservesPitch = true;
    this.audio.onended = () => (this.span ? this.#again() : ended());
    this.audio.onplaying = () => {
      this.startedAt ??= performance.now();
    };
    this.url = null;
    this.source = null;
  }

  start(entry, from, { speed, span }) {
    const context = sharedContext();
    if (context.state !== "running") context.resume();
    if (this.source?.context !== context) this.source = context.createMediaElementSource(this.audio);
    this.source.disconnect();
    this.output.take(this.source);
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
    this.source?.disconnect();
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

/**
 * Which parts sounded when an engine played for so long.
 * @param {{from: number, heardS: number, span: [number, number] | null}} engine  @returns {[number, number][]}
 */
function spansHeard({ from, heardS, span }) {
  const to = from + heardS;
  if (!span || to <= span[1]) return heardS > 0 ? [[from, to]] : [];
  return [
    [from, span[1]],
    [span[0], Math.min(span[1], span[0] + to - span[1])],
  ];
}

/** How long the union of these spans is. @param {[number, number][]} spans */
function unionLength(spans) {
  let length = 0;
  let reached = -Infinity;
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    length += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return length;
}
