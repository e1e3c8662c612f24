"""Train-encoder: weights in the store, named by the spec, found by embed, kept by doctor and refused when altered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.catalog import embeddings, integrity
from pipeline.catalog.clips import ClipSound
from pipeline.catalog.projects import Project, get_project, set_recipe
from pipeline.catalog.search import serving_encoder
from pipeline.core.errors import Cancelled, NotPermitted, PluginError, StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.storage import Store
from pipeline.training.ssl import SslSettings
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.clip_audio import read_clip
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.encoder_weights import ready_encoder
from pipeline.workflows.ingest import ingest
from pipeline.workflows.operation import ProgressReport
from pipeline.workflows.train_encoder import train_encoder
from tests.people import logged_in
from tests.workflows.conftest import SPEAKERS

Conn = psycopg.Connection[Any]
SHORT = SslSettings(max_steps=20, max_cpu_s=1e6, n_batch=32, augmenters=())


@pytest.fixture
def cut_digits(conn: Conn, project: Project, store: Store, digits: Path) -> Project:
    """The digits with labels and speakers, cut whole."""
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    return project


def test_trained_encoder_is_embedded_by_and_its_weights_are_nobodys_orphan(
    conn: Conn, cut_digits: Project, store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "training"
    trained = train_encoder(conn, cut_digits, store, folder=folder, settings=SHORT)
    key = trained.encoder.params["weights"]
    assert trained.encoder.name == "fused"
    assert (trained.outcome.n_input, trained.outcome.n_done) == (60, 60)
    assert all(point.knn_accuracy is not None for point in trained.curve)
    assert store.sha256(key).hex() in key
    assert key in integrity.still_named(conn, [key])
    assert [words.split()[0] for words in integrity.rows_naming(conn, [key])] == ["encoder"]
    assert list(folder.iterdir()) == []
    assert embeddings.current_encoder(conn, cut_digits.project_id) is None

    assert embed(conn, cut_digits, store, encoder=trained.encoder).n_done == 60
    encoder_id = embeddings.current_encoder(conn, cut_digits.project_id)
    assert encoder_id is not None
    found = embeddings.read_vectors(conn, cut_digits.project_id, encoder_id)
    clip = _first_clip(conn, cut_digits)
    vector = ready_encoder(trained.encoder, store).encode([read_clip(store, clip)])[0]
    assert vector @ found.vectors[found.clip_ids.index(clip.clip_id)] == pytest.approx(1, abs=1e-3)
    again = embed(conn, cut_digits, store, encoder=trained.encoder)
    assert again.n_unchanged == 60


def test_stopped_training_goes_on_and_leaves_nothing_behind(
    conn: Conn, cut_digits: Project, store: Store, tmp_path: Path
) -> None:
    def stop(report: ProgressReport) -> None:
        if report.stage.startswith("training"):
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        train_encoder(conn, cut_digits, store, folder=tmp_path / "training", settings=SHORT, on_progress=stop)
    assert len(list((tmp_path / "training").iterdir())) <= 1
    trained = train_encoder(
        conn, cut_digits, store, folder=tmp_path / "training", encoder="lightly_ssl", settings=SHORT
    )
    assert trained.encoder.name == "lightly_ssl"
    assert list((tmp_path / "training").iterdir()) == []


def test_clip_that_is_gone_fails_alone(conn: Conn, cut_digits: Project, store: Store, tmp_path: Path) -> None:
    clip = _first_clip(conn, cut_digits)
    store.remove(clip.object_key)
    trained = train_encoder(conn, cut_digits, store, folder=tmp_path, settings=SHORT)
    assert [lost.item for lost in trained.outcome.failed] == [str(clip.clip_id)]
    assert trained.outcome.n_done == 59


def test_weights_that_are_gone_leave_the_former_encoder_serving(
    conn: Conn, cut_digits: Project, store: Store, tmp_path: Path
) -> None:
    embed(conn, cut_digits, store, encoder=PluginSpec(name="instant"))
    before = embeddings.current_encoder(conn, cut_digits.project_id)
    trained = train_encoder(conn, cut_digits, store, folder=tmp_path, settings=SHORT)
    store.remove(trained.encoder.params["weights"])
    with pytest.raises(StorageError, match="no such object in the store"):
        embed(conn, cut_digits, store, encoder=trained.encoder)
    assert embeddings.current_encoder(conn, cut_digits.project_id) == before


def test_recipe_names_the_encoder_trained_last_and_is_else_as_it_was(
    conn: Conn, cut_digits: Project, store: Store, tmp_path: Path, empty_database: str
) -> None:
    with logged_in(conn, empty_database, cut_digits.project_id, "researcher") as theirs:
        # As if somebody had changed the recipe while the training lasted.
        changed = replace(cut_digits.recipe, labels=("yes", "no"))
        set_recipe(theirs, cut_digits.project_id, changed)
        trained = train_encoder(theirs, cut_digits, store, folder=tmp_path, settings=SHORT)
        assert trained.is_in_recipe
        again = get_project(theirs, cut_digits.name)
        assert again.recipe == replace(changed, encoder=trained.encoder)
        embed(theirs, again, store)
    assert serving_encoder(conn, cut_digits.project_id).spec == trained.encoder


def test_recipe_is_kept_when_that_is_asked_for(conn: Conn, cut_digits: Project, store: Store, tmp_path: Path) -> None:
    trained = train_encoder(conn, cut_digits, store, folder=tmp_path, settings=SHORT, keeps_recipe=True)
    assert not trained.is_in_recipe
    assert get_project(conn, cut_digits.name).recipe == cut_digits.recipe


def test_recipe_is_kept_when_training_fails(conn: Conn, cut_digits: Project, store: Store, tmp_path: Path) -> None:
    def stop(report: ProgressReport) -> None:
        if report.stage == "keeping the weights":
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        train_encoder(conn, cut_digits, store, folder=tmp_path, settings=SHORT, on_progress=stop)
    assert get_project(conn, cut_digits.name).recipe == cut_digits.recipe


def test_no_clip_of_the_curve_is_judged_by_its_own_speaker(
    conn: Conn, project: Project, store: Store, digits: Path, tmp_path: Path
) -> None:
    for path in digits.iterdir():
        if "_theo_" not in path.name:
            path.unlink()
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    trained = train_encoder(conn, project, store, folder=tmp_path, settings=SHORT)
    assert trained.outcome.n_done == 15
    assert [point.knn_accuracy for point in trained.curve] == [None, None]


def test_curve_without_labels_has_no_accuracy(
    conn: Conn, project: Project, store: Store, digits: Path, tmp_path: Path
) -> None:
    ingest(conn, project, str(digits))
    cut(conn, project, store)
    trained = train_encoder(conn, project, store, folder=tmp_path, settings=SHORT)
    assert [point.knn_accuracy for point in trained.curve] == [None, None]


def test_encoder_that_learns_nothing_is_refused(conn: Conn, cut_digits: Project, store: Store, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="learns nothing: instant"):
        train_encoder(conn, cut_digits, store, folder=tmp_path, encoder="instant")


def test_reviewer_may_not_train(
    conn: Conn, cut_digits: Project, store: Store, tmp_path: Path, empty_database: str
) -> None:
    with logged_in(conn, empty_database, cut_digits.project_id, "reviewer") as theirs, pytest.raises(NotPermitted):
        train_encoder(theirs, cut_digits, store, folder=tmp_path, settings=SHORT)


def _first_clip(conn: Conn, project: Project) -> ClipSound:
    encoder_id = embeddings.use_encoder(conn, project.project_id, PluginSpec(name="none"), n_dims=2)
    return embeddings.clips_to_embed(conn, project.project_id, encoder_id)[0]
