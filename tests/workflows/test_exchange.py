"""Publish and pull through FiftyOne on its real MongoDB.

The main promise is kept against its App, served by us, by the requests that its pages send; what can go wrong is
played through its own library.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.catalog.curation_lists import selection_items
from pipeline.catalog.projects import Project
from pipeline.catalog.selections import save_selection
from pipeline.core import registry
from pipeline.core.errors import NotFound, NotPermitted, SettingsError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import AnswerGiven, Outcome
from pipeline.storage import Store
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.exchange import FIFTYONE, publish, pull
from pipeline.workflows.ingest import ingest
from pipeline.workflows.operation import operation
from tests.people import logged_in
from tests.workflows.conftest import SPEAKERS
from tests.workflows.fiftyone_app import dataset_of, served

Conn = psycopg.Connection[Any]
RULES = LabelRules(name_pattern=SPEAKERS)


@pytest.fixture(scope="session")
def session_folder() -> Path:
    """FiftyOne's own folder for all tests of this process: it can be imported only once."""
    if "fiftyone" not in sys.modules:
        os.environ.pop("FIFTYONE_DATABASE_URI", None)  # a person's own database is no place for tests
    try:
        registry.create("connector", FIFTYONE).preflight()
    except SettingsError as error:
        pytest.skip(str(error))
    folder = tempfile.mkdtemp(prefix="earmark-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after the database below it has stopped
    return Path(folder)


@pytest.fixture
def folder(session_folder: Path) -> Iterator[Path]:
    """The folder with no dataset in FiftyOne's database, before and after."""
    yield session_folder
    if "fiftyone" in sys.modules:
        import fiftyone as fo

        for name in fo.list_datasets("earmark-test-*"):
            fo.delete_dataset(name)


@pytest.fixture
def shown(conn: Conn, project: Project, store: Store, digits: Path, folder: Path) -> Project:
    """The digits with labels, embedded and published."""
    for path in sorted(digits.glob("*.wav"))[24:]:
        path.unlink()
    ingest(conn, project, str(digits), labels=RULES)
    cut(conn, project, store)
    embed(conn, project, store)
    publish(conn, project, store, folder=folder)
    return project


def relabel(project: Project, folder: Path, clip_id: int, label: str | None) -> None:
    import fiftyone as fo

    sample = dataset_of(project, folder).one(fo.ViewField("clip_id") == clip_id)
    sample["label"] = None if label is None else fo.Classification(label=label)
    sample.save()


def tag(project: Project, folder: Path, clip_ids: list[int], word: str, *, is_removed: bool = False) -> None:
    import fiftyone as fo

    view = dataset_of(project, folder).match(fo.ViewField("clip_id").is_in(clip_ids))
    (view.untag_samples if is_removed else view.tag_samples)(word)


def clip_ids_of(conn: Conn) -> list[int]:
    return [row[0] for row in conn.execute("SELECT clip_id FROM clip ORDER BY clip_id").fetchall()]


def answers(conn: Conn) -> list[tuple[int, str, str, str | None]]:
    rows = conn.execute(
        """
        SELECT a.clip_id, a.author, a.answer, l.name FROM annotation a LEFT JOIN label l USING (label_id)
        WHERE a.source = 'human' ORDER BY a.created_at
        """
    )
    return rows.fetchall()


def say(conn: Conn, project: Project, clip_id: int, label: str) -> None:
    from uuid import uuid4

    given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label", label=label, heard=None)
    assert save_answers(conn, project, [given]).refused == {}


def save_chosen(conn: Conn, project: Project, name: str, clip_ids: list[int]) -> None:
    with operation(conn, project, "select", {}) as run, run.transaction():
        picks = [(clip_id, "chosen by hand") for clip_id in clip_ids]
        spec = PluginSpec(name="by_hand")
        save_selection(conn, project.project_id, name, spec=spec, picks=picks, operation_id=run.operation_id)


def label_there(project: Project, folder: Path, clip_id: int) -> str | None:
    import fiftyone as fo

    label = dataset_of(project, folder).one(fo.ViewField("clip_id") == clip_id)["label"]
    return None if label is None else label.label


def test_every_clip_is_shown_with_picture_sound_label_scores_and_place(
    conn: Conn, shown: Project, folder: Path
) -> None:
    dataset = dataset_of(shown, folder)
    assert sorted(dataset.values("clip_id")) == clip_ids_of(conn)
    for sample in dataset:
        assert Path(sample.filepath).read_bytes().startswith(b"\x89PNG")
        assert Path(sample["audio_path"]).read_bytes()[:4] in (b"RIFF", b"fLaC")
        assert sample["label"].label == sample["recording"].split("_")[0]
        assert sample["duration_s"] > 0 and sample["loudness_lufs"] < 0 and len(sample["embedding"]) > 8
    assert dataset.load_brain_results("map").points.shape == (24, 2)


def test_publishing_twice_writes_nothing(conn: Conn, shown: Project, store: Store, folder: Path) -> None:
    before = dataset_of(shown, folder).values(["clip_id", "last_modified_at"])
    again = publish(conn, shown, store, folder=folder)
    assert (again.detail["n_writes"], again.n_unchanged, again.n_done) == (0, 24, 24)
    assert dataset_of(shown, folder).values(["clip_id", "last_modified_at"]) == before


def test_answer_given_here_is_shown_there_after_the_next_publish(
    conn: Conn, shown: Project, store: Store, folder: Path
) -> None:
    first, *_ = clip_ids_of(conn)
    say(conn, shown, first, "1")
    assert publish(conn, shown, store, folder=folder).detail["n_writes"] == 1
    assert label_there(shown, folder, first) == "1"


def test_two_relabels_and_five_tags_in_the_app_become_rows_with_author(
    conn: Conn, empty_database: str, shown: Project, store: Store, folder: Path
) -> None:
    clip_ids = clip_ids_of(conn)
    with served(shown, store, folder) as app:
        app.relabel(clip_ids[0], "1")
        app.relabel(clip_ids[1], "1")
        app.tag(clip_ids[2:7], "odd ones")
        assert app.hears(clip_ids[0])[:4] == b"RIFF"
        assert app.refuses("/media?filepath=/etc/passwd")
        assert app.refuses(f"/media?filepath={folder}/images/../database/mongod.lock")
        assert app.refuses("/fiftyone", Origin="http://elsewhere.example")
        assert app.refuses("/fiftyone", Host="elsewhere.example")
    with logged_in(conn, empty_database, shown.project_id, "researcher") as theirs:
        outcome = pull(theirs, shown, folder=folder)
        again = pull(theirs, shown, folder=folder)
        who = theirs.info.user
    assert (outcome.n_input, outcome.n_done, outcome.failed) == (7, 7, ())
    assert answers(conn) == [(clip_ids[0], who, "label", "1"), (clip_ids[1], who, "label", "1")]
    assert {i.clip_id for i in selection_items(conn, shown.project_id, "odd ones")} == set(clip_ids[2:7])
    assert conn.execute("SELECT author FROM selection").fetchall() == [(who,)]
    assert (again.n_input, again.detail["n_answers"]) == (0, 0)
    publish(conn, shown, store, folder=folder)
    assert publish(conn, shown, store, folder=folder).detail["n_writes"] == 0
    assert label_there(shown, folder, clip_ids[0]) == "1"


def test_publish_over_an_unpulled_edit_pulls_it_first(conn: Conn, shown: Project, store: Store, folder: Path) -> None:
    first, second, *_ = clip_ids_of(conn)
    relabel(shown, folder, first, "1")
    tag(shown, folder, [second], "flag")
    outcome = publish(conn, shown, store, folder=folder)
    assert outcome.detail["n_pulled"] == 2
    assert answers(conn) == [(first, conn.info.user, "label", "1")]
    assert conn.execute("SELECT clip_id, is_raised, author FROM flag").fetchall() == [(second, True, conn.info.user)]
    assert label_there(shown, folder, first) == "1"


def test_edit_made_while_publishing_stays_and_is_pulled_next(
    conn: Conn, shown: Project, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.plugins.connectors import fiftyone as connector

    first, second, *_ = clip_ids_of(conn)
    say(conn, shown, first, "1")
    say(conn, shown, second, "1")
    write = connector.change_stale

    def edited_just_before(fo: Any, dataset: Any, stale: Any) -> int:
        relabel(shown, folder, first, "0")
        return write(fo, dataset, stale)

    monkeypatch.setattr(connector, "change_stale", edited_just_before)
    outcome = publish(conn, shown, store, folder=folder)
    monkeypatch.undo()
    assert (outcome.detail["n_changed"], outcome.detail["n_kept"]) == (1, 1)
    assert label_there(shown, folder, first) == "0"


def test_label_outside_the_label_set_is_refused_in_words_and_not_overwritten(
    conn: Conn, shown: Project, store: Store, folder: Path
) -> None:
    first, *_ = clip_ids_of(conn)
    relabel(shown, folder, first, "elephant")
    tag(shown, folder, [first], "later")
    outcome = pull(conn, shown, folder=folder)
    (failure,) = outcome.failed
    assert "elephant" in failure.message and "label set" in failure.message
    assert [i.clip_id for i in selection_items(conn, shown.project_id, "later")] == [first]
    assert publish(conn, shown, store, folder=folder).detail["n_kept"] == 1
    assert label_there(shown, folder, first) == "elephant"
    relabel(shown, folder, first, "1")
    assert pull(conn, shown, folder=folder).failed == ()
    assert answers(conn) == [(first, conn.info.user, "label", "1")]


def test_own_answer_given_here_after_the_edit_stands(conn: Conn, shown: Project, store: Store, folder: Path) -> None:
    first, *_ = clip_ids_of(conn)
    relabel(shown, folder, first, "1")
    time.sleep(0.01)
    say(conn, shown, first, "0")
    outcome = publish(conn, shown, store, folder=folder)
    assert outcome.detail["n_kept"] == 0
    assert [row[3] for row in answers(conn)] == ["0"]
    assert label_there(shown, folder, first) == "0"


def test_answers_of_others_are_joined_not_replaced(
    conn: Conn, empty_database: str, shown: Project, folder: Path
) -> None:
    first, *_ = clip_ids_of(conn)
    say(conn, shown, first, "0")
    relabel(shown, folder, first, "1")
    with logged_in(conn, empty_database, shown.project_id, "researcher") as theirs:
        pull(theirs, shown, folder=folder)
        who = theirs.info.user
    standing = conn.execute("SELECT author FROM current_annotation WHERE source = 'human' ORDER BY author").fetchall()
    assert sorted(row[0] for row in standing) == sorted([conn.info.user, who])


def test_tags_change_a_selection_and_leave_what_others_chose(
    conn: Conn, shown: Project, store: Store, folder: Path
) -> None:
    a, b, c, d, *_ = clip_ids_of(conn)
    save_chosen(conn, shown, "best", [b, a])
    publish(conn, shown, store, folder=folder)
    tag(shown, folder, [a], "best", is_removed=True)
    tag(shown, folder, [c], "best")
    save_chosen(conn, shown, "best", [b, a, d])
    pull(conn, shown, folder=folder)
    assert [(i.clip_id, i.reason) for i in selection_items(conn, shown.project_id, "best")] == [
        (b, "chosen by hand"),
        (d, "chosen by hand"),
        (c, "tagged in FiftyOne"),
    ]


def test_selection_is_published_as_a_set_of_its_own(conn: Conn, shown: Project, store: Store, folder: Path) -> None:
    some = clip_ids_of(conn)[:3]
    save_chosen(conn, shown, "best", some)
    assert publish(conn, shown, store, folder=folder, selection="best").n_done == 3
    save_chosen(conn, shown, "best", some[:2])
    assert publish(conn, shown, store, folder=folder, selection="best").detail["n_removed"] == 1
    assert len(dataset_of(shown, folder)) == 24
    with pytest.raises(NotFound, match="nothing"):
        publish(conn, shown, store, folder=folder, selection="nothing")


def test_dataset_of_somebody_else_is_refused(conn: Conn, shown: Project, store: Store, folder: Path) -> None:
    dataset = dataset_of(shown, folder)
    dataset.info["earmark"] = "another workspace"
    dataset.save()
    with pytest.raises(SettingsError, match="not of this workspace"):
        publish(conn, shown, store, folder=folder)
    assert pull(conn, shown, folder=folder).n_input == 0


def test_annotator_may_neither_publish_nor_pull(
    conn: Conn, empty_database: str, shown: Project, store: Store, folder: Path
) -> None:
    relabel(shown, folder, clip_ids_of(conn)[0], "1")
    with logged_in(conn, empty_database, shown.project_id, "annotator") as theirs:
        for verb in (lambda: publish(theirs, shown, store, folder=folder), lambda: pull(theirs, shown, folder=folder)):
            with pytest.raises(NotPermitted):
                verb()
    assert answers(conn) == []


def test_clip_without_its_sound_fails_alone(
    conn: Conn, project: Project, store: Store, digits: Path, folder: Path
) -> None:
    ingest(conn, project, str(digits))
    cut(conn, project, store)
    ((key,),) = conn.execute("SELECT object_key FROM clip ORDER BY clip_id LIMIT 1").fetchall()
    store.remove(key)
    outcome: Outcome = publish(conn, project, store, folder=folder)
    assert (outcome.n_input, outcome.n_done, len(outcome.failed)) == (60, 59, 1)
