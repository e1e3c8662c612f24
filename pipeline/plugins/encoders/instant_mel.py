"""The spectrogram that instant and lightly_ssl look at: levelled, and trimmed to what is heard."""

from __future__ import annotations

import numpy as np
import soxr

from pipeline.audio.features import log_mel
from pipeline.core.types import Audio, Float32

N_MELS = 64
FRAME_S = 0.01
RANGE_DB = 55.0


def levelled_mel(clip: Audio, *, rate_hz: int, trim_db: float) -> Float32:
    """Log-mel float32 (64, frames), at least one frame of 10 ms, from -55 dB to about 0 where the clip is loud.

    Channels are mixed and the clip is taken at ``rate_hz``. What lies ``trim_db`` below the loudest frame at either
    end is left out.
    """
    n_fft = round(rate_hz * 0.016) * 2
    samples = _level_mono(clip)
    if samples.size and clip.rate_hz != rate_hz:
        samples = soxr.resample(samples, clip.rate_hz, rate_hz)
    samples = np.pad(samples, (0, max(0, n_fft - len(samples))))
    audio = Audio(samples=samples[np.newaxis], rate_hz=rate_hz)
    mel_db = log_mel(audio, n_mels=N_MELS, n_fft=n_fft, hop_samples=round(rate_hz * FRAME_S))
    energy_db = 10 * np.log10(np.power(np.float32(10), mel_db / 10).sum(axis=0))
    heard = np.flatnonzero(energy_db >= energy_db.max() - trim_db)
    kept = slice(int(heard[0]), int(heard[-1]) + 1)
    loud_db = np.sort(energy_db[kept])[int(0.95 * (kept.stop - kept.start - 1))]
    return np.maximum(mel_db[:, kept] - loud_db, -RANGE_DB).astype(np.float32)


def demand_mel_settings(*, rate_hz: int, trim_db: float) -> None:
    """Return if ``levelled_mel`` can work so. Raises ValueError."""
    if not 4_000 <= rate_hz <= 384_000:
        raise ValueError(f"rate_hz is 4000 to 384000, not {rate_hz}")
    if not 10 <= trim_db <= 100:
        raise ValueError(f"trim_db is 10 to 100, not {trim_db}")


def _level_mono(clip: Audio) -> Float32:
    """The mean of the channels without its offset, float32 (n,), its peak at 1 unless it is silent."""
    samples = np.nan_to_num(clip.samples, posinf=0.0, neginf=0.0).mean(axis=0)
    if samples.size == 0:
        return samples
    samples = samples - samples.mean()
    peak = np.abs(samples).max()
    return samples / peak if peak > 0 else samples
