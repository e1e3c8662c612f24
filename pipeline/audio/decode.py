"""Any recording as sound in memory: whole, by block or by span, always the same bits.

Values that are not finite are 0 here; ``measure`` has counted them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from pipeline.audio.by_av import read_by_av
from pipeline.audio.by_soundfile import read_by_soundfile
from pipeline.audio.cursor import Cursor
from pipeline.audio.opening import file_name, looks_like, open_recording
from pipeline.audio.reader import Header, Reader, disk_failed
from pipeline.core.errors import AudioError, EmptyAudio, UnreadableAudio
from pipeline.core.types import Audio, Float32, Sound

_MOST_EXPECTED = 2**24
"""Values for which memory is laid out on a header's word alone: 64 MB."""


@contextmanager
def open_reader(path: str) -> Generator[Reader]:
    """A reader over the recording at ``path``, open until the context ends, with at least one sample.

    Raises UnreadableAudio if no decoder reads it, EmptyAudio if one does and finds no sample;
    UnreadableAudio also if the disk fails.
    """
    with open_recording(path) as handle:
        try:
            reader = _reader(handle, path)
        except OSError as error:
            raise disk_failed(path, error) from error
        yield reader


def open_sound(path: str, *, rate_hz: int, n_channels: int, n_samples: int) -> Sound:
    """The recording at ``path`` with the facts that ``measure`` found.

    Nothing is opened before it is asked for. ``blocks`` and ``span`` raise UnreadableAudio if the file is
    not what was measured. Spans asked in rising order cost one pass over a compressed file, others a new one.
    """
    return _FileSound(path=path, rate_hz=rate_hz, n_channels=n_channels, n_samples=n_samples)


def decode(path: str) -> Audio:
    """The whole recording in memory: for short things. Raises UnreadableAudio or EmptyAudio."""
    with open_reader(path) as reader:
        return Audio(samples=_joined(reader), rate_hz=reader.header.rate_hz)


def finite(block: Float32) -> Float32:
    """The block with 0 for every value that is not finite."""
    return block if np.isfinite(block).all() else np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)


@dataclass(frozen=True, kw_only=True)
class _FileSound:
    path: str
    rate_hz: int
    n_channels: int
    n_samples: int
    _cursor: Cursor = field(default_factory=Cursor, init=False, repr=False, compare=False)

    def blocks(self) -> Iterator[Audio]:
        for block in self._blocks():
            yield self._audio(block)

    def span(self, start: int, stop: int) -> Audio:
        if not 0 <= start <= stop <= self.n_samples:
            raise UnreadableAudio(
                "no such span in the recording",
                which=file_name(self.path),
                expected=f"0 <= start <= stop <= {self.n_samples}",
                got=f"{start} to {stop}",
            )
        if start == stop:
            return self._audio(np.zeros((0, self.n_channels), dtype=np.float32))
        samples = None if self._cursor.is_open else self._exact_span(start, stop)
        if samples is None:
            samples = self._cursor.take(start, stop, restart=self._blocks)
        return self._audio(samples)

    def _blocks(self) -> Iterator[Float32]:
        n_read = 0
        with open_reader(self.path) as reader:
            self._demand(reader.header)
            for block in reader.blocks(0):
                n_read += len(block)
                if n_read > self.n_samples:
                    break
                yield finite(block)
        if n_read != self.n_samples:
            raise self._changed(f"{self.n_samples} samples", f"{n_read} or more" if n_read > self.n_samples else n_read)

    def _exact_span(self, start: int, stop: int) -> Float32 | None:
        """The span by seeking, None where only decoding from the first sample on gives the same bits."""
        with open_reader(self.path) as reader:
            self._demand(reader.header)
            # Where header and count disagree the file is damaged, and seeking in it is not to be trusted.
            if not reader.is_exact or reader.header.claimed_n_samples != self.n_samples:
                return None
            pieces: list[Float32] = []
            n_missing = stop - start
            for block in reader.blocks(start):
                pieces.append(finite(block[:n_missing]))
                n_missing -= len(pieces[-1])
                if not n_missing:
                    return np.concatenate(pieces)
        return None

    def _demand(self, header: Header) -> None:
        if (header.rate_hz, header.n_channels) != (self.rate_hz, self.n_channels):
            raise self._changed(
                f"{self.rate_hz} Hz, {self.n_channels} channels", f"{header.rate_hz} Hz, {header.n_channels} channels"
            )

    def _changed(self, expected: str, got: object) -> UnreadableAudio:
        return UnreadableAudio(
            "the file is not what was measured",
            which=file_name(self.path),
            expected=expected,
            got=got,
            do="ingest it again",
        )

    def _audio(self, samples: Float32) -> Audio:
        return Audio(samples=np.ascontiguousarray(samples.T), rate_hz=self.rate_hz)


def _joined(reader: Reader) -> Float32:
    """The whole recording, float32 (channels, n). A true claim of the header saves copies, a wrong one does no harm."""
    n_channels = reader.header.n_channels
    n_expected = min(reader.header.claimed_n_samples or 0, _MOST_EXPECTED // n_channels)
    samples = np.empty((n_channels, n_expected), dtype=np.float32)
    n_read = 0
    for block in reader.blocks(0):
        stop = n_read + len(block)
        if stop > samples.shape[1]:
            larger = np.empty((n_channels, max(stop, 2 * n_read)), dtype=np.float32)
            larger[:, :n_read] = samples[:, :n_read]
            samples = larger
        samples[:, n_read:stop] = finite(block).T
        n_read = stop
    return samples if n_read == samples.shape[1] else samples[:, :n_read].copy()


def _reader(handle: io.FileIO, path: str) -> Reader:
    refused: list[AudioError] = []
    # FFmpeg is asked also where libsndfile finds an empty file: it reads on where a crashed recorder left sizes of 0.
    for read in (read_by_soundfile, read_by_av):
        try:
            reader = read(handle, path)
        except (EmptyAudio, UnreadableAudio) as error:
            refused.append(error)
            continue
        if reader is not None:
            return reader
    refused.sort(key=lambda error: not isinstance(error, EmptyAudio))
    if refused:
        raise refused[0]
    raise UnreadableAudio(
        "no decoder reads the file",
        which=file_name(path),
        expected="a recording",
        got=looks_like(os.pread(handle.fileno(), 4096, 0)),
        do="export the sound again, for instance as WAV or FLAC",
    )
