// The microphone: what it hears, sample by sample, as a WAV file. Joined after dom.js and sound.js.

const RECORD_AT_MOST_S = 30;
const METER_FLOOR_DB = -60;

/** The recorder's whole program in the audio thread: it is sent there as text. */
const RECORDER_PROGRAM = `
registerProcessor("earmark-recorder", class extends AudioWorkletProcessor {
  process([channels]) {
    if (channels.length) this.port.postMessage(channels[0].slice());
    return true;
  }
});`;

/** Why there can be no recording on this page at all, in a sentence; null where there can. @returns {string | null} */
function microphoneObjection() {
  if (navigator.mediaDevices?.getUserMedia && window.AudioWorkletNode) return null;
  return window.isSecureContext
    ? "This browser has no microphone to offer: choose a file instead."
    : "The browser lends its microphone to secure pages only: open Earmark by https:// or on its own machine " +
        "(localhost), or choose a file instead.";
}

/** What a refused microphone means for the person. @param {Error} error  @returns {string} */
function microphoneTrouble(error) {
  const words = {
    NotAllowedError:
      "The browser did not allow the microphone: allow it at the left end of the address bar, then record again.",
    SecurityError: "The settings of this browser forbid the microphone: ask who looks after it, or choose a file.",
    NotFoundError: "No microphone was found: plug one in, then record again.",
    NotReadableError: "Another program holds the microphone: end it, then record again.",
  };
  return words[error.name] ?? `The microphone could not be opened: ${error.message || error.name}`;
}

/** One recording, mono, at the rate of the page's sound. */
class Recorder {
  /** @param {{onLevel: (share: number, seconds: number) => void, onFull: () => void}} listeners */
  constructor({ onLevel, onFull }) {
    this.onLevel = onLevel;
    this.onFull = onFull;
    /** @type {Float32Array[]} */
    this.blocks = [];
    this.nSamples = 0;
    this.isRunning = false;
    this.isEnded = false;
  }

  /** Rejects with the browser's error, for `microphoneTrouble`. */
  async start() {
    // What the browser does for calls would alter the sound that is searched by.
    const asked = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: asked });
    const context = sharedContext();
    try {
      await context.resume();
      await loadRecorder(context);
      // The person may have changed their mind while the browser asked.
      if (this.isEnded) return this.#release();
      this.rateHz = context.sampleRate;
      this.source = context.createMediaStreamSource(this.stream);
      const oneChannel = { channelCount: 1, channelCountMode: "explicit" };
      this.node = new AudioWorkletNode(context, "earmark-recorder", oneChannel);
      this.node.port.onmessage = ({ data }) => this.#take(data);
      // It gives no sound, but browsers let only that work which leads to the loudspeaker.
      this.source.connect(this.node).connect(context.destination);
      this.isRunning = true;
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  get seconds() {
    return this.rateHz ? this.nSamples / this.rateHz : 0;
  }

  /** Ends it and gives the WAV file. @returns {ArrayBuffer} */
  stop() {
    this.cancel();
    return wavOf(this.blocks, this.nSamples, this.rateHz);
  }

  cancel() {
    this.isEnded = true;
    this.isRunning = false;
    this.#release();
  }

  #take(block) {
    if (!this.isRunning) return;
    this.blocks.push(block);
    this.nSamples += block.length;
    let peak = 0;
    for (const value of block) peak = Math.max(peak, Math.abs(value));
    this.peak = Math.max(peak, (this.peak ?? 0) * 0.97);
    const db = 20 * Math.log10(Math.max(this.peak, 1e-6));
    this.onLevel(Math.max(0, Math.min(1, 1 - db / METER_FLOOR_DB)), this.seconds);
    if (this.seconds >= RECORD_AT_MOST_S) this.onFull();
  }

  #release() {
    if (this.source) this.source.disconnect();
    if (this.node) {
      this.node.disconnect();
      this.node.port.onmessage = null;
    }
    for (const track of this.stream?.getTracks() ?? []) track.stop();
  }
}

/** A name may be registered once in a context. @param {AudioContext} context */
async function loadRecorder(context) {
  const page = pageSound();
  if (page.recorderIn === context) return;
  const url = URL.createObjectURL(new Blob([RECORDER_PROGRAM], { type: "text/javascript" }));
  try {
    await context.audioWorklet.addModule(url);
    page.recorderIn = context;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Mono WAV of 16 bits. @param {Float32Array[]} blocks  @param {number} nSamples  @param {number} rateHz */
function wavOf(blocks, nSamples, rateHz) {
  const view = new DataView(new ArrayBuffer(44 + 2 * nSamples));
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * nSamples, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, 2 * rateHz, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * nSamples, true);
  let at = 44;
  for (const block of blocks)
    for (const value of block) {
      view.setInt16(at, Math.max(-32768, Math.min(32767, Math.round(value * 32768))), true);
      at += 2;
    }
  return view.buffer;
}
