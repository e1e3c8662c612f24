"""The preview of a selection: the same clips as are saved by the same spec, and not a row written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from pipeline.catalog.clip_columns import COLUMNS
from pipeline.catalog.projects import Project
from pipeline.core.errors import Cancelled, NotFound, NotPermitted, PluginError
from pipeline.curation.selection import (
    Balance,
    Budget,
    Diversity,
    SelectionSpec,
    Similarity,
    Threshold,
    Typicality,
    Weights,
)
from pipeline.storage import Store
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest
from pipeline.workflows.select import select, select_by
from pipeline.workflows.select_columns import column_facts, facts_of
from pipeline.workflows.select_preview import HeldVectors, preview
from tests.people import logged_in
from tests.workflows.conftest import SPEAKERS

Conn = psycopg.Connection[Any]


@pytest.fixture
def pool(conn: Conn, project: Project, store: Store, digits: Path) -> Project:
    """60 spoken digits, embedded, one of them marked as redundant; ten of them are the selection "first"."""
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    embed(conn, project, store)
    conn.execute("UPDATE clip SET is_redundant = true WHERE clip_id = (SELECT max(clip_id) FROM clip)")
    select(conn, project, "first", n_clips=10)
    return project


def counts_of_all_tables(conn: Conn) -> dict[str, int]:
    tables = [row[0] for row in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    assert len(tables) > 20
    counted = {table: conn.execute(f'SELECT count(*) FROM "{table}"'.encode()).fetchone() for table in tables}
    return {table: row[0] if row else 0 for table, row in counted.items()}


SPECS = [
    SelectionSpec(budget=Budget(n_clips=20)),
    SelectionSpec(budget=Budget(n_clips=200), seed=7),
    SelectionSpec(budget=Budget(share=0.4), strategies=(Diversity(minimum_distance=0.05),)),
    SelectionSpec(budget=Budget(hours=6 / 3600), strategies=(Diversity(), Weights(input="snr_db", prefer="low"))),
    SelectionSpec(
        budget=Budget(n_clips=12),
        keep="first",
        strategies=(
            Diversity(strength=2.0, minimum_distance=0.01),
            Balance(input="label"),
            Typicality(n_neighbours=5),
            Threshold(input="duration_s", at_least=0.3),
            Threshold(input="source_group", one_of=("george", "theo", "jackson")),
        ),
    ),
    SelectionSpec(budget=Budget(n_clips=5), strategies=(Similarity(to="first"), Diversity())),
]


@pytest.mark.parametrize("spec", SPECS)
def test_preview_is_what_is_saved_and_writes_nothing(conn: Conn, pool: Project, spec: SelectionSpec) -> None:
    before = counts_of_all_tables(conn)
    seen = preview(conn, pool, spec)
    assert counts_of_all_tables(conn) == before
    outcome = select_by(conn, pool, "saved", spec)
    saved = conn.execute(
        """
        SELECT i.clip_id, i.reason FROM selection_item i JOIN selection s USING (selection_id)
        WHERE s.name = 'saved' ORDER BY i.position
        """
    ).fetchall()
    assert seen.items == saved
    assert (seen.n_chosen, seen.n_kept) == (len(saved), outcome.detail["n_kept"])
    assert seen.chosen_s == outcome.detail["selected_s"]
    assert dict(seen.coverage) == {key: outcome.detail[key] for key in seen.coverage}
    assert (seen.n_pool, seen.n_looked_at, seen.is_sample) == (59, 59, False)
    assert sum(seen.labels.values()) == len(saved)


def test_preview_counts_what_each_bound_lets_through(conn: Conn, pool: Project) -> None:
    (n_long,) = conn.execute("SELECT count(*) FROM clip WHERE NOT is_redundant AND duration_s >= 0.4").fetchone() or (
        0,
    )
    strategies = (Threshold(input="duration_s", at_least=0.4), Threshold(input="label", one_of=("0",)))
    seen = preview(conn, pool, SelectionSpec(budget=Budget(n_clips=100), strategies=strategies))
    assert seen.let_through == (n_long, 12)
    assert seen.n_chosen == seen.n_allowed == seen.labels["0"] <= 12


def test_preview_of_a_large_pool_is_of_a_sample_and_says_so(conn: Conn, pool: Project) -> None:
    held = HeldVectors(most_n=30)
    spec = SelectionSpec(budget=Budget(share=0.5), keep="first")
    seen = preview(conn, pool, spec, held=held)
    assert (seen.n_pool, seen.n_looked_at, seen.is_sample) == (59, 30, True)
    assert 20 <= seen.n_chosen <= 50 and len(seen.items) < seen.n_chosen
    assert preview(conn, pool, spec, held=held).items == seen.items


def test_preview_that_would_take_too_long_looks_at_fewer_clips(conn: Conn, pool: Project) -> None:
    vectors = np.random.default_rng(0).standard_normal((1_200, 32)).astype(np.float32)
    add_clips(conn, pool, vectors)
    spec = SelectionSpec(budget=Budget(n_clips=40), strategies=(Diversity(), Typicality()))
    whole = preview(conn, pool, spec)
    assert not whole.is_sample and whole.n_chosen == 40
    part = preview(conn, pool, spec, longest_s=0.01)
    assert part.n_pool == whole.n_pool and 500 <= part.n_looked_at < part.n_pool
    assert part.n_chosen == 40 and len(part.items) == 40


def add_clips(conn: Conn, pool: Project, vectors: np.ndarray[Any, Any]) -> None:
    """More clips of the first recording in the pool, with these vectors turned to the encoder's length."""
    (n_dims,) = conn.execute("SELECT n_dims FROM encoder WHERE is_current").fetchone() or (0,)
    wide = np.zeros((len(vectors), n_dims), np.float32)
    wide[:, : vectors.shape[1]] = vectors
    columns = {
        row[0]: row[0]
        for row in conn.execute(
            """
            SELECT column_name FROM information_schema.columns
            WHERE table_name = 'clip' AND is_identity = 'NO' AND is_generated = 'NEVER'
            """
        )
    }
    columns |= {"start_sample": "start_sample + n", "stop_sample": "stop_sample + n"}
    conn.execute(
        f"""
        INSERT INTO clip ({", ".join(columns)}) SELECT {", ".join(columns.values())}
        FROM clip, generate_series(1, %s) n WHERE clip_id = (SELECT min(clip_id) FROM clip)
        """.encode(),
        (len(vectors),),
    )
    ids = conn.execute("SELECT clip_id FROM clip ORDER BY clip_id DESC LIMIT %s", (len(vectors),)).fetchall()
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO embedding (encoder_id, clip_id, project_id, vector)
            SELECT encoder_id, %s, project_id, %s::text::halfvec FROM encoder WHERE is_current
            """,
            [(row[0], str(vector.tolist())) for row, vector in zip(ids, wide, strict=True)],
        )


def test_vectors_are_read_once_until_the_pool_changes(conn: Conn, pool: Project) -> None:
    held, spec = HeldVectors(), SelectionSpec(budget=Budget(n_clips=5))
    first = preview(conn, pool, spec, held=held)
    again = preview(conn, pool, SelectionSpec(budget=Budget(n_clips=6)), held=held)
    assert held.n_read == 1 and again.items[:5] == first.items
    conn.execute("UPDATE clip SET is_redundant = true WHERE clip_id = %s", (first.items[0][0],))
    after = preview(conn, pool, spec, held=held)
    assert held.n_read == 2 and after.n_pool == 58
    assert first.items[0][0] not in [clip_id for clip_id, _ in after.items]


def test_overtaken_preview_stops_at_the_next_step(conn: Conn, pool: Project) -> None:
    asked: list[bool] = []

    def is_overtaken() -> bool:
        asked.append(True)
        return len(asked) == 2

    with pytest.raises(Cancelled):
        preview(conn, pool, SelectionSpec(budget=Budget(n_clips=5)), is_overtaken=is_overtaken)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        (SelectionSpec(budget=Budget(n_clips=5), keep="nobody's"), NotFound, "nobody's"),
        (SelectionSpec(budget=Budget(n_clips=5), strategies=(Weights(input="colour"),)), NotFound, "colour"),
        (SelectionSpec(budget=Budget(n_clips=5), strategies=(Balance(input="prediction"),)), PluginError, "balance"),
    ],
)
def test_preview_refuses_what_select_refuses(
    conn: Conn, pool: Project, spec: SelectionSpec, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        preview(conn, pool, spec)


def test_preview_asks_for_the_duty(conn: Conn, pool: Project, empty_database: str) -> None:
    spec = SelectionSpec(budget=Budget(n_clips=5))
    with logged_in(conn, empty_database, pool.project_id, "reviewer") as theirs:
        with pytest.raises(NotPermitted, match="may not select"):
            preview(theirs, pool, spec)
        with pytest.raises(NotPermitted, match="may not select"):
            column_facts(theirs, pool)
    with logged_in(conn, empty_database, pool.project_id, "researcher") as theirs:
        assert preview(theirs, pool, spec).items == preview(conn, pool, spec).items
        assert column_facts(theirs, pool) == column_facts(conn, pool)


def test_nothing_to_choose_from_is_no_error(conn: Conn, pool: Project) -> None:
    conn.execute("UPDATE clip SET is_redundant = true")
    seen = preview(conn, pool, SelectionSpec(budget=Budget(hours=1.0)))
    assert (seen.items, seen.n_chosen, seen.n_pool, seen.is_sample) == ([], 0, 0, False)


def test_facts_of_every_column_are_of_the_clips_to_choose_from(conn: Conn, pool: Project) -> None:
    facts = column_facts(conn, pool)
    assert tuple(facts) == COLUMNS
    assert dict(facts["label"].values) == {"0": 12, "1": 12, "2": 12, "3": 12, "4": 11}
    low, high = conn.execute("SELECT min(duration_s), max(duration_s) FROM clip WHERE NOT is_redundant").fetchone() or (
        0,
        0,
    )
    assert (facts["duration_s"].low, facts["duration_s"].high) == (low, high)
    assert (facts["prediction"].n_known, facts["prediction"].values) == (0, [])
    assert (facts["confidence"].n_known, facts["confidence"].low) == (0, None)
    assert facts["recording"].n_values == facts["recording"].n_known == 59


def test_few_different_numbers_are_listed_and_many_are_not() -> None:
    few = facts_of("bandwidth_hz", np.array([8000.0, 8000.0, 4000.0, np.nan]))
    assert (few.values, few.n_known, few.low, few.high) == ([("8000", 2), ("4000", 1)], 3, 4000.0, 8000.0)
    many = facts_of("snr_db", np.arange(30.0))
    assert (many.values, many.n_values, many.is_number) == ([], 30, True)
