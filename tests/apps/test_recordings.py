"""The recordings page's state, in a real database, with a hostile folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.recordings import state as state_module
from apps.recordings.bringing_in import bring_in_from, errors_in, preview_names
from apps.recordings.cutting import cut_fields, cut_spec, cut_words, segmenter_names
from apps.recordings.rows import N_FAILURES_SHOWN, failure_page, page_note, recording_rows
from apps.recordings.state import RecordingsState, next_task
from apps.recordings.view import RecordingsView
from apps.session import Session
from pipeline.catalog.operations import begin
from pipeline.core import registry
from pipeline.core.errors import ComputeError, PluginError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import load_recipe
from pipeline.workflows.cut import cut
from pipeline.workflows.ingest import ingest
from tests.apps.made import Made, add_person, drop_person, make_once, open_made, working, write_tones
from tests.audio.hostile import make_hostile_folder

N = 12
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    with made.copy() as session:
        yield session


@pytest.fixture
def empty_session(empty_database: str, tmp_path: Path) -> Iterator[Session]:
    with open_made(empty_database, tmp_path) as session:
        yield session


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    make_hostile_folder(folder)
    (folder / "notes.txt").write_text("field notes")
    return folder


def values(folder: Path | str, **more: Any) -> dict[str, Any]:
    return {"source": str(folder), "from_folder": False, "pattern": "", "table": "", **more}


# ------------------------------------------------------------------------------------------------ bringing in


def test_fields_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("name,word\n")
    given = bring_in_from(values(tmp_path / "nowhere", pattern="{take}.wav", table=str(table)))
    assert set(errors_in(given)) == {"source", "pattern", "table"}
    assert errors_in(bring_in_from(values("recordings/here")))["source"].startswith("Give the whole path")
    assert errors_in(bring_in_from(values("  ")))["source"] == "This is needed."
    assert errors_in(bring_in_from(values(tmp_path, pattern="{label}_{take}.wav"))) == {}


def test_remote_store_is_not_looked_at_before_the_work_starts() -> None:
    given = bring_in_from(values("s3://no-such-bucket/sound"))
    assert errors_in(given) == {}
    assert preview_names(given).rows == ()


def test_words_of_the_form_bring_in_what_the_form_says(empty_session: Session, tmp_path: Path) -> None:
    folder = write_tones(tmp_path / "-tones with, blanks", 6)
    state = RecordingsState(session=empty_session)
    state.bring_in(bring_in_from(values(f" {folder} ", pattern="{label}_{group}_{take}.wav")))
    assert state.job is not None
    with working(empty_session):
        assert state.job.wait(PATIENCE_S)
    assert state.job.error is None
    rows = recording_rows(state.read_now().page)
    assert {(row["labels"], row["source_group"]) for row in rows} >= {("hum", "g0"), ("ring", "g1"), ("hiss", "g2")}


def test_preview_reads_what_ingest_would_read(tmp_path: Path) -> None:
    folder = write_tones(tmp_path / "tones", 30)
    found = preview_names(bring_in_from(values(folder, pattern="{label}_{group}_{take}.wav")))
    assert found.rows[0] == ("hiss_g2_002.wav", "hiss", "g2")
    assert (len(found.rows), found.note) == (6, "Read from all of the 30 names.")
    assert not preview_names(bring_in_from(values(folder, pattern="{label}-{group}.mp3"))).is_fitting
    assert "expected" in preview_names(bring_in_from(values(folder, pattern="{label"))).note


def test_preview_of_a_hostile_folder_stands(hostile: Path) -> None:
    found = preview_names(bring_in_from(values(hostile, from_folder=True, pattern="{label}.{ending}")))
    assert found.rows
    assert preview_names(bring_in_from(values(hostile / "folder.wav"))).note == "There is no file in this folder."


# ---------------------------------------------------------------------------------------------------- cutting


@pytest.mark.parametrize("name", ["whole", "fixed", "silence"])
def test_form_as_it_stands_gives_the_segmenters_own_spec(name: str) -> None:
    """A browser sends 3.0 as 3; that must not be another spec, or everything would be cut again."""
    recipe = load_recipe()
    sent = {
        field["key"]: int(field["value"]) if field["value"] in (0.0, 3.0, 5.0) else field["value"]
        for field in cut_fields(name, recipe)
    }
    spec = cut_spec(name, sent, recipe)
    assert spec.sha256() == registry.spec_of(name, registry.create("segmenter", PluginSpec(name=name))).sha256()
    (word,) = cut_words(spec)
    parsed = PluginSpec.parse(word.removeprefix("--segmenter="))
    assert registry.spec_of(name, registry.create("segmenter", parsed)).sha256() == spec.sha256()


def test_value_out_of_range_is_refused_before_anything_starts() -> None:
    with pytest.raises(PluginError, match="length_s"):
        cut_spec("fixed", {"length_s": -1}, load_recipe())


def test_all_registered_segmenters_are_offered() -> None:
    assert set(segmenter_names()) == set(registry.names("segmenter"))
    assert segmenter_names()[:3] == ["whole", "fixed", "silence"]


# --------------------------------------------------------------------------------------------------- the list


def test_pages_go_on_and_back_and_say_where_they_are(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "N_ROWS", 5)
    state = RecordingsState(session=session)
    seen: list[str] = []
    notes: list[str] = []
    page = state.read_now().page
    while True:
        seen += [recording.name for recording in page.recordings]
        notes.append(page_note(page))
        if not page.has_next:
            break
        state.turn("next", page)
        page = state.read_now().page
    assert len(set(seen)) == len(seen) == N
    assert notes == [f"1–5 of {N} recordings", f"6–10 of {N} recordings", f"11–12 of {N} recordings"]
    state.turn("previous", page)
    state.turn("previous", page)
    assert [recording.name for recording in state.read_now().page.recordings] == seen[:5]


def test_first_clip_of_a_recording_can_be_played(session: Session) -> None:
    row = recording_rows(RecordingsState(session=session).read_now().page)[0]
    assert session.read_clip(row["play"]).data[:4] == b"RIFF"


def test_problem_filter_shows_only_recordings_that_have_it(empty_session: Session, hostile: Path) -> None:
    ingest(empty_session.workspace.conn, empty_session.project, str(hostile), workers=1)
    state = RecordingsState(session=empty_session)
    everything = state.read_now()
    assert everything.problems["silent"] > 0
    state.filter("silent")
    page = state.read_now().page
    assert {"silent" in recording.problems for recording in page.recordings} == {True}
    assert len(page.recordings) == everything.problems["silent"]
    assert page_note(page).endswith("recordings: silent")


def test_hostile_folder_gives_reasons_and_keeps_text_files_apart(empty_session: Session, hostile: Path) -> None:
    ingest(empty_session.workspace.conn, empty_session.project, str(hostile), workers=1)
    data = RecordingsState(session=empty_session).read_now()
    assert "notes.txt" in {row["item"] for row in failure_page(data.aside, 0).rows}
    assert {failure.error for failure in data.aside} == {"NotSound"}
    assert len(data.failures) == data.counts.n_failures > N_FAILURES_SHOWN
    first = failure_page(data.failures, 0)
    last = failure_page(data.failures, 10_000)
    assert (first.has_previous, first.has_next, len(first.rows)) == (False, True, N_FAILURES_SHOWN)
    assert (last.has_previous, last.has_next) == (True, False)
    reasons = {
        row["item"]: row["message"] for start in (0, 12, 24, 36) for row in failure_page(data.failures, start).rows
    }
    assert reasons["dangling.wav"] == "a link that leads nowhere"
    assert all(reasons.values())


# ------------------------------------------------------------------------------------------------------ doing


def test_next_task_follows_the_main_job(empty_session: Session, tmp_path: Path) -> None:
    state, workspace = RecordingsState(session=empty_session), empty_session.workspace
    assert next_task(state.read_now().overview, state.may) == "bring_in"
    ingest(workspace.conn, empty_session.project, str(write_tones(tmp_path / "tones", 3)), workers=1)
    assert next_task(state.read_now().overview, state.may) == "cut"
    cut(workspace.conn, empty_session.project, workspace.store, workers=1)
    assert next_task(state.read_now().overview, state.may) == "prepare"


def test_all_is_done_in_a_finished_project(session: Session) -> None:
    state = RecordingsState(session=session)
    assert next_task(state.read_now().overview, state.may) is None


def test_second_order_waits_for_the_first(session: Session) -> None:
    state = RecordingsState(session=session)
    with session.workspace.conn.transaction():
        begin(session.workspace.conn, session.project.project_id, "cut", {})
    with pytest.raises(ComputeError, match="Cut still runs"):
        state.prepare()
    assert state.job is None


def test_stop_reaches_what_runs_and_says_when_nothing_does(session: Session) -> None:
    state, conn = RecordingsState(session=session), session.workspace.conn
    assert state.stop() is None
    operation_id = begin(conn, session.project.project_id, "cut", {})
    stopped = state.stop()
    assert stopped is not None
    assert stopped.operation_id == operation_id
    row = conn.execute("SELECT is_cancel_asked FROM progress WHERE operation_id = %s", (operation_id,)).fetchone()
    assert row == (True,)


def test_stop_takes_back_an_order_that_nobody_carries_yet(session: Session) -> None:
    state = RecordingsState(session=session)
    state.prepare()
    assert state.job is not None
    assert (state.job.is_running, "none is alive" in (state.job.waits_for or "")) == (True, True)
    with pytest.raises(ComputeError, match="the last order still runs"):
        state.prepare()
    assert state.stop() is None
    assert (state.job.is_running, state.job.is_cancelled) == (False, True)


def test_reviewer_sees_the_list_and_no_work(session: Session) -> None:
    person = add_person(session, "reviewer")
    try:
        with open_made(session.workspace.settings.database_url or "", Path("/"), person=person) as theirs:
            state = RecordingsState(session=theirs)
            assert not any(state.may(task) for task in state_module.TASK_ACTIONS)
            view = RecordingsView(theirs)
            assert view._tasks._tasks.items == []
            assert len(view._table.rows) == N
    finally:
        drop_person(session, person)


def test_click_and_page_agree_though_an_older_reading_comes_late(session: Session) -> None:
    view = RecordingsView(session)
    late = view.read(session.workspace.conn)
    view._state.filter("silent")
    view.draw(view._state.read_now())
    view.draw(late)
    assert view._table.rows == []
