// What a clip looks like: its spectrogram and waveform, computed in one Worker a page, painted on canvases.
// Joined before sound.js; assets.py puts spectrogram_worker.js before it.

/**
 * How spectrograms are drawn, as core/picture.py says it.
 * @typedef {{window_ms: number, overlap: number, scale: "mel" | "linear" | "log", fmin_hz: number,
 *   fmax_hz: number | null, n_bands: number, pcen: boolean, range_db: number, colours: string,
 *   hash?: string}} PictureRecipe
 * @typedef {{data: Uint8Array, w: number, h: number, loudest: number, recipe: PictureRecipe,
 *   rateHz: number}} Spectrogram  rows of bands, lowest first; 255 is the loudest
 * @typedef {{spectrogram: Spectrogram, peaks: Float32Array}} Picture  peaks: low, high, low, high … in [-1, 1]
 */

/** For widgets that know no project. @type {PictureRecipe} */
const DEFAULT_PICTURE = {
  window_ms: 30,
  overlap: 0.875,
  scale: "mel",
  fmin_hz: 0,
  fmax_hz: null,
  n_bands: 112,
  pcen: false,
  range_db: 80,
  colours: "ember",
};
const LEAD_IN_S = 2; // PCEN hears what came before

/**
 * The picture of decoded sound. The work is done in the page's one Worker, never on the main thread.
 * `of` (seconds) asks for a part, in the brightness of the whole, which `loudest` tells.
 * @param {AudioBuffer} audio
 * @param {{recipe?: PictureRecipe, of?: [number, number], loudest?: number}} [options]
 * @returns {Promise<Picture>}
 */
function pictureOf(audio, { recipe = DEFAULT_PICTURE, of = [0, audio.duration], loudest } = {}) {
  const page = pagePictures();
  const rateHz = audio.sampleRate;
  const inside = (s) => Math.max(0, Math.min(audio.length, Math.round(s * rateHz)));
  const first = inside(of[0] - LEAD_IN_S);
  const [start, stop] = [inside(of[0]) - first, inside(of[1]) - first];
  const channels = [];
  for (let c = 0; c < audio.numberOfChannels; c++)
    channels.push(audio.getChannelData(c).slice(first, inside(of[1] + LEAD_IN_S)));
  const job = ++page.lastJob;
  return new Promise((resolve, reject) => {
    page.waiting.set(job, { resolve, reject });
    page.worker.postMessage(
      { job, channels, rateHz, start, stop, recipe, loudest },
      channels.map((channel) => channel.buffer),
    );
  });
}

/** Every widget has its own copy of this module, so the Worker that they share hangs on the window. */
function pagePictures() {
  if (window.__earmark_pictures) return window.__earmark_pictures;
  const program = `(${pictureWorker.toString()})(${frequencyAxis.toString()})`;
  const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
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

// ---------------------------------------------------------------------------------------------- painting

/** Quiet to loud. Viridis (van der Walt and Smith) is told apart by people who see few colours, too. */
const SPECTROGRAM_RAMPS = {
  ember: {
    dark: ["#0a0d18", "#2a1550", "#65217c", "#a8327d", "#e2555f", "#fb9a62", "#fde3a7"],
    light: ["#f9fafc", "#e2e5f8", "#bcc2f0", "#8b8ee2", "#5a52c4", "#3a2787", "#1d0f4a"],
  },
  viridis: {
    dark: ["#440154", "#443983", "#31688e", "#21918c", "#35b779", "#90d743", "#fde725"],
    light: ["#440154", "#443983", "#31688e", "#21918c", "#35b779", "#90d743", "#fde725"],
  },
  grey: { dark: ["#0b0f18", "#ffffff"], light: ["#ffffff", "#05070c"] },
};
const spectrogramColours = new Map();

/**
 * `shown` is the part to paint, in shares of the picture's width.
 * @param {HTMLCanvasElement} canvas  @param {Spectrogram} spectrogram  @param {boolean} isDark
 * @param {[number, number]} [shown]
 */
function paintSpectrogram(canvas, spectrogram, isDark, shown = [0, 1]) {
  const { data, w, h } = spectrogram;
  const image = new ImageData(w, h);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = coloursOf(spectrogram.recipe?.colours ?? "ember", isDark ? "dark" : "light");
  for (let y = 0; y < h; y++) {
    const row = (h - 1 - y) * w;
    for (let x = 0; x < w; x++) pixels[y * w + x] = colours[data[row + x]];
  }
  const small = new OffscreenCanvas(w, h);
  small.getContext("2d").putImageData(image, 0, 0);
  const brush = fitCanvas(canvas);
  brush.imageSmoothingQuality = "high";
  brush.drawImage(small, shown[0] * w, 0, (shown[1] - shown[0]) * w, h, 0, 0, canvas.width, canvas.height);
}

/**
 * The waveform, scaled so that its loudest sample fills the height: quiet clips are as easy to read as loud ones.
 * @param {HTMLCanvasElement} canvas  @param {Float32Array} peaks  @param {string} colour
 * @param {{shown?: [number, number], loudest?: number}} [options]  as paintSpectrogram; loudest: of the whole clip
 */
function paintWave(canvas, peaks, colour, { shown = [0, 1], loudest = loudestOf(peaks) } = {}) {
  const brush = fitCanvas(canvas);
  const { width, height } = canvas;
  const first = Math.floor((shown[0] * peaks.length) / 2);
  const n = Math.max(1, Math.ceil((shown[1] * peaks.length) / 2) - first);
  const scale = (height * 0.46) / loudest;
  brush.clearRect(0, 0, width, height);
  brush.fillStyle = colour;
  for (let i = 0; i < n; i++) {
    const top = height / 2 - peaks[2 * (first + i) + 1] * scale;
    const bottom = height / 2 - peaks[2 * (first + i)] * scale;
    brush.fillRect((i * width) / n, top, Math.max(1, width / n), Math.max(1, bottom - top));
  }
}

/** @param {Float32Array} peaks */
function loudestOf(peaks) {
  return peaks.reduce((loudest, value) => Math.max(loudest, Math.abs(value)), 1e-3);
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

function coloursOf(name, theme) {
  const key = `${name} ${theme}`;
  if (spectrogramColours.has(key)) return spectrogramColours.get(key);
  const stops = SPECTROGRAM_RAMPS[name][theme].map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  const colours = Uint32Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * (stops.length - 1);
    const k = Math.min(Math.floor(at), stops.length - 2);
    const [r, g, b] = [0, 1, 2].map((c) => Math.round(stops[k][c] + (stops[k + 1][c] - stops[k][c]) * (at - k)));
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
  spectrogramColours.set(key, colours);
  return colours;
}

// ---------------------------------------------------------------------------------------------- axes

/**
 * Frequencies to write beside a spectrogram, with their height above its foot in [0, 1]: round ones, never crowded.
 * @param {number} rateHz  @param {number} heightPx  @param {PictureRecipe} [recipe]
 */
function frequencyTicks(rateHz, heightPx, recipe = DEFAULT_PICTURE) {
  const axis = frequencyAxis(recipe, rateHz);
  const ticks = [];
  for (const hz of recipe.scale === "linear" ? evenHertz(axis, heightPx) : ROUND_HERTZ) {
    const at = axis.toUnit(hz);
    const isFree = ticks.every((tick) => Math.abs(tick.at - at) * heightPx > 22);
    if (isFree && at * heightPx > 8 && (1 - at) * heightPx > 8) ticks.push({ hz, at });
  }
  return ticks;
}

const ROUND_HERTZ = [1000, 4000, 10000, 2000, 500, 8000, 20000, 40000, 250, 6000, 15000, 80000, 100, 3000, 50, 200];

function evenHertz({ bottomHz, topHz }, heightPx) {
  const step = roundStep(((topHz - bottomHz) * 30) / Math.max(heightPx, 30));
  return Array.from({ length: 1 + Math.floor(topHz / step) }, (_, i) => i * step).filter((hz) => hz >= bottomHz);
}

/** The least of 1, 2, 5, 10 times a power of ten that is not below. */
function roundStep(wanted) {
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= wanted * (1 - 1e-9));
}

/**
 * Seconds to write under a clip, at least 72 px apart, with their place in [0, 1]; minutes and hours where it is long.
 * @param {number} durationS  @param {number} widthPx  @param {number} [fromS] where the axis begins
 */
function timeTicks(durationS, widthPx, fromS = 0) {
  const wanted = (durationS * 72) / Math.max(widthPx, 72);
  const step = wanted > 10 ? ([15, 30, 60, 120, 300, 600, 900].find((s) => s >= wanted) ?? 1800) : roundStep(wanted);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = [];
  for (let i = Math.ceil(fromS / step - 1e-9); i * step <= fromS + durationS + 1e-9; i++)
    ticks.push({ at: (i * step - fromS) / durationS, text: clockWords(i * step, digits, fromS + durationS) });
  return ticks;
}

/** 3.25 as "3.25", 75 s as "1:15" on an axis that goes beyond two minutes. */
function clockWords(seconds, digits, longestS) {
  if (longestS < 120) return seconds.toFixed(digits);
  const whole = Math.floor(seconds + 1e-9);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const rest = (seconds - 3600 * hours - 60 * minutes).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
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
