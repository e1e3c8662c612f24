"""FiftyOne's brain beside our own findings: from our vectors alone, nothing fetched, nothing done twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import soundfile

from pipeline.catalog import exchange
from pipeline.catalog.labels import add_labels
from pipeline.catalog.projects import Project
from pipeline.core.plugin_spec import PluginSpec
from pipeline.storage import Store
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.exchange import place_of, publish, pull
from pipeline.workflows.ingest import ingest
from pipeline.workflows.queue import build_queue
from tests.workflows.fiftyone_app import dataset_of
from tests.workflows.test_exchange import clip_ids_of, relabel, say
from tests.workflows.test_exchange import folder as folder
from tests.workflows.test_exchange import session_folder as session_folder

Conn = psycopg.Connection[Any]
BRAIN = PluginSpec(name="fiftyone", params={"brain": "uniqueness,visualization,mistakenness,similarity"})
N_CLIPS = 13
N_GUESSED = 7

_reached: list[object] = []
_is_watched = False


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if _is_watched and event == "socket.getaddrinfo":
        _reached.append(args[0])
    elif _is_watched and event == "socket.connect" and isinstance(args[1], tuple):
        _reached.append(args[1][0])


@pytest.fixture
def reached() -> Iterator[list[object]]:
    """The hosts that this process asks for from now on."""
    global _is_watched
    if _watch not in _hooked:
        sys.addaudithook(_watch)
        _hooked.append(_watch)
    _reached.clear()
    _is_watched = True
    yield _reached
    _is_watched = False


_hooked: list[object] = []  # an audit hook cannot be taken off again


@pytest.fixture
def guessed(conn: Conn, project: Project, store: Store, digits: Path, tmp_path: Path) -> Project:
    """Twelve digits and a softer copy of one: six came with labels, a model proposed the others', a person said 1."""
    for path in sorted(digits.glob("*.wav"))[12:]:
        path.unlink()
    paths = sorted(digits.glob("*.wav"))
    samples, rate_hz = soundfile.read(paths[0])
    soundfile.write(digits / "softer.wav", samples * 0.5, rate_hz)
    table = tmp_path / "labels.csv"
    table.write_text("file,label\n" + "".join(f"{p.name},{n % 2}\n" for n, p in enumerate(paths[:6])), "utf-8")
    ingest(conn, project, str(digits), labels=LabelRules(csv_path=str(table)))
    cut(conn, project, store)
    embed(conn, project, store)
    build_queue(conn, project)
    for clip_id in _without_label(conn, project):
        say(conn, project, clip_id, "1")
    return project


def _without_label(conn: Conn, project: Project) -> list[int]:
    return [clip.clip_id for clip in exchange.shown_clips(conn, project.project_id) if clip.label is None]


def _documents(project: Project, folder: Path) -> list[dict[str, Any]]:
    """Everything that FiftyOne's database knows of the set, but for when it was last opened."""
    import fiftyone as fo
    from bson import BSON

    dataset = dataset_of(project, folder)
    database: Any = fo.core.odm.get_db_conn()
    about = database.datasets.find_one({"_id": dataset._doc.id})
    about.pop("last_loaded_at")
    runs = database.runs.find({"_id": {"$in": list(about["brain_methods"].values())}}).sort("_id", 1)
    samples = dataset._sample_collection.find({}).sort("_id", 1)
    return [BSON.encode(one).decode() for one in (about, *runs, *samples)]


def test_brain_works_on_our_vectors_and_answers_and_fetches_nothing(
    conn: Conn, guessed: Project, store: Store, folder: Path, reached: list[object]
) -> None:
    outcome = publish(conn, guessed, store, folder=folder, connector=BRAIN)
    assert set(reached) <= {"127.0.0.1", "localhost", "::1"}
    runs = {key: outcome.detail[f"brain {key}"] for key in ("map", "uniqueness", "pca", "mistakenness", "similarity")}
    assert runs == dict.fromkeys(runs, f"of {N_CLIPS} clips") | {"mistakenness": f"of {N_GUESSED} clips"}
    row = conn.execute("SELECT detail FROM operation_outcome ORDER BY operation_id DESC LIMIT 1").fetchone()
    assert row is not None and row[0]["brain uniqueness"] == f"of {N_CLIPS} clips"

    dataset = dataset_of(guessed, folder)
    by_clip = {sample["clip_id"]: sample for sample in dataset}
    assert dataset.bounds("uniqueness")[1] == 1.0 and dataset.bounds("uniqueness")[0] > 0
    for key in ("uniqueness", "pca", "similarity"):
        about = dataset.get_brain_info(key).config
        assert (about.embeddings_field, about.model) == ("embedding", None)
    names = {sample["recording"]: clip_id for clip_id, sample in by_clip.items()}
    pair = {names["softer.wav"], names["0_george_0.wav"]}
    alike = {clip_id: s["sounds_like_clip"] for clip_id, s in by_clip.items() if s["sounds_like_clip"] is not None}
    assert [{copy, first} for copy, first in alike.items()] == [pair]
    for sample in by_clip.values():
        confidence = None if sample["prediction"] is None else sample["prediction"].confidence
        if confidence is None:
            assert sample["mistakenness"] is None
        else:
            is_wrong = sample["prediction"].label != sample["label"].label
            assert sample["mistakenness"] == pytest.approx((1 + (1 if is_wrong else -1) * confidence) / 2)


def test_map_there_is_our_map_and_theirs_stands_beside_it(
    conn: Conn, guessed: Project, store: Store, folder: Path
) -> None:
    publish(conn, guessed, store, folder=folder, connector=BRAIN)
    dataset = dataset_of(guessed, folder)
    places = exchange.map_places(conn, guessed.project_id)
    found = dataset.load_brain_results("map")
    by_sample = dict(zip(dataset.values("id"), dataset.values("clip_id"), strict=True))
    ours = [places[by_sample[sample_id]] for sample_id in found.sample_ids]
    np.testing.assert_allclose(found.points, ours)
    assert dataset.load_brain_results("pca").points.shape == (N_CLIPS, 2)
    nearest = dataset.select_fields().sort_by_similarity(dataset.first().id, brain_key="similarity", k=2)
    assert len(nearest) == 2


def test_second_publish_with_the_brain_changes_no_document(
    conn: Conn, guessed: Project, store: Store, folder: Path
) -> None:
    publish(conn, guessed, store, folder=folder, connector=BRAIN)
    before = _documents(guessed, folder)
    again = publish(conn, guessed, store, folder=folder, connector=BRAIN)
    assert again.detail["n_writes"] == 0
    assert {words for key, words in again.detail.items() if key.startswith("brain ")} == {"unchanged"}
    assert _documents(guessed, folder) == before
    publish(conn, guessed, store, folder=folder)
    assert _documents(guessed, folder) == before


def test_changed_answer_renews_mistakenness_alone(conn: Conn, guessed: Project, store: Store, folder: Path) -> None:
    publish(conn, guessed, store, folder=folder, connector=BRAIN)
    _first, *_others, last = clip_ids_of(conn)
    say(conn, guessed, last, "0")
    detail = publish(conn, guessed, store, folder=folder, connector=BRAIN).detail
    assert detail["brain mistakenness"] == f"of {N_GUESSED} clips"
    assert {detail[f"brain {key}"] for key in ("map", "uniqueness", "pca", "similarity")} == {"unchanged"}


def test_edit_that_cannot_be_pulled_keeps_its_time_while_the_brain_works(
    conn: Conn, guessed: Project, store: Store, folder: Path
) -> None:
    publish(conn, guessed, store, folder=folder, connector=BRAIN)
    first, *_ = clip_ids_of(conn)
    relabel(guessed, folder, first, "elephant")
    times = dict(zip(*dataset_of(guessed, folder).values(["clip_id", "last_modified_at"]), strict=True))
    outcome = publish(conn, guessed, store, folder=folder, connector=BRAIN)
    assert (outcome.detail["n_kept"], outcome.detail["brain uniqueness"]) == (1, f"of {N_CLIPS - 1} clips")
    now = dict(zip(*dataset_of(guessed, folder).values(["clip_id", "last_modified_at"]), strict=True))
    assert now[first] == times[first]


def test_brain_without_embeddings_says_what_is_missing(
    conn: Conn, project: Project, store: Store, digits: Path, folder: Path
) -> None:
    for path in sorted(digits.glob("*.wav"))[3:]:
        path.unlink()
    ingest(conn, project, str(digits))
    cut(conn, project, store)
    detail = publish(conn, project, store, folder=folder, connector=BRAIN).detail
    assert "earmark embed" in detail["brain uniqueness"] and "earmark embed" in detail["brain map"]
    assert "earmark queue" in detail["brain mistakenness"]
    assert dataset_of(project, folder).list_brain_runs() == []


def test_app_offers_the_label_set_of_the_project(conn: Conn, guessed: Project, store: Store, folder: Path) -> None:
    publish(conn, guessed, store, folder=folder)
    dataset = dataset_of(guessed, folder)
    assert dataset.label_schemas["label"]["classes"] == ["0", "1"]
    assert dataset.active_label_schemas == ["label"]
    add_labels(conn, guessed.project_id, ["2"])
    publish(conn, guessed, store, folder=folder)
    assert dataset_of(guessed, folder).label_schemas["label"]["classes"] == ["0", "1", "2"]
    relabel(guessed, folder, clip_ids_of(conn)[0], "2")
    assert pull(conn, guessed, folder=folder).detail["n_answers"] == 1
    assert place_of(guessed, folder).name.startswith("earmark-test")
