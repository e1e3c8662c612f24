"""An HNSW index under row level security: nobody's rows but one's own, and what the exact search gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from bench.near_pairs import made_vectors
from pipeline.catalog import embeddings
from pipeline.catalog.search import ServingEncoder, has_index, index_embeddings, nearest_clips, serving_encoder
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Float32
from tests.catalog.made_rows import fill, make_project
from tests.people import logged_in

Conn = psycopg.Connection[Any]
N_DIMS = 128
N_ASKED = 20


@dataclass(frozen=True, kw_only=True)
class MadeProject:
    """A project with vectors that no sound stands behind."""

    project_id: int
    encoder: ServingEncoder
    clip_ids: list[int]
    vectors: Float32


def made(conn: Conn, name: str, *, n: int, seed: int) -> MadeProject:
    project_id, operation_id = make_project(conn, name=name)
    clip_ids = fill(conn, project_id, operation_id, n_recordings=n // 50, n_clips_each=50)
    vectors = made_vectors(n, seed=seed)
    encoder_id = use_encoder(conn, project_id, "made", clip_ids, vectors)
    embeddings.set_current(conn, project_id, encoder_id)
    return MadeProject(
        project_id=project_id, encoder=serving_encoder(conn, project_id), clip_ids=clip_ids, vectors=vectors
    )


def use_encoder(conn: Conn, project_id: int, name: str, clip_ids: list[int], vectors: Float32) -> int:
    encoder_id = embeddings.use_encoder(conn, project_id, PluginSpec(name=name), n_dims=N_DIMS)
    embeddings.save_embeddings(conn, project_id, encoder_id, list(zip(clip_ids, vectors, strict=True)))
    return encoder_id


def exact(one: MadeProject, vector: Float32) -> list[int]:
    """The nearest by numpy, in 16 bits as the database holds them."""
    held = one.vectors.astype(np.float16).astype(np.float32)
    cosines = held @ vector / np.linalg.norm(held, axis=1)
    return [one.clip_ids[i] for i in np.argsort(-cosines)[:N_ASKED]]


def n_walks(conn: Conn, encoder_id: int) -> int:
    """How often the index was walked."""
    conn.execute("SELECT pg_stat_force_next_flush()")
    found = conn.execute(
        "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = %s", (f"embedding_near_{encoder_id}",)
    ).fetchone()
    return 0 if found is None else found[0]


def test_researcher_searches_by_the_index_finds_the_nearest_and_nothing_of_another_project(
    conn: Conn, empty_database: str
) -> None:
    mine, other = made(conn, "mine", n=4_000, seed=3), made(conn, "other", n=4_000, seed=4)
    recalls: list[float] = []
    with logged_in(conn, empty_database, mine.project_id, "researcher") as researcher:
        assert index_embeddings(researcher, mine.project_id, mine.encoder.encoder_id, above_n=3_999)
        assert has_index(researcher, mine.encoder)
        conn.execute("ANALYZE embedding")
        # A few thousand rows are sorted as fast as an index is walked.
        researcher.execute("SET enable_sort = off")
        for vector in mine.vectors[::100]:
            found = [
                clip.clip_id for clip in nearest_clips(researcher, mine.project_id, mine.encoder, vector, n=N_ASKED)
            ]
            assert len(found) == N_ASKED and set(found) <= set(mine.clip_ids)
            recalls.append(len(set(found) & set(exact(mine, vector))) / N_ASKED)
        assert nearest_clips(researcher, other.project_id, other.encoder, other.vectors[0], n=5) == []
        assert nearest_clips(researcher, other.project_id, mine.encoder, mine.vectors[0], n=5) == []
    assert n_walks(conn, mine.encoder.encoder_id) >= len(recalls)
    assert np.mean(recalls) >= 0.95, f"recall {np.mean(recalls):.3f} of the {N_ASKED} nearest"


def test_index_made_for_another_project_gives_none_of_its_rows(conn: Conn, empty_database: str) -> None:
    mine, other = made(conn, "mine", n=100, seed=3), made(conn, "other", n=1_000, seed=4)
    with logged_in(conn, empty_database, other.project_id, "researcher") as owner_of_other:
        assert index_embeddings(owner_of_other, other.project_id, other.encoder.encoder_id, above_n=0)
    with logged_in(conn, empty_database, mine.project_id, "researcher") as researcher:
        researcher.execute("SET enable_sort = off")
        for project_id in (mine.project_id, other.project_id):
            assert nearest_clips(researcher, project_id, other.encoder, other.vectors[0], n=5) == []


def test_stranger_reviewer_and_annotator_make_no_index(conn: Conn, empty_database: str) -> None:
    mine, other = made(conn, "mine", n=100, seed=3), made(conn, "other", n=100, seed=4)
    with logged_in(conn, empty_database, other.project_id, "admin") as stranger:
        assert not index_embeddings(stranger, mine.project_id, mine.encoder.encoder_id, above_n=0)
        with pytest.raises(InsufficientPrivilege):
            index_embeddings(stranger, mine.project_id, mine.encoder.encoder_id, above_n=-1)
    for duty in ("reviewer", "annotator"):
        with logged_in(conn, empty_database, mine.project_id, duty) as person, pytest.raises(InsufficientPrivilege):
            index_embeddings(person, mine.project_id, mine.encoder.encoder_id, above_n=-1)
    assert not has_index(conn, mine.encoder)


def test_small_project_gets_no_index_and_a_large_one_gets_one_once(conn: Conn) -> None:
    mine = made(conn, "mine", n=100, seed=3)
    assert not index_embeddings(conn, mine.project_id, mine.encoder.encoder_id)
    assert not index_embeddings(conn, mine.project_id, mine.encoder.encoder_id, above_n=100)
    assert index_embeddings(conn, mine.project_id, mine.encoder.encoder_id, above_n=99)
    assert not index_embeddings(conn, mine.project_id, mine.encoder.encoder_id, above_n=99)


def test_index_of_the_encoder_before_is_dropped_and_that_of_another_project_stays(conn: Conn) -> None:
    mine, other = made(conn, "mine", n=100, seed=3), made(conn, "other", n=100, seed=4)
    for one in (mine, other):
        assert index_embeddings(conn, one.project_id, one.encoder.encoder_id, above_n=0)
    newer = use_encoder(conn, mine.project_id, "newer", mine.clip_ids, mine.vectors)
    embeddings.set_current(conn, mine.project_id, newer)
    assert index_embeddings(conn, mine.project_id, newer, above_n=0)
    assert has_index(conn, serving_encoder(conn, mine.project_id))
    assert not has_index(conn, mine.encoder) and has_index(conn, other.encoder)


def test_rows_added_after_the_index_are_found_by_it(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    clip_ids = fill(conn, project_id, operation_id, n_recordings=4, n_clips_each=50)
    vectors = made_vectors(200, seed=5)
    encoder_id = use_encoder(conn, project_id, "made", clip_ids[:100], vectors[:100])
    embeddings.set_current(conn, project_id, encoder_id)
    assert index_embeddings(conn, project_id, encoder_id, above_n=0)
    embeddings.save_embeddings(conn, project_id, encoder_id, list(zip(clip_ids[100:], vectors[100:], strict=True)))
    conn.execute("SET enable_sort = off")
    found = nearest_clips(conn, project_id, serving_encoder(conn, project_id), vectors[150], n=1)
    assert found[0].clip_id == clip_ids[150]
