"""The sound of augmented clips: rendered from the parent's bytes, the spec and the seed, bit for bit the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from pipeline.audio.conform import conform, encode
from pipeline.catalog.augmentations import AugmentedClip, augmented_clip
from pipeline.catalog.clips import ClipSound, clip_sounds
from pipeline.catalog.projects import Project
from pipeline.core import registry
from pipeline.core.errors import AudioError, NotFound
from pipeline.core.plugin_spec import PluginSpec, canonical_json
from pipeline.core.types import Audio, AudioFormat
from pipeline.storage import Store
from pipeline.workflows.clip_audio import StoredClips, read_clip
from pipeline.workflows.operation import Conn


@dataclass(frozen=True, kw_only=True)
class CopySpec:
    """All by which one copy is made of its parent, but the seed.

    ``backgrounds`` are the clips that the chain may draw from, drawn for this copy from a selection.
    """

    chain: tuple[PluginSpec, ...]
    backgrounds: tuple[ClipSound, ...]
    audio_format: AudioFormat

    def to_json(self) -> dict[str, Any]:
        """As the row keeps it: every parameter, and the backgrounds by key and hash."""
        return {
            "chain": [spec.to_json() for spec in self.chain],
            "backgrounds": [_sound_to_json(sound) for sound in self.backgrounds],
            "audio_format": asdict(self.audio_format),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> CopySpec:
        """What ``to_json`` gave."""
        return cls(
            chain=tuple(PluginSpec.from_json(spec) for spec in value["chain"]),
            backgrounds=tuple(_sound_from_json(sound) for sound in value["backgrounds"]),
            audio_format=AudioFormat(**value["audio_format"]),
        )


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The file of an augmented clip, and what is in it."""

    data: bytes
    audio: Audio

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.data).digest()


def copy_seed(seed: int, parent_sha256: bytes, position: int, chain: Sequence[PluginSpec]) -> int:
    """A copy's own seed, 0 to 2**63 - 1, whatever else is augmented and in whatever order.

    The first 63 bits of the SHA-256 of the canonical JSON of the list [seed, the parent's sha256 in hex,
    position, chain], the chain with every parameter.
    """
    told = canonical_json([seed, parent_sha256.hex(), position, [spec.to_json() for spec in chain]])
    return int.from_bytes(hashlib.sha256(told).digest()[:8]) >> 1


def render_copy(store: Store, parent: ClipSound, spec: CopySpec, *, seed: int) -> Rendered:
    """The parent through the chain, in the parent's rate and channels, written as its audio format says.

    The same store, parent, spec and seed give the same bytes, in whatever process.
    Raises StorageError if the parent or a background is gone, AudioError if it cannot be augmented.
    """
    sound = read_clip(store, parent)
    audio_format = replace(spec.audio_format, rate_hz=sound.rate_hz, n_channels=sound.n_channels)
    rng = np.random.default_rng(seed)
    backgrounds = StoredClips(store, spec.backgrounds)
    for step in spec.chain:
        sound = registry.create("augmenter", step).augment(sound, rng, backgrounds=backgrounds)
    audio = conform(sound, audio_format)
    return Rendered(data=encode(audio, audio_format), audio=audio)


def render_again(clip: AugmentedClip, parent: ClipSound, *, store: Store) -> bytes:
    """The bytes of an augmented clip, rendered and proven by its hash.

    Raises AudioError if what comes out is not what was made then, StorageError as ``render_copy`` does.
    """
    made = render_copy(store, parent, CopySpec.from_json(clip.spec), seed=clip.seed)
    if made.sha256 != clip.sha256:
        raise AudioError(
            "an augmented clip comes out otherwise than it was made",
            which=f"{clip.augmentation}, clip {clip.clip_id}, copy {clip.position}",
            expected=f"sha256 {clip.sha256.hex()[:12]}",
            got=made.sha256.hex()[:12],
            do="install the versions of the libraries it was made by, or augment under a new name",
        )
    return made.data


def augmented_bytes(store: Store, clip: AugmentedClip, parent: ClipSound) -> bytes:
    """The bytes of an augmented clip: from the store if they are written there and whole, else rendered.

    Raises AudioError and StorageError as ``render_again`` does.
    """
    if clip.object_key is not None and store.exists(clip.object_key):
        data = store.read(clip.object_key)
        if hashlib.sha256(data).digest() == clip.sha256:
            return data
    return render_again(clip, parent, store=store)


def render(conn: Conn, project: Project, store: Store, augmented_clip_id: int) -> tuple[bytes, str, int]:
    """The bytes, MIME type and sample rate of an augmented clip, written or not, as a player takes them.

    Raises NotFound if this person sees no such one, AudioError and StorageError as ``render_again`` does.
    """
    clip = augmented_clip(conn, project.project_id, augmented_clip_id)
    parents = [] if clip is None else clip_sounds(conn, project.project_id, [clip.clip_id])
    if clip is None or not parents:
        raise NotFound("no such augmented clip in this project", which=augmented_clip_id, do="look it up again")
    is_flac = CopySpec.from_json(clip.spec).audio_format.container == "FLAC"
    return augmented_bytes(store, clip, parents[0]), "audio/flac" if is_flac else "audio/wav", clip.rate_hz


def _sound_to_json(sound: ClipSound) -> dict[str, Any]:
    # Field by field: rows outlive whatever else a ClipSound comes to hold.
    return {
        "clip_id": sound.clip_id,
        "object_key": sound.object_key,
        "sha256": sound.sha256.hex(),
        "rate_hz": sound.rate_hz,
        "duration_s": sound.duration_s,
    }


def _sound_from_json(value: Mapping[str, Any]) -> ClipSound:
    return ClipSound(
        clip_id=value["clip_id"],
        object_key=value["object_key"],
        sha256=bytes.fromhex(value["sha256"]),
        rate_hz=value["rate_hz"],
        duration_s=value["duration_s"],
    )
