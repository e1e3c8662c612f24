"""Every augmenter on real clips, as a listener meets it: audibly other, sane, and the very bytes that were rendered.

Digits of fsdd and five-second sounds of ESC-10; rain of ESC-10 is the background, a decay of half a second the room.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import soundfile
from numpy.typing import NDArray

from pipeline.audio.features import log_mel
from pipeline.catalog import augmentations
from pipeline.catalog.projects import Project
from pipeline.core import registry
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio
from pipeline.storage import Store
from pipeline.workflows.augment import augment, render, write_augmented
from pipeline.workflows.clip_audio import clip_bytes
from pipeline.workflows.cut import cut
from pipeline.workflows.ingest import ingest
from pipeline.workflows.select import save_chosen

Conn = psycopg.Connection[Any]
NAMES = registry.names("augmenter")
N_DIGITS = 5
N_COPIES = 3
N_PARENTS = 10
FULL_SCALE = 1 - 2.0**-15
HEARD_RANGE_DB = 60
MAX_LEVEL_CHANGE_DB = 12.0
SILENCE_DBFS = -60.0
LEAST_CHANGE_DB = 0.75


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A parent and its copy as samples float64 (n,), at one rate."""

    parent: NDArray[np.float64]
    copy: NDArray[np.float64]
    rate_hz: int


@pytest.fixture
def heard(conn: Conn, project: Project, store: Store, test_data: Path, open_folder: Path) -> Project:
    """Real clips in the selection parents, rain in rain, a room's response in room."""
    digits = sorted((test_data / "fsdd").glob("*_0.wav"))
    digits = digits[:: len(digits) // N_DIGITS][:N_DIGITS]
    kinds = sorted(folder for folder in (test_data / "esc10").iterdir() if folder.is_dir())
    for path in [*digits, *(sorted(kind.glob("*.ogg"))[0] for kind in kinds[::2])]:
        shutil.copy2(path, open_folder / f"a_{path.parent.name.replace(' ', '')}_{path.name}")
    for path in sorted(next(kind for kind in kinds if "Rain" in kind.name).glob("*.ogg"))[1:3]:
        shutil.copy2(path, open_folder / f"b_{path.name}")
    soundfile.write(open_folder / "c_room.wav", room(16_000), 16_000)
    ingest(conn, project, str(open_folder))
    cut(conn, project, store)
    rows = conn.execute("SELECT r.name, c.clip_id FROM clip c JOIN recording r USING (recording_id) ORDER BY r.name")
    by_kind: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    for name, clip_id in rows:
        by_kind[name[0]].append(clip_id)
    for kind, name in (("a", "parents"), ("b", "rain"), ("c", "room")):
        save_chosen(conn, project, name, by_kind[kind])
    return project


@pytest.mark.parametrize("name", NAMES)
def test_copies_of_real_clips_are_sane_audibly_other_and_played_as_rendered(
    conn: Conn, heard: Project, store: Store, name: str
) -> None:
    needs = {"background_mix": "rain", "impulse_response": "room"}.get(name)
    chain = [PluginSpec(name=name)]
    outcome = augment(
        conn, heard, store, "heard", chain, n_copies=N_COPIES, selection="parents", backgrounds=needs, workers=2
    )
    assert outcome.failed == ()
    pairs = list(played(conn, heard, store))
    assert len(pairs) == N_COPIES * N_PARENTS
    for pair in pairs:
        assert np.isfinite(pair.copy).all()
        assert n_clipped(pair.copy) / len(pair.copy) <= n_clipped(pair.parent) / len(pair.parent)
        assert abs(level_db(pair.copy) - level_db(pair.parent)) <= MAX_LEVEL_CHANGE_DB
        assert level_db(pair.copy) > SILENCE_DBFS
        assert not np.array_equal(pair.copy, pair.parent)
    # A drawn copy may come out next to its parent (a gain of 0.1 dB); an augmenter whose copies mostly do is of no use.
    assert np.median([waveform_change_db(pair) for pair in pairs]) > -30
    assert np.median([spectrum_change_db(pair) for pair in pairs]) > LEAST_CHANGE_DB


def played(conn: Conn, project: Project, store: Store) -> Iterator[Pair]:
    """Parents and copies as a player gets them, the same bytes before and after they are written."""
    rows = augmentations.augmented_clips(conn, project.project_id, "heard")
    before = [render(conn, project, store, row.augmented_clip_id) for row in rows]
    write_augmented(conn, project, store, "heard", workers=2)
    for row, (data, mime, rate_hz) in zip(rows, before, strict=True):
        assert hashlib.sha256(data).digest() == row.sha256
        assert render(conn, project, store, row.augmented_clip_id) == (data, mime, rate_hz)
        of_parent = clip_bytes(conn, project, store, row.clip_id)
        assert (mime, rate_hz) == of_parent[1:]
        yield Pair(parent=samples(of_parent[0]), copy=samples(data), rate_hz=rate_hz)


def samples(data: bytes) -> NDArray[np.float64]:
    return np.asarray(soundfile.read(io.BytesIO(data), dtype="float64")[0])


def level_db(sound: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1e-12))


def n_clipped(sound: NDArray[np.float64]) -> int:
    """How many samples stand at full scale beside another that does; a lone one is a peak turned down to it."""
    is_full = np.abs(sound) >= FULL_SCALE
    return int(np.count_nonzero(is_full[1:] & is_full[:-1]))


def waveform_change_db(pair: Pair) -> float:
    """The level of what differs against the parent's, the shorter one filled with silence."""
    n = max(len(pair.parent), len(pair.copy))
    parent, copy = (np.pad(sound, (0, n - len(sound))) for sound in (pair.parent, pair.copy))
    return level_db(copy - parent) - level_db(parent)


def spectrum_change_db(pair: Pair) -> float:
    """How far the log-mel spectrogram moved, on average, where the parent is within 60 dB of its loudest."""
    parent, copy = (
        log_mel(Audio(samples=sound[np.newaxis].astype(np.float32), rate_hz=pair.rate_hz))
        for sound in (pair.parent, pair.copy)
    )
    n = min(parent.shape[1], copy.shape[1])
    is_heard = parent[:, :n] > parent.max() - HEARD_RANGE_DB
    return float(np.abs(copy[:, :n] - parent[:, :n])[is_heard].mean())


def room(rate_hz: int) -> NDArray[np.float64]:
    """A made impulse response float64 (n,): the direct sound, then noise that falls by 60 dB in half a second."""
    n = rate_hz // 2
    tail = np.random.default_rng(0).standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
    tail *= 0.1
    tail[0] = 0.9
    return tail
