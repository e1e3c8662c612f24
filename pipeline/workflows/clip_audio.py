"""The sound of clips, from the store: as bytes for a player, as samples for a plug-in."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import overload

import numpy as np
import soundfile

from pipeline.catalog.clips import ClipSound, clip_sound
from pipeline.catalog.projects import Project
from pipeline.core.errors import NotFound, StorageError
from pipeline.core.types import Audio
from pipeline.storage import Store
from pipeline.workflows.operation import Conn


def clip_bytes(conn: Conn, project: Project, store: Store, clip_id: int) -> tuple[bytes, str, int]:
    """The bytes, MIME type and sample rate of a clip that this person may hear.

    Raises NotFound if they see no such clip, StorageError if its bytes are gone, or not those that were cut.
    """
    sound = clip_sound(conn, project.project_id, clip_id)
    if sound is None:
        raise NotFound(
            "no such clip in this project", which=clip_id, do="look it up again, its recording may have been cut anew"
        )
    mime = "audio/flac" if sound.object_key.endswith(".flac") else "audio/wav"
    return _proven_bytes(store, sound), mime, sound.rate_hz


def read_clip(store: Store, sound: ClipSound) -> Audio:
    """The conformed samples of a clip. Raises StorageError if its bytes are gone, or not those that were cut."""
    samples, rate_hz = soundfile.read(io.BytesIO(_proven_bytes(store, sound)), dtype="float32", always_2d=True)
    return Audio(samples=np.asarray(samples, np.float32).T, rate_hz=rate_hz)


def _proven_bytes(store: Store, sound: ClipSound) -> bytes:
    data = store.read(sound.object_key)
    if hashlib.sha256(data).digest() != sound.sha256:
        raise StorageError(
            "an object of the store is not what was cut",
            which=f"clip {sound.clip_id} ({sound.object_key})",
            do="restore the store from its backup",
        )
    return data


class StoredClips(Sequence[Audio]):
    """Clips of which only those are read that are asked for; their sound as ``read_clip`` gives it."""

    def __init__(self, store: Store, sounds: Sequence[ClipSound]) -> None:
        self._store = store
        self._sounds = sounds

    def __len__(self) -> int:
        return len(self._sounds)

    @overload
    def __getitem__(self, index: int) -> Audio: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Audio]: ...
    def __getitem__(self, index: int | slice) -> Audio | Sequence[Audio]:
        if isinstance(index, slice):
            return StoredClips(self._store, self._sounds[index])
        return read_clip(self._store, self._sounds[index])
