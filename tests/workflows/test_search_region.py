"""Search by a region, by a sound in memory, and by bytes that a browser sent."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import soundfile

from pipeline.catalog.projects import Project
from pipeline.core.errors import AudioError, NotFound
from pipeline.core.types import Audio, AudioFormat
from pipeline.storage import Store
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest
from pipeline.workflows.search import search, search_by
from pipeline.workflows.search_query import LONGEST_S, Query, sound_of_bytes
from tests.conftest import ROOT

Conn = psycopg.Connection[Any]
RATE_HZ = 16_000
FORMAT = AudioFormat(rate_hz=RATE_HZ)
LOW_PITCHES_HZ = (180, 260, 380, 520)
HIGH_PITCHES_HZ = (2_600, 3_400, 4_600, 6_200)


def pulses(pitch_hz: float, per_s: float, *, seed: int) -> np.ndarray:
    """A second of beeps at a pitch, so many a second, over faint noise."""
    time_s = np.arange(RATE_HZ) / RATE_HZ
    beeps = np.sin(2 * np.pi * pitch_hz * time_s) * np.clip(np.sin(2 * np.pi * per_s * time_s), 0, 1)
    return 0.4 * beeps + np.random.default_rng(seed).normal(0, 0.0005, RATE_HZ)


@pytest.fixture
def beeps(conn: Conn, project: Project, store: Store, tmp_path: Path) -> Project:
    """Low and high beeps, each a clip, one pitch and pace a file."""
    folder = tmp_path / "beeps"
    folder.mkdir()
    for name, pitches in (("low", LOW_PITCHES_HZ), ("high", HIGH_PITCHES_HZ)):
        for i, pitch_hz in enumerate(pitches):
            soundfile.write(folder / f"{name}_{pitch_hz}.wav", pulses(pitch_hz, 3 + i, seed=pitch_hz), RATE_HZ)
    ingest(conn, project, str(folder))
    cut(conn, project, store)
    embed(conn, project, store)
    return project


@pytest.fixture
def mixed() -> Audio:
    """A low and a high beep at once, both in the project too."""
    both = pulses(LOW_PITCHES_HZ[1], 4, seed=1) + pulses(HIGH_PITCHES_HZ[2], 5, seed=2)
    return Audio(samples=both[np.newaxis].astype(np.float32), rate_hz=RATE_HZ)


def names(found: list[Any]) -> list[str]:
    return [clip.recording_name for clip in found]


def wav(samples: np.ndarray, rate_hz: int = RATE_HZ, *, kind: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format=kind)
    return file.getvalue()


def test_band_of_a_mixture_finds_the_clip_that_sounds_there(
    conn: Conn, beeps: Project, store: Store, mixed: Audio
) -> None:
    assert names(search(conn, beeps, store, mixed, high_hz=1_000, n=1)) == [f"low_{LOW_PITCHES_HZ[1]}.wav"]
    assert names(search(conn, beeps, store, mixed, low_hz=2_000, n=1)) == [f"high_{HIGH_PITCHES_HZ[2]}.wav"]


def test_span_and_band_together_are_a_region(conn: Conn, beeps: Project, store: Store, mixed: Audio) -> None:
    other = pulses(LOW_PITCHES_HZ[3], 6, seed=3) + pulses(HIGH_PITCHES_HZ[0], 3, seed=4)
    long = Audio(samples=np.concatenate((mixed.samples, other[np.newaxis].astype(np.float32)), axis=1), rate_hz=RATE_HZ)
    region = Query(like=long, start_s=1.0, stop_s=2.0, low_hz=2_000, high_hz=8_000)
    assert names(search_by(conn, beeps, store, region, n=1)) == [f"high_{HIGH_PITCHES_HZ[0]}.wav"]


def test_region_of_a_file_and_of_a_clip_are_the_same_search(
    conn: Conn, beeps: Project, store: Store, tmp_path: Path
) -> None:
    name = f"low_{LOW_PITCHES_HZ[2]}.wav"
    clip_id = conn.execute("SELECT clip_id FROM clip JOIN recording USING (recording_id) WHERE name = %s", (name,))
    by_clip, by_file = (
        search(conn, beeps, store, like, start_s=0.1, stop_s=0.8, high_hz=1_000, n=8, with_redundant=True)
        for like in (next(clip_id)[0], tmp_path / "beeps" / name)
    )
    assert name not in names(by_clip) and names(by_file)[0] == name
    assert len(by_clip) == len(by_file) - 1 > 0


def test_sound_at_another_rate_and_in_stereo_finds_its_clip(conn: Conn, beeps: Project, store: Store) -> None:
    time_s = np.arange(44_100) / 44_100
    beep = 0.2 * np.sin(2 * np.pi * LOW_PITCHES_HZ[0] * time_s) * np.clip(np.sin(2 * np.pi * 3 * time_s), 0, 1)
    heard = sound_of_bytes(wav(np.stack((beep, beep), axis=1), 44_100), "x", beeps.recipe.audio_format)
    assert heard.rate_hz == beeps.recipe.audio_format.rate_hz and heard.n_channels == 1
    assert names(search(conn, beeps, store, heard, n=1)) == [f"low_{LOW_PITCHES_HZ[0]}.wav"]


def test_region_that_holds_nothing_is_refused(conn: Conn, beeps: Project, store: Store) -> None:
    tone = np.sin(2 * np.pi * 300 * np.arange(2 * RATE_HZ) / RATE_HZ)
    tone[RATE_HZ:] = 0
    half = Audio(samples=tone[np.newaxis].astype(np.float32), rate_hz=RATE_HZ)
    with pytest.raises(AudioError, match="nothing sounds in this region"):
        search(conn, beeps, store, half, start_s=1.1, stop_s=1.9)
    with pytest.raises(AudioError, match="Hz from 0 to 8000"):
        search(conn, beeps, store, half, low_hz=8_500)
    with pytest.raises(AudioError, match=r"seconds from 0 to 2\.000"):
        search(conn, beeps, store, half, start_s=3)
    with pytest.raises(NotFound, match="no such clip"):
        search(conn, beeps, store, 10_000_000, low_hz=100)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "zero bytes"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "a PNG picture"),
        (b"RIFF\x10\x00\x00\x00WAVEjunk", "song.wav"),
        (wav(np.zeros(0)), "song.wav"),
    ],
)
def test_bytes_that_are_no_sound_are_refused_by_the_name_the_person_knows(data: bytes, words: str) -> None:
    with pytest.raises(AudioError) as refused:
        sound_of_bytes(data, "../../etc/song.wav", FORMAT)
    assert words in str(refused.value) and "song.wav" in str(refused.value)
    assert "earmark-query" not in str(refused.value) and "etc" not in str(refused.value)


def test_name_and_type_of_bytes_decide_nothing() -> None:
    samples = 0.1 * np.sin(np.arange(RATE_HZ) / 9)
    assert sound_of_bytes(wav(samples, kind="OGG"), "picture.png", FORMAT).n_samples == RATE_HZ


def test_sound_that_is_too_long_is_refused_before_it_is_all_decoded() -> None:
    data = wav(np.zeros(round((LONGEST_S + 1) * 8_000)), 8_000, kind="FLAC")
    with pytest.raises(AudioError, match=r"too long to search by: hours\.flac; expected at most 120 s"):
        sound_of_bytes(data, "hours.flac", FORMAT)


def test_length_policy_is_for_clips_not_for_what_is_shown() -> None:
    padded = AudioFormat(rate_hz=RATE_HZ, length_policy="pad", length_s=3.0)
    assert sound_of_bytes(wav(np.ones(RATE_HZ) / 3), "x", padded).n_samples == RATE_HZ


def test_command_line_takes_a_region(conn: Conn, empty_database: str, beeps: Project, tmp_path: Path) -> None:
    both = pulses(LOW_PITCHES_HZ[1], 4, seed=1) + pulses(HIGH_PITCHES_HZ[2], 5, seed=2)
    soundfile.write(tmp_path / "both.wav", np.concatenate((np.zeros(RATE_HZ), both)), RATE_HZ)
    environ = os.environ | {
        "EARMARK_DATABASE_URL": empty_database,
        "EARMARK_WORKSPACE": str(tmp_path),
        "EARMARK_STORE": (tmp_path / "store").as_uri(),
        "EARMARK_PROJECT": beeps.name,
    }

    def earmark(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipeline.cli", "search", *words]
        return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)

    region = ("--from", "1", "--to", "2", "--low", "2000", "--high", "8000")
    done = earmark("--file", str(tmp_path / "both.wav"), *region, "--n", "1", "--json")
    assert [clip["recording_name"] for clip in json.loads(done.stdout)["clips"]] == [f"high_{HIGH_PITCHES_HZ[2]}.wav"]
    refused = earmark("--unlike", "--low", "100")
    assert refused.returncode == 2 and "a region is one of a clip or a file" in refused.stderr
