"""Long clips in parts: nothing is missing between them, the outline is true, and spoilt bytes are refused."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.catalog.clips import ClipSound
from pipeline.core.errors import NotFound, StorageError
from pipeline.storage import Store
from pipeline.workflows.long_clips import PART_S, LongClips

RATE_HZ = 8000


def kept(
    store: Store, samples: np.ndarray, *, clip_id: int = 1, subtype: str = "PCM_16", form: str = "WAV"
) -> ClipSound:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE_HZ, format=form, subtype=subtype)
    key = store.put(file.getvalue(), suffix=f".{form.lower()}")
    digest = hashlib.sha256(file.getvalue()).digest()
    seconds = len(samples) / RATE_HZ
    return ClipSound(clip_id=clip_id, object_key=key, sha256=digest, rate_hz=RATE_HZ, duration_s=seconds)


def nobody() -> ClipSound | None:
    return None


def samples_of(data: bytes) -> np.ndarray:
    return soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)[0]


@pytest.mark.parametrize(("subtype", "form"), [("PCM_16", "WAV"), ("FLOAT", "WAV"), ("PCM_24", "FLAC")])
def test_parts_joined_are_the_clip(store: Store, subtype: str, form: str) -> None:
    sound = np.random.default_rng(3).uniform(-0.9, 0.9, (int(2.5 * PART_S * RATE_HZ), 2)).astype(np.float32)
    clips = LongClips(store)
    stored = kept(store, sound, subtype=subtype, form=form)
    outline = clips.outline(stored)
    parts = [samples_of(clips.part(nobody, 1, number)[0]) for number in range(3)]
    assert [len(part) for part in parts] == [PART_S * RATE_HZ, PART_S * RATE_HZ, PART_S * RATE_HZ / 2]
    np.testing.assert_allclose(np.concatenate(parts), sound, atol=1 / 2**15)
    assert (outline.n_samples, outline.n_channels, outline.rate_hz) == (len(sound), 2, RATE_HZ)
    with pytest.raises(NotFound):
        clips.part(nobody, 1, 3)
    with pytest.raises(NotFound):
        clips.part(nobody, 1, -1)


def test_outline_shows_a_click_where_it_is(store: Store) -> None:
    sound = np.zeros(200 * RATE_HZ, dtype=np.float32)
    sound[150 * RATE_HZ] = -0.75
    peaks = LongClips(store).outline(kept(store, sound)).peaks
    place = int(peaks[:, 0].argmin())
    assert peaks[place] == pytest.approx([-0.75, 0], abs=1e-4)
    assert place / len(peaks) == pytest.approx(0.75, abs=1 / len(peaks))
    assert np.count_nonzero(peaks) == 1


def test_part_of_a_clip_that_is_open_no_more_opens_it_again(store: Store) -> None:
    rng = np.random.default_rng(5)
    stored = [kept(store, rng.uniform(-0.5, 0.5, 1000), clip_id=i) for i in range(4)]
    clips = LongClips(store)
    for sound in stored:
        clips.outline(sound)
    assert len(samples_of(clips.part(stored[:1].pop, 0, 0)[0])) == 1000
    with pytest.raises(NotFound):
        clips.part(nobody, 1, 0)
    clips.close()
    with pytest.raises(NotFound):
        clips.part(nobody, 0, 0)


def test_bytes_that_are_not_those_that_were_cut_are_refused(store: Store) -> None:
    sound = kept(store, np.zeros(1000))
    path = store.local_path(sound.object_key)
    assert path is not None
    Path(path).write_bytes(Path(path).read_bytes()[:-2] + b"\x01\x00")
    with pytest.raises(StorageError, match="not what was cut"):
        LongClips(store).outline(sound)
