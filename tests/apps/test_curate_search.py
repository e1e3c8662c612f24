"""The state of the curate page's search, in a real database with real sound."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from apps.curate.search_state import N_FIRST, SearchState
from apps.curate.state import CurateState
from apps.session import Session
from pipeline.core.errors import AudioError, NotFound
from tests.apps.digits import COPIES, N_DIGITS
from tests.conftest import ROOT

HEAVY = ("torch", "librosa", "sklearn", "fiftyone", "lightly")


@pytest.fixture
def session(digits_session: Session) -> Session:
    return digits_session


@pytest.fixture
def search(session: Session) -> SearchState:
    return SearchState(CurateState(session))


def clip_of(session: Session, name: str) -> int:
    statement = "SELECT clip_id FROM clip JOIN recording r USING (recording_id) WHERE r.name = %s"
    row = session.workspace.conn.execute(statement, (name,)).fetchone()
    assert row is not None
    return row[0]


def test_bytes_are_shown_as_they_are_searched_by(search: SearchState, test_data: Path, tmp_path: Path) -> None:
    shown = search.by_bytes((test_data / "fsdd" / "2_lucas_0.wav").read_bytes(), "mine.wav")
    (tmp_path / "shown").write_bytes(shown.data)
    info = soundfile.info(tmp_path / "shown")
    assert (info.samplerate, info.channels, info.format) == (shown.rate_hz, 1, "FLAC")
    found = search.find()
    assert found.clips[0].recording_name == "2_lucas_0.wav"
    assert found.cards[found.clips[0].clip_id].labels == ["2"]


def test_file_that_is_no_sound_leaves_the_search_as_it_was(search: SearchState, session: Session) -> None:
    search.by_clip(clip_of(session, "0_theo_1.wav"))
    before = search.find()
    with pytest.raises(AudioError, match="got text"):
        search.by_bytes(b"Dear reader, " * 99, "letter.wav")
    assert search.find().clips == before.clips


def test_region_is_of_what_is_searched_by_and_of_nothing_else(search: SearchState, session: Session) -> None:
    region = {"start_s": 0.1, "stop_s": None, "low_hz": None, "high_hz": 1_000.0}
    assert not search.by_region(**region)
    clip_id = clip_of(session, "0_theo_1.wav")
    search.by_clip(clip_id)
    whole = search.find()
    assert search.by_region(**region)
    part = search.find()
    assert part.clips != whole.clips and clip_id not in {clip.clip_id for clip in part.clips}
    assert search.by_region(start_s=None, stop_s=None, low_hz=None, high_hz=None)
    assert search.find().clips == whole.clips


def test_longer_list_begins_with_the_shorter_one_and_ends_with_the_last_clip(
    search: SearchState, session: Session
) -> None:
    session.workspace.conn.execute("UPDATE clip SET is_redundant = false")
    search.by_clip(clip_of(session, "0_theo_1.wav"))
    short = search.find()
    assert len(short.clips) == N_FIRST and short.has_more
    search.longer()
    long = search.find()
    assert len(long.clips) == N_DIGITS + len(COPIES) - 1 and not long.has_more
    assert long.clips[:N_FIRST] == short.clips


def test_unlike_anything_has_no_query(search: SearchState) -> None:
    search.by_nothing()
    cosines = [clip.cosine for clip in search.find().clips]
    assert search.query is None and cosines == sorted(cosines) and cosines


def test_clip_that_is_gone_says_so(search: SearchState) -> None:
    with pytest.raises(NotFound, match="no such clip"):
        search.by_clip(10_000_000)


def test_page_imports_nothing_heavy() -> None:
    code = f"import sys, apps.curate.search_tab; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
