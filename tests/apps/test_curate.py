"""The curate page's state and words, in a real database with real sound and real copies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from apps.curate.map_colours import map_colours
from apps.curate.state import Copies, CurateState
from apps.curate.view import CuratePage
from apps.curate.words import ended_words, item_rows, kpis
from apps.session import Session
from pipeline.catalog import selections
from pipeline.core.errors import CatalogError, NotFound, NotPermitted
from pipeline.core.types import AnswerGiven
from pipeline.widgets.shell import EmptyState
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.queue import build_queue
from pipeline.workflows.select import save_chosen, select
from tests.apps.digits import COPIES, N_DIGITS
from tests.apps.made import Made, add_person, drop_person, open_made
from tests.conftest import ROOT

N_CLIPS = N_DIGITS + len(COPIES)
HEAVY = ("torch", "librosa", "sklearn", "fiftyone", "lightly")


@pytest.fixture
def made(digits_made: Made) -> Made:
    return digits_made


@pytest.fixture
def session(digits_session: Session) -> Session:
    return digits_session


@pytest.fixture
def own_session(made: Made) -> Iterator[Session]:
    """A database of the test's own, for tests with a second connection."""
    with made.copy() as session:
        yield session


@pytest.fixture
def state(session: Session) -> CurateState:
    return CurateState(session)


def clip_of(session: Session, name: str) -> int:
    row = session.workspace.conn.execute(
        "SELECT clip_id FROM clip JOIN recording r USING (recording_id) WHERE r.name = %s", (name,)
    ).fetchone()
    assert row is not None
    return row[0]


def is_redundant(session: Session, clip_id: int) -> bool:
    row = session.workspace.conn.execute("SELECT is_redundant FROM clip WHERE clip_id = %s", (clip_id,)).fetchone()
    return row is not None and row[0]


def figure(state: CurateState, label: str) -> dict[str, Any]:
    return next(item for item in kpis(state.read_now()) if item["label"] == label)


# ------------------------------------------------------------------------------------------------ key figures


def test_key_figures_say_how_much_is_redundant(session: Session, state: CurateState) -> None:
    seconds = {row[0]: row[1] for row in session.workspace.conn.execute("SELECT clip_id, duration_s FROM clip")}
    redundant = [row[0] for row in session.workspace.conn.execute("SELECT clip_id FROM clip WHERE is_redundant")]
    assert len(redundant) == len(COPIES)
    share = 100 * sum(seconds[clip_id] for clip_id in redundant) / sum(seconds.values())
    assert figure(state, "Redundant sound")["value"] == f"{share:.1f}"
    assert figure(state, "Clips")["value"] == N_CLIPS
    assert figure(state, "Near-duplicates")["note"] == "3 to judge"


def test_planted_copies_are_shown_for_a_demo_corpus_only(state: CurateState) -> None:
    plain = state.read_now()
    assert plain.copies is None and len(kpis(plain)) == 5
    some = kpis(replace(plain, copies=Copies(n_planted=10, n_found=8, n_false=2)))[-1]
    assert (some["value"], some["unit"], some["note"], some["tone"]) == (8, "/ 10", "2 grouped in error", "warn")
    assert kpis(replace(plain, copies=Copies(n_planted=10, n_found=10)))[-1]["tone"] == "ok"


def test_lost_truth_is_said_and_stops_nothing(session: Session) -> None:
    project = replace(session.project, truth_uri="file:///nowhere/truth.json")
    what = CurateState(Session(workspace=session.workspace, project=project)).read_now()
    assert what.counts.n_clips == N_CLIPS
    assert "planted truth" in kpis(what)[-1]["note"]


def test_what_was_read_before_a_decision_is_not_the_newest(session: Session, state: CurateState) -> None:
    before = state.read_now()
    assert state.is_newest(before)
    state.decide(clip_of(session, "0_george_90.wav"), "restore")
    assert not state.is_newest(before)


# ----------------------------------------------------------------------------------------------------- the map


def test_map_dims_copies_and_keeps_the_colour_of_a_label(session: Session, state: CurateState) -> None:
    points, labels = state.read_map()
    assert len(points.clip_ids) == N_CLIPS
    dimmed = map_colours(points, labels, is_dimmed=True)
    coloured = map_colours(points, labels, is_dimmed=False)
    names = [dimmed.categories[index]["name"] for index in dimmed.category]
    for clip_id, name in zip(points.clip_ids, names, strict=True):
        assert (name == "redundant copy") == is_redundant(session, clip_id)
    shown = [coloured.categories[index]["name"] for index in coloured.category]
    assert shown == points.categories
    for category in [*dimmed.categories, *coloured.categories]:
        if category["name"] in labels:
            assert category.get("colour") == f"var(--em-cat-{labels.index(category['name']) + 1})"


def test_a_persons_answer_colours_the_point(own_session: Session) -> None:
    state = CurateState(own_session)
    clip_id = clip_of(own_session, "0_george_1.wav")
    given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label", label="2", heard=None)
    before = state.read_now().map_key
    save_answers(own_session.workspace.conn, own_session.project, [given])
    points, labels = state.read_map()
    coloured = map_colours(points, labels, is_dimmed=True)
    place = points.clip_ids.index(clip_id)
    assert coloured.categories[coloured.category[place]]["name"] == "2"
    assert state.read_now().map_key != before


def test_clips_without_a_label_have_a_category_of_their_own(state: CurateState) -> None:
    points, _ = state.read_map()
    coloured = map_colours(points, [], is_dimmed=False)
    assert [category["name"] for category in coloured.categories] == ["no label"]


# -------------------------------------------------------------------------------------------------- selections


def test_chosen_clips_are_kept_in_their_order_and_none_twice(session: Session, state: CurateState) -> None:
    wanted = [clip_of(session, name) for name in ("2_theo_0.wav", "0_george_0.wav", "1_jackson_0.wav")]
    assert state.save_chosen("by ear", [*wanted, wanted[0]]) == 3
    items = state.items("by ear")
    assert [item.clip_id for item in items] == wanted
    rows = item_rows(items, state.cards(wanted), n_before=0)
    assert [(row["position"], row["reason"]) for row in rows] == [(n, "chosen by hand") for n in (1, 2, 3)]
    action, status = session.workspace.conn.execute(
        "SELECT o.action, x.status FROM operation o JOIN operation_outcome x USING (operation_id) ORDER BY 1 DESC"
    ).fetchone() or ("", "")
    assert (action, status) == ("select", "done")


def test_clip_of_another_project_is_not_chosen(session: Session, state: CurateState) -> None:
    for stranger in ([clip_of(session, "2_theo_0.wav"), 10**9], []):
        with pytest.raises(NotFound):
            save_chosen(session.workspace.conn, session.project, "odd", stranger)
    assert state.read_now().selections == []


def test_reviewer_may_look_and_listen_but_not_curate(made: Made, own_session: Session) -> None:
    person = add_person(own_session, "reviewer")
    try:
        with open_made(own_session.workspace.url, made.folder, person=person) as theirs:
            state = CurateState(theirs)
            clip_id = clip_of(own_session, "0_george_90.wav")
            assert not state.may & {"select", "deduplicate"}
            assert state.read_clip(clip_id).mime == "audio/wav"
            for deed in (lambda: state.decide(clip_id, "restore"), lambda: state.save_chosen("mine", [clip_id])):
                with pytest.raises((NotPermitted, CatalogError)):
                    deed()
        assert is_redundant(own_session, clip_id)
    finally:
        drop_person(own_session, person)


def test_selection_that_does_not_wait_leaves_the_queue_alone(session: Session, state: CurateState) -> None:
    build_queue(session.workspace.conn, session.project)
    state.save_chosen("copies", [clip_of(session, name) for name in ("1_jackson_90.wav", "1_jackson_0.wav")])
    copies = [item.clip_id for item in state.items("copies") if is_redundant(session, item.clip_id)]
    state.save_chosen("copies", copies)
    with pytest.raises(NotFound, match="nothing of this selection waits"):
        state.queue("copies")
    assert state.job is None
    assert session.workspace.conn.execute("SELECT count(*) FROM review").fetchone() == (N_DIGITS,)


def test_selection_of_another_person_is_not_replaced(made: Made, own_session: Session) -> None:
    state = CurateState(own_session)
    person = add_person(own_session, "researcher")
    try:
        with open_made(own_session.workspace.url, made.folder, person=person) as theirs:
            save_chosen(theirs.workspace.conn, theirs.project, "theirs", [clip_of(own_session, "0_george_0.wav")])
        assert (state.objection_to("theirs") or "").startswith(person)
        state.save_chosen("mine", [clip_of(own_session, "0_george_0.wav")])
        assert state.objection_to("mine") is None
        assert state.objection_to("new") is None
    finally:
        drop_person(own_session, person)


def test_free_name_is_not_taken(session: Session, state: CurateState) -> None:
    assert state.free_name("chosen") == "chosen 1"
    state.save_chosen("chosen 1", [clip_of(session, "0_george_0.wav")])
    assert state.free_name("chosen") == "chosen 2"


def test_items_of_a_choice_come_with_reasons_best_first(session: Session, state: CurateState) -> None:
    select(session.workspace.conn, session.project, "diverse", n_clips=5)
    items = state.items("diverse")
    assert [item.clip_id for item in items] == selections.selected_clips(
        session.workspace.conn, session.project.project_id, "diverse"
    )
    assert len(items) == 5 and all(item.reason for item in items)


def test_outcomes_are_told_in_words() -> None:
    found = ended_words({"verb": "deduplicate", "n_done": 28, "detail": {"n_groups": 1, "n_redundant": 2}})
    assert found == "Compared 28 clips: 1 group, 2 proposed as copies. Your decisions stand."
    detail = {"n_groups": 1, "n_redundant": 2, "n_by_finding": {"sounds alike": 1}}
    assert "2 proposed as copies, 1 of them because it sounds alike." in ended_words(
        {"verb": "deduplicate", "n_done": 28, "detail": detail}
    )
    assert "1 clip out of 24" in ended_words({"verb": "select", "n_done": 24, "detail": {"n_selected": 1}})
    assert "holds 3 clips" in ended_words({"verb": "queue", "n_done": 9, "detail": {"n_queued": 3}})


# ---------------------------------------------------------------------------------------------------- the page


def test_empty_project_says_what_to_do(empty_database: str, tmp_path: Path) -> None:
    with open_made(empty_database, tmp_path) as session:
        shown = [part for part in CuratePage(session).root.children if part.layout.display != "none"]
    empty = [part for part in shown if isinstance(part, EmptyState)]
    assert [(part.title, part.action_href) for part in empty] == [("Nothing to curate yet", "recordings.ipynb")]


def test_page_is_painted_without_heavy_imports() -> None:
    code = f"import sys, apps.curate.view; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
