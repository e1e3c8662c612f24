"""What a search goes by: a clip, a file or a sound, or a region of it; and bytes that a browser sent, as sound."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.audio.band import within_band
from pipeline.audio.conform import conform, encode
from pipeline.audio.decode import finite, open_reader, open_sound
from pipeline.audio.measure import measure
from pipeline.audio.opening import file_name
from pipeline.catalog.clips import clip_sound
from pipeline.catalog.projects import Project
from pipeline.core.errors import AudioError, EmptyAudio, NotFound
from pipeline.core.types import Audio, AudioFormat, Float32
from pipeline.storage import Store
from pipeline.workflows.clip_audio import read_clip
from pipeline.workflows.operation import Conn

LONGEST_S = 120.0
"""Of a sound that a browser sends: clips are seconds long, and its picture must still show them."""
_LEAST_PEAK = 3e-5
"""One step of 16 bits: what lies below it is not sound of the recording."""

Like = int | str | Path | Audio
"""A clip (its id), a file of this machine (its path), or a sound."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """What a search goes by; a span and a band make a region of it. None is the end of the sound or of the spectrum."""

    like: Like
    start_s: float | None = None
    stop_s: float | None = None
    low_hz: float | None = None
    high_hz: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the query is all of the sound."""
        return (self.start_s, self.stop_s, self.low_hz, self.high_hz) == (None, None, None, None)


def sound_of(conn: Conn, project: Project, store: Store, query: Query) -> Audio:
    """The sound that a query is, in the project's audio format.

    Raises NotFound for no such clip, AudioError for a file that cannot be read and a region without sound.
    """
    like = query.like
    if isinstance(like, Audio):
        cut, which = _cut(like, query, which="the sound"), "the sound"
    elif isinstance(like, int):
        sound = clip_sound(conn, project.project_id, like)
        if sound is None:
            raise NotFound("no such clip in this project", which=like, do="look it up again")
        which = f"clip {like}"
        cut = _cut(read_clip(store, sound), query, which=which)
    else:
        which = str(like)
        cut = _of_file(which, query)
    if query.low_hz is not None or query.high_hz is not None:
        cut = within_band(cut, query.low_hz, query.high_hz)
    conformed = conform(cut, project.recipe.audio_format)
    if not query.is_whole and float(np.abs(conformed.samples).max()) < _LEAST_PEAK:
        raise AudioError("nothing sounds in this region", which=which, do="take a larger one")
    return conformed


def sound_of_bytes(data: bytes, name: str, audio_format: AudioFormat) -> Audio:
    """The sound of bytes from a browser, in the rate and channels of the format, its length kept.

    ``name`` is for the sentence that the person reads, and for nothing else. Raises AudioError for bytes that are no
    sound, or of more than ``LONGEST_S``.
    """
    with tempfile.NamedTemporaryFile(prefix="earmark-query-") as file:
        file.write(data)
        file.flush()
        try:
            audio = _short_sound(file.name)
        except AudioError as error:
            # What the file is called here would tell the person nothing.
            which = file_name(name)[:120]
            raise type(error)(error.what, which=which, expected=error.expected, got=error.got, do=error.do) from error
    return conform(audio, replace(audio_format, length_policy="keep", length_s=None))


def shown_bytes(sound: Audio) -> bytes:
    """The sound as a browser shows and plays it: the mean of its channels, as a FLAC file of 16 bits."""
    mono = Audio(samples=sound.samples.mean(axis=0, keepdims=True), rate_hz=sound.rate_hz)
    return encode(mono, AudioFormat(rate_hz=sound.rate_hz, container="FLAC"))


def _short_sound(path: str) -> Audio:
    """The whole sound, if it is short enough: decoding ends where it is not, whatever the file claims."""
    blocks: list[Float32] = []
    n_samples = 0
    with open_reader(path) as reader:
        rate_hz = reader.header.rate_hz
        for block in reader.blocks(0):
            blocks.append(finite(block))
            n_samples += len(block)
            if n_samples > LONGEST_S * rate_hz:
                raise AudioError(
                    "the sound is too long to search by",
                    expected=f"at most {LONGEST_S:.0f} s",
                    do="cut out the part that you look for",
                )
    if not n_samples:
        raise EmptyAudio("no sound in the file", expected="at least one sample", got="none")
    return Audio(samples=np.ascontiguousarray(np.concatenate(blocks).T), rate_hz=rate_hz)


def _of_file(path: str, query: Query) -> Audio:
    facts = measure(path)
    start, stop = _span(facts.n_samples, facts.rate_hz, query, which=path)
    sound = open_sound(path, rate_hz=facts.rate_hz, n_channels=facts.n_channels, n_samples=facts.n_samples)
    return sound.span(start, stop)


def _cut(audio: Audio, query: Query, *, which: str) -> Audio:
    start, stop = _span(audio.n_samples, audio.rate_hz, query, which=which)
    return Audio(samples=audio.samples[:, start:stop], rate_hz=audio.rate_hz)


def _span(n_samples: int, rate_hz: int, query: Query, *, which: str) -> Sequence[int]:
    start = 0 if query.start_s is None else round(query.start_s * rate_hz)
    stop = n_samples if query.stop_s is None else min(n_samples, round(query.stop_s * rate_hz))
    if not 0 <= start < stop:
        raise AudioError(
            "the span holds no sound",
            which=which,
            expected=f"seconds from 0 to {n_samples / rate_hz:.3f}, the start first",
            got=f"{query.start_s} to {query.stop_s}",
        )
    return start, stop
