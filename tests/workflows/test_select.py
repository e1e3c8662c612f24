"""Selections by a spec: budget, what is kept, what stays out, reasons and coverage, in the database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.catalog.clip_columns import COLUMNS, read_columns, selection_detail
from pipeline.catalog.projects import Project
from pipeline.catalog.selections import selected_clips
from pipeline.core.errors import NotFound, PluginError
from pipeline.curation.selection import (
    Balance,
    Budget,
    Diversity,
    SelectionSpec,
    Similarity,
    Threshold,
    Weights,
    spec_from_text,
)
from pipeline.storage import Store
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest
from pipeline.workflows.jobs import list_jobs
from pipeline.workflows.select import select, select_by
from tests.workflows.conftest import SPEAKERS

Conn = psycopg.Connection[Any]
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def pool(conn: Conn, project: Project, store: Store, digits: Path) -> Project:
    """60 spoken digits, embedded, one of them marked as redundant."""
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    embed(conn, project, store)
    conn.execute("UPDATE clip SET is_redundant = true WHERE clip_id = (SELECT max(clip_id) FROM clip)")
    return project


def facts(conn: Conn, project: Project, name: str) -> list[tuple[int, str, str, float, bool]]:
    """Clip id, reason, label, seconds and whether redundant, best first."""
    return conn.execute(
        """
        SELECT i.clip_id, i.reason, (SELECT l.name FROM current_annotation a JOIN label l USING (label_id)
                                     WHERE a.clip_id = i.clip_id LIMIT 1), c.duration_s, c.is_redundant
        FROM selection s JOIN selection_item i USING (selection_id) JOIN clip c USING (clip_id)
        WHERE s.name = %s ORDER BY i.position
        """,
        (name,),
    ).fetchall()


def test_balance_and_threshold_hold_in_the_database_and_reasons_say_so(conn: Conn, pool: Project) -> None:
    spec = SelectionSpec(
        strategies=(Diversity(), Balance(input="label", strength=5.0), Threshold(input="duration_s", at_least=0.3)),
        budget=Budget(n_clips=15),
    )
    outcome = select_by(conn, pool, "even", spec)
    found = facts(conn, pool, "even")
    assert outcome.detail["n_selected"] == len(found) == 15
    assert {label for _, _, label, _, _ in found} == {"0", "1", "2", "3", "4"}
    assert all(seconds >= 0.3 and not redundant for _, _, _, seconds, redundant in found)
    for _, reason, label, _, _ in found:
        assert f"label {label}: number" in reason and "is within bounds" in reason


def test_hours_are_spent_and_never_exceeded(conn: Conn, pool: Project) -> None:
    outcome = select_by(conn, pool, "short", SelectionSpec(budget=Budget(hours=5 / 3600)))
    seconds = sum(row[3] for row in facts(conn, pool, "short"))
    assert 4 <= seconds <= 5
    assert outcome.detail["selected_s"] == pytest.approx(seconds, abs=0.01)


def test_share_is_of_the_clips_that_are_not_redundant(conn: Conn, pool: Project) -> None:
    assert select_by(conn, pool, "all", SelectionSpec(budget=Budget(share=1.0))).detail["n_selected"] == 59
    assert not any(row[4] for row in facts(conn, pool, "all"))


def test_kept_clips_stand_first_and_redundant_ones_among_them_drop_out(conn: Conn, pool: Project) -> None:
    select(conn, pool, "first round", n_clips=10)
    first = selected_clips(conn, pool.project_id, "first round")
    conn.execute("UPDATE clip SET is_redundant = true WHERE clip_id = %s", (first[3],))
    spec = SelectionSpec(budget=Budget(n_clips=5), keep="first round")
    outcome = select_by(conn, pool, "second round", spec)
    found = facts(conn, pool, "second round")
    kept = [clip_id for clip_id in first if clip_id != first[3]]
    assert [row[0] for row in found[:9]] == kept
    assert {row[1] for row in found[:9]} == {"kept from “first round”"}
    assert len({row[0] for row in found}) == len(found) == 14
    assert (outcome.detail["n_kept"], outcome.detail["n_selected"]) == (9, 14)


def test_similarity_to_a_clip_and_to_a_selection_starts_at_the_example(conn: Conn, pool: Project) -> None:
    (example,) = conn.execute("SELECT clip_id FROM clip ORDER BY clip_id LIMIT 1").fetchone() or (0,)
    spec = SelectionSpec(strategies=(Similarity(to=(example,)),), budget=Budget(n_clips=3))
    select_by(conn, pool, "like it", spec)
    assert selected_clips(conn, pool.project_id, "like it")[0] == example
    spec = SelectionSpec(strategies=(Similarity(to="like it"),), budget=Budget(n_clips=3))
    select_by(conn, pool, "like them", spec)
    assert {*selected_clips(conn, pool.project_id, "like them")} == {*selected_clips(conn, pool.project_id, "like it")}


def test_every_column_there_is_can_be_read_and_used(conn: Conn, pool: Project) -> None:
    ids = [row[0] for row in conn.execute("SELECT clip_id FROM clip ORDER BY clip_id DESC LIMIT 7")]
    columns = read_columns(conn, pool.project_id, ids, COLUMNS)
    assert {len(column) for column in columns.values()} == {7}
    for row, clip_id in enumerate(ids):
        wanted = conn.execute(
            "SELECT c.duration_s, r.name FROM clip c JOIN recording r USING (recording_id) WHERE clip_id = %s",
            (clip_id,),
        ).fetchone()
        assert (columns["duration_s"][row], columns["recording"][row]) == wanted
        assert columns["label"][row] == str(columns["recording"][row])[0]
        assert columns["prediction"][row] is None
    spec = SelectionSpec(strategies=(Weights(input="duration_s"),), budget=Budget(n_clips=5))
    select_by(conn, pool, "longest", spec)
    found = facts(conn, pool, "longest")
    assert [row[3] for row in found] == sorted((row[3] for row in found), reverse=True)


def test_coverage_is_written_and_goes_beyond_the_selection(conn: Conn, pool: Project) -> None:
    outcome = select(conn, pool, "ten", n_clips=10)
    curve = outcome.detail["coverage"]
    assert len(selected_clips(conn, pool.project_id, "ten")) == 10
    assert [point["n_picks"] for point in curve][-1] == 59
    assert 10 in [point["n_picks"] for point in curve]
    assert outcome.detail["n_more"] == 49 and outcome.detail["gain_of_more"] == pytest.approx(1, abs=0.01)
    assert selection_detail(conn, pool.project_id, "ten")["coverage"] == json.loads(json.dumps(curve))
    assert selection_detail(conn, pool.project_id, "none of this name") == {}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (SelectionSpec(budget=Budget(n_clips=5), keep="nobody's"), "nobody's"),
        (SelectionSpec(budget=Budget(n_clips=5), strategies=(Similarity(to="nobody's"),)), "nobody's"),
        (SelectionSpec(budget=Budget(n_clips=5), strategies=(Similarity(to=(10**9,)),)), "example"),
        (SelectionSpec(budget=Budget(n_clips=5), strategies=(Weights(input="colour"),)), "colour"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_saved(
    conn: Conn, pool: Project, spec: SelectionSpec, words: str
) -> None:
    with pytest.raises(NotFound, match=words):
        select_by(conn, pool, "never", spec)
    assert conn.execute("SELECT count(*) FROM selection").fetchone() == (0,)


def test_balance_without_any_value_says_so(conn: Conn, pool: Project) -> None:
    spec = SelectionSpec(budget=Budget(n_clips=5), strategies=(Balance(input="prediction"),))
    with pytest.raises(PluginError, match="nothing to balance: prediction"):
        select_by(conn, pool, "never", spec)


def test_before_the_first_embed_it_says_what_to_do(conn: Conn, project: Project) -> None:
    with pytest.raises(NotFound, match="earmark embed"):
        select_by(conn, project, "early", SelectionSpec(budget=Budget(n_clips=5)))


def earmark(
    *words: str, url: str, folder: Path, project: str = "test", should_fail: bool = False
) -> subprocess.CompletedProcess[str]:
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("EARMARK_")},
        **{"EARMARK_DATABASE_URL": url, "EARMARK_WORKSPACE": str(folder), "EARMARK_PROJECT": project},
        **{"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
    }
    command = [sys.executable, "-m", "pipeline.cli", *words]
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True)
    assert (done.returncode != 0) == should_fail, done.stderr
    return done


def test_command_line_takes_the_file_and_says_what_more_would_add(
    conn: Conn, pool: Project, empty_database: str, tmp_path: Path
) -> None:
    (tmp_path / "my.yaml").write_text("budget: 20\nstrategies:\n  - {strategy: BALANCE, input: label}\nseed: 3\n")
    said = earmark("select", "even", "--spec", "my.yaml", "--n", "10", url=empty_database, folder=tmp_path).stdout
    labels = [row[2] for row in facts(conn, pool, "even")]
    assert sorted(labels) == [str(digit) for digit in range(5) for _ in range(2)]
    assert "selected 10" in said and "coverage [" not in said
    assert "10 clips: the others are" in said
    assert "another 49 clips would bring that down by 100.0 %" in said


def test_spec_travels_to_the_worker_as_it_was_read(
    conn: Conn, pool: Project, empty_database: str, tmp_path: Path
) -> None:
    (tmp_path / "my.yaml").write_text("budget: {share: 0.1}\n")
    words = ("select", "later", "--spec", "my.yaml", "--background")
    earmark(*words, url=empty_database, folder=tmp_path)
    ((verb, spec, name),) = list_jobs(conn, pool)[0].verbs
    assert (verb, name) == ("select", "later")
    (tmp_path / "my.yaml").unlink()
    found = spec_from_text(spec.removeprefix("--spec="))
    assert found == SelectionSpec(budget=Budget(share=0.1))
    earmark("select", spec, "later", url=empty_database, folder=tmp_path)
    assert len(facts(conn, pool, "later")) == 6


@pytest.mark.parametrize(
    ("text", "words"), [("budget: 0\n", "n_clips"), ("strategies: [\n", "cannot read"), (None, "no.yaml")]
)
def test_file_that_cannot_be_used_ends_in_one_sentence(
    project: Project, empty_database: str, tmp_path: Path, text: str | None, words: str
) -> None:
    if text is not None:
        (tmp_path / "no.yaml").write_text(text)
    done = earmark(
        *("select", "x", "--spec", "no.yaml", "--json"), url=empty_database, folder=tmp_path, should_fail=True
    )
    said = json.loads(done.stdout)
    assert said["error"] == "UsageError" and words in said["message"]
