"""Two views of a sound that mean the same: what self-supervised training learns from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.spec_augment import spec_augment
from pipeline.core import registry
from pipeline.core.errors import EarmarkError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio, Failure, Float32
from pipeline.plugins.augmenters.base import Augmenter
from pipeline.plugins.encoders.instant_mel import N_MELS, RANGE_DB, levelled_mel
from pipeline.plugins.encoders.lightly_ssl import RATE_HZ, TRIM_DB
from pipeline.plugins.encoders.lightly_ssl_network import scaled

_MIN_FRAMES, _MAX_FRAMES = 32, 160
_TIME_SCALES = (0.8, 1.25)
_BAND_SCALES = (0.8, 1.25)
_MAX_TILT_DB = 10.0
_BACKGROUND_DB = (-30.0, -10.0)
_BACKGROUND_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class Bank:
    """The spectrograms that views are cut from, float16 (64, frames): of each clip as it is, and as augmenters made it.

    Views are ``n_frames`` long: the median clip, from 0.32 to 1.6 s. ``rows`` says which of the clips given these are;
    the others ``failed``.
    """

    versions: list[list[NDArray[np.float16]]]
    rows: list[int]
    n_frames: int
    failed: tuple[Failure, ...]

    def plain(self, index: int) -> Float32:
        """The spectrogram float32 (64, frames) of the clip as it is."""
        return self.versions[index][0].astype(np.float32)

    def __len__(self) -> int:
        return len(self.versions)


def make_bank(
    clips: Sequence[Audio], augmenters: Sequence[PluginSpec], *, seed: int, on_clip: Callable[[int], None]
) -> Bank:
    """The spectrograms of clips and of what each augmenter makes of them; each clip is read once, one at a time.

    One that cannot be read fails alone, by its row. ``on_clip`` hears how many were looked at.
    Raises PluginError for an augmenter that does not exist.
    """
    plugins: list[Augmenter] = [registry.create("augmenter", spec) for spec in augmenters]
    versions: list[list[NDArray[np.float16]]] = []
    rows: list[int] = []
    failed: list[Failure] = []
    for row in range(len(clips)):
        try:
            versions.append(_versions(clips[row], plugins, np.random.default_rng((seed, row))))
            rows.append(row)
        except EarmarkError as error:
            failed.append(Failure(item=str(row), error=type(error).__name__, message=str(error)))
        on_clip(row + 1)
    median = int(np.median([mels[0].shape[1] for mels in versions])) if versions else 0
    n_frames = min(max(median, _MIN_FRAMES), _MAX_FRAMES)
    return Bank(versions=versions, rows=rows, n_frames=n_frames, failed=tuple(failed))


def _versions(clip: Audio, plugins: Sequence[Augmenter], rng: np.random.Generator) -> list[NDArray[np.float16]]:
    sounds = [clip, *(plugin.augment(clip, rng) for plugin in plugins)]
    return [levelled_mel(sound, rate_hz=RATE_HZ, trim_db=TRIM_DB).astype(np.float16) for sound in sounds]


def two_views(bank: Bank, chosen: NDArray[np.int64], rng: np.random.Generator) -> tuple[Float32, Float32]:
    """Two views of each chosen clip, float32 (n, 1, 64, n_frames), as the network sees them."""
    first, second = (np.stack([_view(bank, index, rng) for index in chosen.tolist()]) for _ in range(2))
    return first[:, np.newaxis], second[:, np.newaxis]


def _view(bank: Bank, index: int, rng: np.random.Generator) -> Float32:
    """One view float32 (64, n_frames): another moment, tempo, size of the source, colour, background, and masks."""
    mel_db = _crop(_any_version(bank, index, rng), bank.n_frames, rng)
    if rng.random() < _BACKGROUND_SHARE:
        other = _crop(_any_version(bank, int(rng.integers(len(bank))), rng), bank.n_frames, rng)
        mel_db = np.logaddexp(mel_db * _NATS, (other + rng.uniform(*_BACKGROUND_DB)) * _NATS) / _NATS
    tilt_db = np.interp(_BANDS, (0, N_MELS / 2, N_MELS), rng.uniform(-_MAX_TILT_DB, _MAX_TILT_DB, 3))
    coloured = np.clip(mel_db + tilt_db[:, np.newaxis], -RANGE_DB, 5).astype(np.float32)
    masked = spec_augment(
        coloured, rng, n_time_masks=1, n_frequency_masks=1, max_frequency_mask_bands=10, fill=-RANGE_DB
    )
    return scaled(masked)


_NATS = np.log(10) / 10
_BANDS = np.arange(N_MELS)


def _any_version(bank: Bank, index: int, rng: np.random.Generator) -> NDArray[np.float16]:
    versions = bank.versions[index]
    return versions[int(rng.integers(len(versions)))]


def _crop(mel_db: NDArray[np.float16], n_frames: int, rng: np.random.Generator) -> Float32:
    """A stretch of the spectrogram at a drawn moment, tempo and scale of frequency, float32 (64, n_frames).

    Where the clip is shorter it lies anywhere within, quiet around it.
    """
    n_wanted = max(2, round(n_frames * rng.uniform(*_TIME_SCALES)))
    spare = mel_db.shape[1] - n_wanted
    start = int(rng.integers(spare + 1)) if spare > 0 else 0
    piece = mel_db[:, start : start + n_wanted].astype(np.float32)
    if spare < 0:
        before = int(rng.integers(1 - spare))
        piece = np.pad(piece, ((0, 0), (before, -spare - before)), constant_values=-RANGE_DB)
    piece = _resampled(piece, np.linspace(0, n_wanted - 1, n_frames))
    scale = rng.uniform(*_BAND_SCALES)
    return _resampled(piece.T, np.minimum(_BANDS * scale, N_MELS - 1)).T


def _resampled(rows: Float32, places: NDArray[np.float64]) -> Float32:
    """Columns of rows float32 (n, k) at places between 0 and k - 1, linearly between neighbours."""
    before = np.minimum(places.astype(int), rows.shape[1] - 2)
    share = (places - before).astype(np.float32)
    return (rows[:, before] * (1 - share) + rows[:, before + 1] * share).astype(np.float32, copy=False)
