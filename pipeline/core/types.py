"""The values that everything else is made of: frozen, keyword-only, units in the names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.core.errors import SettingsError

Float32 = NDArray[np.float32]
"""Arrays of sound, features and embeddings are float32 throughout; each docstring gives the shape."""

Workers = int | str
"""Who does parallel work: so many processes of this machine, or the Dask cluster at this scheduler's address."""

LengthPolicy = Literal["keep", "pad", "crop", "pad_or_crop"]


@dataclass(frozen=True, kw_only=True)
class AudioFormat:
    """What every clip of a project must be.

    ``length_policy`` keep leaves lengths alone; pad fills short clips with silence up to
    ``length_s``; crop cuts long ones down to it (the middle stays); pad_or_crop does both.
    """

    rate_hz: int = 16_000
    n_channels: int = 1
    subtype: Literal["PCM_16", "PCM_24", "FLOAT"] = "PCM_16"
    container: Literal["WAV", "FLAC"] = "WAV"
    length_policy: LengthPolicy = "keep"
    length_s: float | None = None

    def __post_init__(self) -> None:
        if not 1_000 <= self.rate_hz <= 384_000:
            raise SettingsError("rate_hz out of range", expected="1000 to 384000", got=self.rate_hz)
        if not 1 <= self.n_channels <= 64:
            raise SettingsError("n_channels out of range", expected="1 to 64", got=self.n_channels)
        if self.container == "FLAC" and (self.subtype == "FLOAT" or self.n_channels > 8):
            raise SettingsError(
                "FLAC holds PCM_16 or PCM_24 of at most 8 channels",
                got=f"{self.subtype}, {self.n_channels} channels",
            )
        if (self.length_policy == "keep") != (self.length_s is None):
            raise SettingsError(
                "length_policy and length_s do not fit",
                expected="keep without length_s, any other policy with it",
                got=f"{self.length_policy}, {self.length_s}",
            )
        if self.length_s is not None and self.length_s <= 0:
            raise SettingsError("length_s out of range", expected="more than 0", got=self.length_s)


@dataclass(frozen=True, kw_only=True)
class Audio:
    """Sound in memory: float32 (channels, n) in [-1, 1], at ``rate_hz``."""

    samples: Float32
    rate_hz: int

    @property
    def n_channels(self) -> int:
        return self.samples.shape[0]

    @property
    def n_samples(self) -> int:
        return self.samples.shape[1]

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.rate_hz


class Sound(Protocol):
    """A recording that can be decoded, whole, by block or by span, without being held in memory."""

    @property
    def rate_hz(self) -> int: ...
    @property
    def n_channels(self) -> int: ...
    @property
    def n_samples(self) -> int:
        """Samples per channel that decoding really gives."""
        ...

    def blocks(self) -> Iterator[Audio]:
        """Consecutive blocks from the first sample to the last."""
        ...

    def span(self, start: int, stop: int) -> Audio:
        """Samples start (included) to stop (excluded), in the recording's own rate."""
        ...


class ProblemKind(StrEnum):
    """The ways in which sound misses what is asked of it (docs/glossary.md: problem)."""

    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    SILENT = "silent"
    CLIPPED = "clipped"
    DC_OFFSET = "dc offset"
    WRONG_RATE = "wrong rate"
    WRONG_CHANNELS = "wrong channels"
    WRONG_DEPTH = "wrong depth"
    DROPPED_OUT = "dropped out"
    UP_SAMPLED = "up-sampled"
    TRUNCATED = "truncated"
    NOT_FINITE = "not finite"
    DUPLICATE_FILE = "duplicate file"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One way in which sound misses the format. ``fix`` says what cut does about it, None if nothing can be done."""

    kind: ProblemKind
    message: str
    fix: str | None = None


@dataclass(frozen=True, kw_only=True)
class AudioFacts:
    """What is known of a file after it has been read once, to the last sample.

    ``claimed_n_samples`` is the header's word (None: it says nothing); ``n_samples`` was counted.
    ``pcm_sha256`` is the hash of the decoded samples: equal sound in unequal files has equal hashes.
    Levels are None for a file without energy. ``bandwidth_hz`` is None where too little sound is there to tell;
    ``n_dropped_samples`` lie in runs of exact zeros within sound.
    """

    container: str
    codec: str
    rate_hz: int
    n_channels: int
    n_samples: int
    claimed_n_samples: int | None
    bit_depth: int | None
    pcm_sha256: bytes
    peak_dbfs: float | None
    rms_dbfs: float | None
    clipped_ratio: float
    dc_offset: float
    n_not_finite: int
    bandwidth_hz: float | None
    n_dropped_samples: int

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.rate_hz


@dataclass(frozen=True, kw_only=True)
class Descriptors:
    """What clips are filtered by. None means that the clip is too short, too quiet or too steady to tell.

    ``dc_offset`` is the largest of any channel; ``bandwidth_hz`` is half the rate unless the sound ends sooner.
    """

    loudness_lufs: float | None = None
    snr_db: float | None = None
    silence_ratio: float | None = None
    clipped_ratio: float | None = None
    dc_offset: float | None = None
    bandwidth_hz: float | None = None


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A span that a segmenter proposes: half-open, in samples of the recording's own rate."""

    start: int
    stop: int


Preference = Literal["labelled", "longest", "highest rate", "least clipped"]
"""What makes a clip represent its near-duplicate group."""
Finding = Literal["identical", "same recording", "sounds alike"]
"""What connects two clips: the same samples; one recording, whatever it went through; embeddings that lie near."""


@dataclass(frozen=True, kw_only=True)
class DuplicateMember:
    """One clip of a near-duplicate group, by its index in what was given. Distance 0 is the same, 1 unlike.

    ``lag_s``: the clip begins so much later than the representative (negative: earlier), in the ``overlap_s`` of
    sound that they share; ``overlap_s`` is None where nothing was laid on each other.
    """

    index: int
    finding: Finding
    distance: float
    reason: str
    lag_s: float = 0.0
    overlap_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class DuplicateGroup:
    """Clips that hold the same sound. The representative is one of the members, at distance 0."""

    representative: int
    members: tuple[DuplicateMember, ...]


@dataclass(frozen=True, kw_only=True)
class Pick:
    """One selected clip, by its index in what was given, and why it was chosen."""

    index: int
    reason: str


Answer = Literal["label", "unsure", "none_of_these", "bad_audio", "withdrawn"]
AnnotationSource = Literal["human", "folder", "file_name", "csv", "function", "model"]
Screen = Literal["deck", "grid", "flags", "map"]
"""Where a person answered."""


@dataclass(frozen=True, kw_only=True)
class Vote:
    """One source's statement about one clip, as consensus reads it.

    ``settles``: a reviewer's last word. ``also``: what else sounds in the clip.
    """

    source: AnnotationSource
    author: str
    answer: Answer
    label: str | None
    confidence: float | None = None
    settles: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Consensus:
    """What the votes on one clip come to. ``label`` is None for every answer that is no label."""

    answer: Answer
    label: str | None
    confidence: float
    n_votes: int
    is_disputed: bool
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One item that a stage could not finish: which, the error's class, and the sentence for a person."""

    item: str
    error: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of the items that a workflow took in: every one is done or failed.

    ``n_unchanged`` of the done ones needed no work. ``detail`` holds a stage's own counts.
    """

    n_input: int
    n_done: int
    n_unchanged: int = 0
    failed: tuple[Failure, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        if self.n_input != self.n_done + len(self.failed):
            raise ValueError(f"{self.n_input} in, but {self.n_done} done and {len(self.failed)} failed")


@dataclass(frozen=True, kw_only=True)
class ReleaseItem:
    """One clip of a dataset version, as exporters and manifests see it.

    ``object_key`` names the clip's bytes in the store; ``group`` is what never straddles splits; ``also`` are the
    labels of what else sounds in the clip.
    """

    clip_id: int
    split: str
    label: str
    confidence: float
    n_votes: int
    object_key: str
    sha256: bytes
    rate_hz: int
    n_channels: int
    n_samples: int
    recording_uri: str
    start_sample: int
    stop_sample: int
    group: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DatasetVersion:
    """A frozen set of labelled clips with their splits."""

    dataset_version_id: int
    dataset: str
    version: int
    n_items: int
    manifest_sha256: bytes
    frozen_at: datetime
    author: str


@dataclass(frozen=True, kw_only=True)
class Heard:
    """How a person listened before answering. ``share`` in [0, 1]: which part of the clip sounded at least once."""

    n_plays: int
    heard_s: float
    response_ms: int
    speed: float = 1.0
    share: float | None = None


@dataclass(frozen=True, kw_only=True)
class AnswerGiven:
    """One person's answer. ``annotation_id`` is made by the browser, so that sending twice saves once.

    ``picture`` is the hash of the spectrogram recipe by which the clip was seen; ``settles`` is a reviewer's last word;
    ``also`` are further labels, besides ``label``, where a project lets a clip have many.
    """

    annotation_id: UUID
    clip_id: int
    answer: Answer
    label: str | None
    heard: Heard | None
    supersedes: UUID | None = None
    screen: Screen | None = None
    picture: str | None = None
    settles: bool = False
    also: tuple[str, ...] = ()
