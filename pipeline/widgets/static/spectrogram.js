// What a clip looks like: its mel spectrogram and waveform, computed in one Worker a page, painted on canvases.

/**
 * @typedef {{data: Uint8Array, w: number, h: number}} Spectrogram  mel rows, lowest first; 255 is the loudest
 * @typedef {{spectrogram: Spectrogram, peaks: Float32Array}} Picture  peaks: low, high, low, high … in [-1, 1]
 */

/**
 * The picture of decoded sound. The work is done in the page's one Worker, never on the main thread.
 * @param {AudioBuffer} audio
 * @returns {Promise<Picture>}
 */
function pictureOf(audio) {
  const page = pagePictures();
  const channels = [];
  for (let c = 0; c < audio.numberOfChannels; c++) channels.push(audio.getChannelData(c).slice());
  const job = ++page.lastJob;
  return new Promise((resolve, reject) => {
    page.waiting.set(job, { resolve, reject });
    page.worker.postMessage(
      { job, channels, rateHz: audio.sampleRate },
      channels.map((channel) => channel.buffer),
    );
  });
}

/** Every widget has its own copy of this module, so the Worker that they share hangs on the window. */
function pagePictures() {
  if (window.__earmark_pictures) return window.__earmark_pictures;
  const url = URL.createObjectURL(new Blob([`(${pictureWorker.toString()})()`], { type: "text/javascript" }));
  const page = { worker: new Worker(url), waiting: new Map(), lastJob: 0 };
  page.worker.onmessage = ({ data }) => {
    const { resolve, reject } = page.waiting.get(data.job);
    page.waiting.delete(data.job);
    if (data.error) reject(new Error(data.error));
    else resolve({ spectrogram: data.spectrogram, peaks: data.peaks });
  };
  page.worker.onerror = (event) => {
    for (const { reject } of page.waiting.values()) reject(new Error(event.message));
    page.waiting.clear();
  };
  window.__earmark_pictures = page;
  return page;
}

/** The Worker's whole program: it is sent there as text, so it uses nothing from outside itself. */
function pictureWorker() {
  const N_ROWS = 112;
  const MAX_FRAMES = 900;
  const N_PEAKS = 1200;
  const WINDOW_S = 0.03;
  const RANGE_DB = 80;
  const FAINTEST_FULL_SCALE_DB = -20;
  const plans = new Map();

  self.onmessage = ({ data: { job, channels, rateHz } }) => {
    try {
      const spectrogram = melSpectrogram(channels, rateHz);
      const peaks = peaksOf(channels);
      self.postMessage({ job, spectrogram, peaks }, [spectrogram.data.buffer, peaks.buffer]);
    } catch (error) {
      self.postMessage({ job, error: String(error) });
    }
  };

  function melSpectrogram(channels, rateHz) {
    const plan = planFor(rateHz);
    const n = channels[0].length;
    const hop = Math.max(plan.window.length >> 3, Math.ceil(n / MAX_FRAMES), 1);
    const w = Math.max(1, Math.ceil(n / hop));
    const levels = new Float32Array(N_ROWS * w);
    let loudest = FAINTEST_FULL_SCALE_DB;
    for (let frame = 0; frame < w; frame++) {
      const power = powerAt(channels, frame * hop - (plan.window.length >> 1), plan);
      for (let row = 0; row < N_ROWS; row++) {
        const { first, weights } = plan.bank[row];
        let sum = 1e-10;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * power[first + k];
        const level = 10 * Math.log10(sum);
        levels[row * w + frame] = level;
        if (level > loudest) loudest = level;
      }
    }
    const data = new Uint8Array(levels.length);
    for (let i = 0; i < levels.length; i++) {
      data[i] = Math.max(0, Math.min(255, ((levels[i] - loudest) / RANGE_DB + 1) * 255));
    }
    return { data, w, h: N_ROWS };
  }

  function powerAt(channels, start, plan) {
    const { n, window, reversed, re, im, power } = plan;
    power.fill(0);
    for (const samples of channels) {
      re.fill(0);
      im.fill(0);
      for (let i = 0; i < window.length; i++) {
        const at = start + i;
        if (at >= 0 && at < samples.length) re[reversed[i]] = samples[at] * window[i];
      }
      transform(plan);
      for (let k = 0; k <= n / 2; k++) power[k] += re[k] * re[k] + im[k] * im[k];
    }
    return power;
  }

  /** In-place radix-2 Fourier transform of plan.re, plan.im, already in bit-reversed order. */
  function transform({ n, cos, sin, re, im }) {
    for (let size = 2; size <= n; size <<= 1) {
      const half = size >> 1;
      const step = n / size;
      for (let start = 0; start < n; start += size) {
        for (let k = 0; k < half; k++) {
          const a = start + k;
          const b = a + half;
          const c = cos[k * step];
          const s = sin[k * step];
          const oddRe = re[b] * c + im[b] * s;
          const oddIm = im[b] * c - re[b] * s;
          re[b] = re[a] - oddRe;
          im[b] = im[a] - oddIm;
          re[a] += oddRe;
          im[a] += oddIm;
        }
      }
    }
  }

  function planFor(rateHz) {
    if (plans.has(rateHz)) return plans.get(rateHz);
    const windowLength = Math.max(64, Math.round(rateHz * WINDOW_S));
    const n = 2 ** Math.max(10, Math.ceil(Math.log2(windowLength)));
    const bits = Math.log2(n);
    const plan = {
      n,
      window: Float32Array.from({ length: windowLength }, (_, i) => hann(i, windowLength)),
      reversed: Uint32Array.from({ length: n }, (_, i) => bitReversed(i, bits)),
      cos: Float64Array.from({ length: n / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / n)),
      sin: Float64Array.from({ length: n / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / n)),
      re: new Float64Array(n),
      im: new Float64Array(n),
      power: new Float64Array(n / 2 + 1),
      bank: melBank(n, rateHz),
    };
    plans.set(rateHz, plan);
    return plan;
  }

  function hann(i, length) {
    return 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length);
  }

  function bitReversed(value, bits) {
    let out = 0;
    for (let b = 0; b < bits; b++) out |= ((value >> b) & 1) << (bits - 1 - b);
    return out;
  }

  /** Row r is centred at (r + ½) / N_ROWS of the mel axis, so that the axis drawn beside the image is true. */
  function melBank(n, rateHz) {
    const top = 2595 * Math.log10(1 + rateHz / 2 / 700);
    const binAt = (row) => {
      const mel = Math.max(0, ((row + 0.5) / N_ROWS) * top);
      return (700 * (10 ** (mel / 2595) - 1) * n) / rateHz;
    };
    return Array.from({ length: N_ROWS }, (_, row) => {
      const [left, centre, right] = [binAt(row - 1), binAt(row), Math.min(n / 2, binAt(row + 1))];
      const first = Math.floor(left);
      const weights = new Float32Array(Math.min(n / 2, Math.ceil(right)) - first + 1);
      let sum = 0;
      for (let i = 0; i < weights.length; i++) {
        const bin = first + i;
        const rise = (bin - left) / Math.max(centre - left, 1e-6);
        const fall = (right - bin) / Math.max(right - centre, 1e-6);
        weights[i] = Math.max(0, Math.min(rise, fall));
        sum += weights[i];
      }
      if (sum === 0) weights[Math.min(weights.length - 1, Math.round(centre) - first)] = 1;
      return { first, weights };
    });
  }

  function peaksOf(channels) {
    const n = channels[0].length;
    const count = Math.max(1, Math.min(N_PEAKS, n));
    const peaks = new Float32Array(count * 2);
    for (let i = 0; i < count; i++) {
      const stop = Math.max(Math.floor((i * n) / count) + 1, Math.floor(((i + 1) * n) / count));
      let low = Infinity;
      let high = -Infinity;
      for (const samples of channels) {
        for (let j = Math.floor((i * n) / count); j < stop && j < n; j++) {
          if (samples[j] < low) low = samples[j];
          if (samples[j] > high) high = samples[j];
        }
      }
      peaks[2 * i] = low;
      peaks[2 * i + 1] = high;
    }
    return peaks;
  }
}

// ---------------------------------------------------------------------------------------------- painting

const SPECTROGRAM_RAMPS = {
  dark: ["#0a0d18", "#2a1550", "#65217c", "#a8327d", "#e2555f", "#fb9a62", "#fde3a7"],
  light: ["#f9fafc", "#e2e5f8", "#bcc2f0", "#8b8ee2", "#5a52c4", "#3a2787", "#1d0f4a"],
};
const spectrogramColours = new Map();

/** @param {HTMLCanvasElement} canvas  @param {Spectrogram} spectrogram  @param {boolean} isDark */
function paintSpectrogram(canvas, spectrogram, isDark) {
  const { data, w, h } = spectrogram;
  const image = new ImageData(w, h);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = coloursOf(isDark ? "dark" : "light");
  for (let y = 0; y < h; y++) {
    const row = (h - 1 - y) * w;
    for (let x = 0; x < w; x++) pixels[y * w + x] = colours[data[row + x]];
  }
  const small = new OffscreenCanvas(w, h);
  small.getContext("2d").putImageData(image, 0, 0);
  const brush = fitCanvas(canvas);
  brush.imageSmoothingQuality = "high";
  brush.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/**
 * The waveform, scaled so that its loudest sample fills the height: quiet clips are as easy to read as loud ones.
 * @param {HTMLCanvasElement} canvas  @param {Float32Array} peaks  @param {string} colour
 */
function paintWave(canvas, peaks, colour) {
  const brush = fitCanvas(canvas);
  const { width, height } = canvas;
  let loudest = 1e-3;
  for (const value of peaks) loudest = Math.max(loudest, Math.abs(value));
  const n = peaks.length / 2;
  const scale = (height * 0.46) / loudest;
  brush.clearRect(0, 0, width, height);
  brush.fillStyle = colour;
  for (let i = 0; i < n; i++) {
    const top = height / 2 - peaks[2 * i + 1] * scale;
    const bottom = height / 2 - peaks[2 * i] * scale;
    brush.fillRect((i * width) / n, top, Math.max(1, width / n), Math.max(1, bottom - top));
  }
}

/** The canvas's brush, its pixels matched to the screen's. @param {HTMLCanvasElement} canvas */
function fitCanvas(canvas) {
  const box = canvas.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  const width = Math.max(1, Math.round(box.width * ratio));
  const height = Math.max(1, Math.round(box.height * ratio));
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return canvas.getContext("2d");
}

function coloursOf(theme) {
  if (spectrogramColours.has(theme)) return spectrogramColours.get(theme);
  const stops = SPECTROGRAM_RAMPS[theme].map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  const colours = Uint32Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * (stops.length - 1);
    const k = Math.min(Math.floor(at), stops.length - 2);
    const [r, g, b] = [0, 1, 2].map((c) => Math.round(stops[k][c] + (stops[k + 1][c] - stops[k][c]) * (at - k)));
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
  spectrogramColours.set(theme, colours);
  return colours;
}

// ---------------------------------------------------------------------------------------------- axes

/**
 * Frequencies to write beside a mel spectrogram, with their height above its foot in [0, 1].
 * @param {number} rateHz  @param {number} heightPx
 */
function frequencyTicks(rateHz, heightPx) {
  const mel = (hz) => Math.log10(1 + hz / 700);
  const ticks = [];
  for (const hz of [1000, 4000, 10000, 2000, 500, 8000, 20000, 40000, 250, 6000, 15000, 80000, 100, 3000]) {
    const at = mel(hz) / mel(rateHz / 2);
    const isFree = ticks.every((tick) => Math.abs(tick.at - at) * heightPx > 22);
    if (isFree && at * heightPx > 8 && (1 - at) * heightPx > 8) ticks.push({ hz, at });
  }
  return ticks;
}

/** Seconds to write under a clip, at least 72 px apart. @param {number} durationS  @param {number} widthPx */
function timeTicks(durationS, widthPx) {
  const wanted = (durationS * 72) / Math.max(widthPx, 72);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= wanted);
  const n = Math.floor(durationS / step + 1e-9);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: n + 1 }, (_, i) => ({
    at: (i * step) / durationS,
    text: (i * step).toFixed(digits),
  }));
}

// ---------------------------------------------------------------------------------------------- theme

/** Whether the page is dark, by the same rule as tokens.css. */
function isDarkPage() {
  const chosen = document.documentElement.dataset.emTheme;
  return chosen ? chosen === "dark" : document.body.dataset.jpThemeLight === "false";
}

/** Calls back whenever the page's theme changes. @param {() => void} callback  @returns {() => void} ends it */
function watchTheme(callback) {
  const observer = new MutationObserver(callback);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-em-theme"] });
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  return () => observer.disconnect();
}
