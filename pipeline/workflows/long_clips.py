"""Long clips for a player: their outline at once, their sound in parts, so that an hour opens like a second."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from pipeline.catalog.clips import ClipSound
from pipeline.core.errors import NotFound, StorageError
from pipeline.core.types import Float32
from pipeline.storage import Store
from pipeline.storage.files import file_sha256

LONGEST_WHOLE_S = 90.0
"""A clip up to this length travels whole: then every part of it is at hand."""
PART_S = 30.0
_N_PEAKS = 24_000
_BLOCK_SAMPLES = 2**20
_N_HELD = 2


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What is known of a long clip before its sound comes: ``peaks`` float32 (n, 2), lowest and highest sample."""

    rate_hz: int
    n_channels: int
    n_samples: int
    peaks: Float32


@dataclass(frozen=True, kw_only=True)
class _Held:
    path: Path
    outline: Outline
    ends: ExitStack


@dataclass
class LongClips:
    """The long clips that one page plays just now. Their bytes are proven once, when they are opened."""

    store: Store
    _held: dict[int, _Held] = field(default_factory=dict[int, "_Held"])

    def outline(self, sound: ClipSound) -> Outline:
        """The outline of a clip. Raises StorageError if its bytes are gone, or not those that were cut."""
        return self._open(sound).outline

    def part(self, find: Callable[[], ClipSound | None], clip_id: int, number: int) -> tuple[bytes, int]:
        """A part of PART_S seconds (the last is shorter) as a WAV file's bytes, and its rate.

        ``find`` looks the clip up where it is not open any more. Raises NotFound for a part that there is not,
        StorageError as ``outline``.
        """
        held = self._held.get(clip_id)
        if held is None:
            sound = find()
            if sound is None:
                raise NotFound("no such clip in this project", which=clip_id, do="reload the page")
            held = self._open(sound)
        n_samples = round(PART_S * held.outline.rate_hz)
        start = number * n_samples
        if not 0 <= start < held.outline.n_samples:
            raise NotFound("a clip has no such part", which=f"clip {clip_id}, part {number}")
        samples, rate_hz = soundfile.read(held.path, frames=n_samples, start=start, dtype="float32", always_2d=True)
        wav = io.BytesIO()
        soundfile.write(wav, samples, rate_hz, format="WAV", subtype="PCM_16")
        return wav.getvalue(), int(rate_hz)

    def close(self) -> None:
        """Let go of all that is open."""
        for held in self._held.values():
            held.ends.close()
        self._held.clear()

    def _open(self, sound: ClipSound) -> _Held:
        if sound.clip_id in self._held:
            return self._held[sound.clip_id]
        with ExitStack() as ends:
            path = ends.enter_context(self.store.opened(sound.object_key))
            if file_sha256(path) != sound.sha256:
                raise StorageError(
                    "an object of the store is not what was cut",
                    which=f"clip {sound.clip_id} ({sound.object_key})",
                    do="restore the store from its backup",
                )
            held = _Held(path=path, outline=outline_of(path), ends=ends.pop_all())
        while len(self._held) >= _N_HELD:
            self._held.pop(next(iter(self._held))).ends.close()
        self._held[sound.clip_id] = held
        return held


def outline_of(path: Path) -> Outline:
    """The outline of a sound file, read once, block by block."""
    with soundfile.SoundFile(path) as source:
        n_samples = source.frames
        step = max(1, -(-n_samples // _N_PEAKS))
        # Blocks hold whole bins, so that no bin straddles two.
        blocks = source.blocks(max(1, _BLOCK_SAMPLES // step) * step, dtype="float32", always_2d=True)
        peaks = [_extremes(np.asarray(block, dtype=np.float32), step) for block in blocks]
        return Outline(
            rate_hz=source.samplerate,
            n_channels=source.channels,
            n_samples=n_samples,
            peaks=np.concatenate(peaks) if peaks else np.zeros((1, 2), dtype=np.float32),
        )


def _extremes(block: Float32, step: int) -> Float32:
    starts = np.arange(0, len(block), step)
    low = np.minimum.reduceat(block.min(axis=1), starts)
    high = np.maximum.reduceat(block.max(axis=1), starts)
    return np.stack((low, high), axis=1).astype(np.float32)
