// How pictures of sound are computed: sent to a Worker as text. Joined before spectrogram.js (assets.py sees to it).

/**
 * Where frequencies stand on a picture: in [0, 1] from its foot to its top. Uses nothing from outside itself.
 * @param {PictureRecipe} recipe  @param {number} rateHz
 */
function frequencyAxis(recipe, rateHz) {
  const topHz = Math.min(recipe.fmax_hz ?? rateHz / 2, rateHz / 2);
  // A clip of a lower rate than the recipe thought of still has a picture.
  const bottomHz = Math.min(recipe.fmin_hz, topHz / 2);
  const bend = {
    mel: [(hz) => 2595 * Math.log10(1 + hz / 700), (mel) => 700 * (10 ** (mel / 2595) - 1)],
    linear: [(hz) => hz, (hz) => hz],
    log: [(hz) => Math.log2(Math.max(hz, 1e-3)), (octave) => 2 ** octave],
  }[recipe.scale];
  const [bottom, top] = [bend[0](bottomHz), bend[0](topHz)];
  return {
    bottomHz,
    topHz,
    toUnit: (hz) => (bend[0](hz) - bottom) / (top - bottom),
    toHz: (unit) => bend[1](bottom + unit * (top - bottom)),
  };
}

/** The Worker's whole program: it is sent there as text, so it uses nothing from outside itself. */
function pictureWorker(frequencyAxis) {
  const MAX_FRAMES = 900;
  const N_PEAKS = 1200;
  const FAINTEST_FULL_SCALE_DB = -20;
  const FAINTEST_FULL_SCALE_PCEN = 0.1;
  // PCEN after Lostanlen et al. 2019, "Per-channel energy normalization: why and how", their values for outdoor sound.
  const PCEN = { gain: 0.98, bias: 2, power: 0.5, memory_s: 0.4, faintest: 1e-6, scale: 2 ** 31 };
  const plans = new Map();

  self.onmessage = ({ data: { job, channels, rateHz, start, stop, recipe, loudest } }) => {
    try {
      const spectrogram = spectrogramOf(channels, rateHz, { start, stop, recipe, loudest });
      const peaks = peaksOf(channels.map((samples) => samples.subarray(start, stop)));
      self.postMessage({ job, spectrogram, peaks }, [spectrogram.data.buffer, peaks.buffer]);
    } catch (error) {
      self.postMessage({ job, error: String(error) });
    }
  };

  function spectrogramOf(channels, rateHz, { start, stop, recipe, loudest: given }) {
    const plan = planFor(rateHz, recipe);
    const n = Math.max(1, stop - start);
    const step = Math.max(1, Math.round(plan.window.length * (1 - recipe.overlap)));
    const hop = Math.max(step, Math.ceil(n / MAX_FRAMES));
    const w = Math.max(1, Math.ceil(n / hop));
    const nLeadIn = recipe.pcen ? Math.floor(start / hop) : 0;
    let levels = new Float32Array(plan.bank.length * (nLeadIn + w));
    for (let frame = 0; frame < nLeadIn + w; frame++) {
      const power = powerAt(channels, start + (frame - nLeadIn) * hop - (plan.window.length >> 1), plan);
      plan.bank.forEach((band, row) => {
        levels[row * (nLeadIn + w) + frame] = recipe.pcen
          ? bandOf(power, band, Math.sqrt)
          : 10 * Math.log10(1e-10 + bandOf(power, band));
      });
    }
    if (recipe.pcen) levels = pcenOf(levels, { w: nLeadIn + w, nLeadIn, stepS: hop / rateHz });
    const loudest = given ?? (recipe.pcen ? brightestPcen(levels) : loudestDb(levels));
    const share = recipe.pcen ? (level) => level / loudest : (level) => (level - loudest) / recipe.range_db + 1;
    const data = new Uint8Array(levels.length);
    for (let i = 0; i < levels.length; i++) data[i] = Math.max(0, Math.min(255, share(levels[i]) * 255));
    return { data, w, h: plan.bank.length, loudest, recipe, rateHz };
  }

  function loudestDb(levels) {
    return levels.reduce((most, level) => Math.max(most, level), FAINTEST_FULL_SCALE_DB);
  }

  /** A single click must not darken all the rest. */
  function brightestPcen(levels) {
    return Math.max(FAINTEST_FULL_SCALE_PCEN, Float32Array.from(levels).sort()[Math.floor(0.998 * levels.length)]);
  }

  function bandOf(power, { first, weights }, bend = (value) => value) {
    let sum = 0;
    for (let k = 0; k < weights.length; k++) sum += weights[k] * bend(power[first + k]);
    return sum;
  }

  /** Each band by its own slow mean: steady noise fades, what comes and goes stays. The lead-in is left out. */
  function pcenOf(magnitudes, { w, nLeadIn, stepS }) {
    const frames = PCEN.memory_s / stepS;
    const share = (Math.sqrt(1 + 4 * frames ** 2) - 1) / (2 * frames ** 2);
    const nBands = magnitudes.length / w;
    const out = new Float32Array(nBands * (w - nLeadIn));
    for (let band = 0; band < nBands; band++) {
      const energies = magnitudes.subarray(band * w, (band + 1) * w).map((magnitude) => magnitude * PCEN.scale);
      // A clip that begins with its call would hide it, if its first frame were what is usual.
      let mean = energies.reduce((sum, energy) => sum + energy, 0) / w;
      for (let i = 0; i < w; i++) {
        mean = (1 - share) * mean + share * energies[i];
        const even = energies[i] / (PCEN.faintest + mean) ** PCEN.gain;
        if (i >= nLeadIn)
          out[band * (w - nLeadIn) + i - nLeadIn] = (even + PCEN.bias) ** PCEN.power - PCEN.bias ** PCEN.power;
      }
    }
    return out;
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

  function planFor(rateHz, recipe) {
    const { window_ms: windowMs, scale, fmin_hz: fminHz, fmax_hz: fmaxHz, n_bands: nBands } = recipe;
    const key = [rateHz, windowMs, scale, fminHz, fmaxHz, nBands].join("/");
    if (plans.has(key)) return plans.get(key);
    const windowLength = Math.max(16, Math.round((rateHz * windowMs) / 1000));
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
      bank: bankOf(n, rateHz, recipe),
    };
    plans.set(key, plan);
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

  /** Row r is centred at (r + ½) / n of the axis, so that the axis drawn beside the image is true. */
  function bankOf(n, rateHz, recipe) {
    const axis = frequencyAxis(recipe, rateHz);
    const binAt = (row) => (Math.max(0, axis.toHz((row + 0.5) / recipe.n_bands)) * n) / rateHz;
    return Array.from({ length: recipe.n_bands }, (_, row) => {
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
