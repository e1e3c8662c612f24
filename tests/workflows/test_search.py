"""Search: what sounds most alike comes first, by clip, by span and by file; nobody sees what is not theirs."""

from __future__ import annotations

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

from bench.near_pairs import made_vectors
from pipeline.catalog import embeddings
from pipeline.catalog.projects import Project, create_project
from pipeline.catalog.search import has_index, nearest_clips, serving_encoder
from pipeline.core.errors import AudioError, NotFound, NotPermitted
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import load_recipe
from pipeline.storage import Store
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest
from pipeline.workflows.search import search, search_unlike
from tests.catalog.made_rows import fill, make_project
from tests.conftest import ROOT
from tests.people import logged_in
from tests.workflows.conftest import SPEAKERS

Conn = psycopg.Connection[Any]
N_DIMS = 128


@pytest.fixture
def searched(conn: Conn, project: Project, store: Store, digits: Path) -> Project:
    """The digits, cut and embedded, and a louder copy of one of them."""
    samples, rate_hz = soundfile.read(digits / "3_george_1.wav", dtype="float32")
    soundfile.write(digits / "9_copy_0.wav", samples / np.abs(samples).max() * 0.9, rate_hz)
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    embed(conn, project, store)
    return project


def clip_of(conn: Conn, name: str) -> int:
    row = conn.execute(
        "SELECT clip_id FROM clip JOIN recording USING (recording_id) WHERE name = %s", (name,)
    ).fetchone()
    assert row is not None
    return row[0]


def test_copy_comes_first_and_the_clip_itself_not_at_all(conn: Conn, searched: Project, store: Store) -> None:
    clip_id = clip_of(conn, "3_george_1.wav")
    found = search(conn, searched, store, clip_id, n=5)
    assert len(found) == 5 and found[0].recording_name == "9_copy_0.wav" and found[0].cosine > 0.99
    assert clip_id not in {clip.clip_id for clip in found}
    assert [clip.cosine for clip in found] == sorted((clip.cosine for clip in found), reverse=True)


def test_file_finds_the_clip_that_was_cut_of_it(conn: Conn, searched: Project, store: Store, digits: Path) -> None:
    found = search(conn, searched, store, digits / "2_theo_0.wav", n=1)
    assert [clip.recording_name for clip in found] == ["2_theo_0.wav"] and found[0].cosine > 0.999


def test_span_of_a_file_finds_the_sound_within(
    conn: Conn, searched: Project, store: Store, digits: Path, tmp_path: Path
) -> None:
    parts = [soundfile.read(digits / name, dtype="float32")[0] for name in ("0_theo_0.wav", "4_lucas_2.wav")]
    soundfile.write(tmp_path / "both.flac", np.concatenate(parts), 8_000)
    start_s = len(parts[0]) / 8_000
    (found,) = search(conn, searched, store, tmp_path / "both.flac", start_s=start_s, n=1)
    assert found.recording_name == "4_lucas_2.wav"
    (found,) = search(conn, searched, store, tmp_path / "both.flac", stop_s=start_s, n=1)
    assert found.recording_name == "0_theo_0.wav"


def test_span_of_a_clip_is_another_question_than_the_clip(conn: Conn, searched: Project, store: Store) -> None:
    clip_id = clip_of(conn, "3_george_1.wav")
    whole, part = (search(conn, searched, store, clip_id, stop_s=stop_s, n=60) for stop_s in (None, 0.1))
    assert [clip.cosine for clip in whole] != [clip.cosine for clip in part]


@pytest.mark.parametrize(("start_s", "stop_s"), [(0.2, 0.2), (0.3, 0.1), (99.0, None)])
def test_span_without_sound_is_refused(
    conn: Conn, searched: Project, store: Store, start_s: float, stop_s: float | None
) -> None:
    with pytest.raises(AudioError, match="holds no sound"):
        search(conn, searched, store, clip_of(conn, "3_george_1.wav"), start_s=start_s, stop_s=stop_s)


def test_redundant_clips_come_only_when_asked_for(conn: Conn, searched: Project, store: Store) -> None:
    copy, clip_id = clip_of(conn, "9_copy_0.wav"), clip_of(conn, "3_george_1.wav")
    conn.execute("UPDATE clip SET is_redundant = true WHERE clip_id = %s", (copy,))
    assert copy not in {clip.clip_id for clip in search(conn, searched, store, clip_id, n=60)}
    assert search(conn, searched, store, clip_id, n=1, with_redundant=True)[0].clip_id == copy


def test_clip_without_an_embedding_is_searched_by_its_sound(conn: Conn, searched: Project, store: Store) -> None:
    clip_id = clip_of(conn, "3_george_1.wav")
    before = search(conn, searched, store, clip_id, n=3)
    conn.execute("DELETE FROM map_point WHERE clip_id = %s", (clip_id,))
    conn.execute("DELETE FROM embedding WHERE clip_id = %s", (clip_id,))
    after = search(conn, searched, store, clip_id, n=3)
    assert [clip.clip_id for clip in before] == [clip.clip_id for clip in after]


def test_clip_unlike_anything_is_found(conn: Conn, searched: Project, store: Store, digits: Path) -> None:
    soundfile.write(digits / "tone.wav", 0.5 * np.sin(np.arange(8_000) * 2 * np.pi * 3_000 / 8_000), 8_000)
    ingest(conn, searched, str(digits))
    cut(conn, searched, store)
    embed(conn, searched, store)
    found = search_unlike(conn, searched, n=3)
    assert found[0].recording_name == "tone.wav"
    assert [clip.cosine for clip in found] == sorted(clip.cosine for clip in found)


def test_search_before_embed_says_what_to_do(conn: Conn, project: Project, store: Store) -> None:
    for ask in (lambda: search(conn, project, store, 1), lambda: search_unlike(conn, project)):
        with pytest.raises(NotFound, match="earmark embed"):
            ask()


def test_reviewer_finds_annotator_and_stranger_do_not(
    conn: Conn, empty_database: str, searched: Project, store: Store
) -> None:
    clip_id = clip_of(conn, "3_george_1.wav")
    other = create_project(conn, "other", load_recipe())
    with logged_in(conn, empty_database, searched.project_id, "reviewer") as reviewer:
        assert len(search(reviewer, searched, store, clip_id, n=5)) == len(search_unlike(reviewer, searched, n=5)) == 5
    with logged_in(conn, empty_database, searched.project_id, "annotator") as annotator, pytest.raises(NotPermitted):
        search(annotator, searched, store, clip_id)
    encoder = serving_encoder(conn, searched.project_id)
    vector = np.ones(encoder.n_dims, np.float32)
    with logged_in(conn, empty_database, other.project_id, "reviewer") as stranger:
        assert nearest_clips(stranger, searched.project_id, encoder, vector, n=5) == []


def test_index_gives_what_the_exact_scan_gives_also_beyond_its_first_forty(conn: Conn, empty_database: str) -> None:
    project_id, operation_id = make_project(conn)
    clip_ids = fill(conn, project_id, operation_id, n_recordings=40, n_clips_each=50)
    vectors = made_vectors(len(clip_ids), seed=3)
    encoder_id = embeddings.use_encoder(conn, project_id, PluginSpec(name="made"), n_dims=N_DIMS)
    embeddings.save_embeddings(conn, project_id, encoder_id, list(zip(clip_ids, vectors, strict=True)))
    embeddings.set_current(conn, project_id, encoder_id)
    encoder = serving_encoder(conn, project_id)
    assert not has_index(conn, encoder)
    exact = [clip.clip_id for clip in nearest_clips(conn, project_id, encoder, vectors[7], n=300)]
    conn.execute(
        f"CREATE INDEX made ON embedding USING hnsw ((vector::halfvec({N_DIMS})) halfvec_cosine_ops) "
        f"WHERE encoder_id = {encoder_id}".encode()
    )
    assert has_index(conn, encoder)
    with logged_in(conn, empty_database, project_id, "reviewer") as reviewer:
        reviewer.execute("SET enable_sort = off")  # two thousand rows are sorted as fast as an index is walked
        found = [clip.clip_id for clip in nearest_clips(reviewer, project_id, encoder, vectors[7], n=300)]
    assert len(found) == 300 and found[0] == exact[0] == clip_ids[7]
    assert len(set(found) & set(exact)) >= 285
    used = conn.execute("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'made'").fetchone()
    assert used is not None and used[0] >= 1


def test_command_line_lists_the_nearest(
    conn: Conn, empty_database: str, searched: Project, digits: Path, tmp_path: Path
) -> None:
    environ = os.environ | {
        "EARMARK_DATABASE_URL": empty_database,
        "EARMARK_WORKSPACE": str(tmp_path),
        "EARMARK_STORE": (tmp_path / "store").as_uri(),
        "EARMARK_PROJECT": searched.name,
    }

    def earmark(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "search", *words],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
        )

    done = earmark("--file", str(digits / "2_theo_0.wav"), "--n", "2", "--json")
    assert json.loads(done.stdout)["clips"][0]["recording_name"] == "2_theo_0.wav"
    assert "9_copy_0.wav" in earmark("--like", str(clip_of(conn, "3_george_1.wav")), "--n", "1").stdout
    refused = earmark("--unlike", "--like", "1")
    assert refused.returncode == 2 and "one of --like" in refused.stderr
