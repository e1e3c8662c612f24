"""What is true of a recording, found in one pass to the last sample."""

from __future__ import annotations

import hashlib
import math
import struct

import numpy as np

from pipeline.audio.bandwidth import BandwidthMeter
from pipeline.audio.decode import finite, open_reader
from pipeline.audio.dropouts import DropoutMeter
from pipeline.audio.levels import ClippedRuns, dbfs
from pipeline.audio.reader import Header
from pipeline.core.types import AudioFacts, Float32


def measure(path: str) -> AudioFacts:
    """The facts of the recording at ``path``; memory does not grow with its length.

    Levels and hash are those of the sound with 0 for values that are not finite. ``dc_offset`` is the
    largest of any channel. Raises UnreadableAudio or EmptyAudio, and nothing else whatever the file holds.
    """
    with open_reader(path) as reader:
        tally = _Tally(reader.header)
        for block in reader.blocks(0):
            tally.add(block)
        return tally.facts()


class _Tally:
    """What is counted on the way through a recording."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._hash = hashlib.sha256(struct.pack("<II", header.rate_hz, header.n_channels))
        self._clipped = ClippedRuns(header.bit_depth, header.n_channels)
        self._dropouts = DropoutMeter(header.rate_hz, header.bit_depth)
        self._bandwidth = BandwidthMeter(header.rate_hz)
        self._n_samples = 0
        self._n_not_finite = 0
        self._peak = 0.0
        self._sum = np.zeros(header.n_channels)
        self._sum_of_squares = 0.0

    def add(self, block: Float32) -> None:
        """Count a block, float32 (n, channels)."""
        self._n_not_finite += block.size - int(np.count_nonzero(np.isfinite(block)))
        # Adding 0 makes -0.0 and 0.0 the same sound.
        values = finite(block) + np.float32(0)
        self._hash.update(np.ascontiguousarray(values, dtype="<f4").data)
        magnitude = np.abs(values)
        peak = float(magnitude.max())
        if peak > 0:
            self._peak = max(self._peak, peak)
            self._sum += values.sum(axis=0, dtype=np.float64)
            self._sum_of_squares += float(np.square(values, dtype=np.float64).sum())
        self._clipped.add(values, peak=peak)
        self._dropouts.add(magnitude.max(axis=1) if values.shape[1] > 1 else magnitude[:, 0])
        self._bandwidth.add(values.T)
        self._n_samples += len(block)

    def facts(self) -> AudioFacts:
        header = self._header
        n_values = self._n_samples * header.n_channels
        return AudioFacts(
            container=header.container,
            codec=header.codec,
            rate_hz=header.rate_hz,
            n_channels=header.n_channels,
            n_samples=self._n_samples,
            claimed_n_samples=header.claimed_n_samples,
            bit_depth=header.bit_depth,
            pcm_sha256=self._hash.digest(),
            peak_dbfs=dbfs(self._peak),
            rms_dbfs=dbfs(math.sqrt(self._sum_of_squares / n_values)),
            clipped_ratio=self._clipped.n_values / n_values,
            dc_offset=float(np.abs(self._sum).max()) / self._n_samples,
            n_not_finite=self._n_not_finite,
            bandwidth_hz=self._bandwidth.bandwidth_hz(),
            n_dropped_samples=self._dropouts.n_samples,
        )
