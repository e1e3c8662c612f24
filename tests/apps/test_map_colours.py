"""The colours of the map: what each clip's value is in a real database, and how values become categories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from apps.curate.map_colours import COLOURINGS, REDUNDANT, MapColours, colours_by
from apps.session import Session
from pipeline.catalog.embeddings import MapPoints
from pipeline.catalog.map_values import map_values
from pipeline.core.types import AnswerGiven
from pipeline.workflows.annotate import save_answers
from tests.apps.made import Made, make_once

N = 9


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    with made.copy() as session:
        yield session


def points(n: int, *, redundant: tuple[int, ...] = ()) -> MapPoints:
    return MapPoints(
        clip_ids=list(range(n)),
        places=np.zeros((n, 2), np.float32),
        names=["a"] * n,
        categories=[None] * n,
        is_redundant=[clip_id in redundant for clip_id in range(n)],
    )


def names(coloured: MapColours) -> list[str]:
    """The name of every point's category."""
    return [coloured.categories[place]["name"] for place in coloured.category]


def test_prediction_and_confidence_come_from_the_queue_and_only_where_a_model_proposes(session: Session) -> None:
    conn, project_id = session.workspace.conn, session.project.project_id
    first, second = [row[0] for row in conn.execute("SELECT clip_id FROM clip ORDER BY clip_id LIMIT 2")]
    label = "label_id = (SELECT label_id FROM label WHERE name = 'hum')"
    conn.execute("UPDATE review SET proposed_label_id = NULL, proposed_confidence = NULL")
    conn.execute(
        f"UPDATE review SET proposed_{label}, proposed_confidence = 0.75 WHERE clip_id = %s".encode(), (first,)
    )
    conn.execute(f"UPDATE review SET proposed_{label} WHERE clip_id = %s".encode(), (second,))
    assert map_values(conn, project_id, "prediction") == {first: "hum"}
    assert map_values(conn, project_id, "confidence") == {first: pytest.approx(0.75)}


def test_source_is_that_of_the_recording(session: Session) -> None:
    found = map_values(session.workspace.conn, session.project.project_id, "source")
    assert len(found) == N
    assert {Path(str(uri)).name for uri in found.values()} == {"tones"}


def test_annotator_is_who_answered_and_nobody_once_that_is_withdrawn(session: Session) -> None:
    conn, project = session.workspace.conn, session.project
    (clip_id,) = conn.execute("SELECT min(clip_id) FROM clip").fetchone() or ()
    given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label", label="hum", heard=None)
    save_answers(conn, project, [given])
    assert map_values(conn, project.project_id, "annotator") == {clip_id: session.person}
    back = AnswerGiven(
        annotation_id=uuid4(),
        clip_id=clip_id,
        answer="withdrawn",
        label=None,
        heard=None,
        supersedes=given.annotation_id,
    )
    save_answers(conn, project, [back])
    assert map_values(conn, project.project_id, "annotator") == {}


def test_no_group_is_nothing(session: Session) -> None:
    assert map_values(session.workspace.conn, session.project.project_id, "group") == {}


def test_confidence_falls_into_steps_and_without_a_prediction_lies_apart() -> None:
    values = {0: 1.0, 1: 0.95, 2: 0.949, 3: 0.4, 4: 0.0}
    found = names(colours_by(points(6), "confidence", values, [], is_dimmed=False))
    assert found == ["95–100 %", "95–100 %", "80–95 %", "40–60 %", "below 40 %", "no prediction"]


def test_prediction_has_the_colour_that_the_label_has_everywhere() -> None:
    coloured = colours_by(points(2), "prediction", {0: "cat", 1: "dog"}, ["dog", "cat"], is_dimmed=False)
    assert names(coloured) == ["cat", "dog"]
    assert {entry["name"]: entry.get("colour") for entry in coloured.categories} == {
        "dog": "var(--em-cat-1)",
        "cat": "var(--em-cat-2)",
    }


def test_many_groups_share_a_colour_beyond_the_largest() -> None:
    values: dict[int, str | float] = {clip_id: str(clip_id // 2) for clip_id in range(60)}
    found = names(colours_by(points(61), "group", values, [], is_dimmed=False))
    assert found[0] == "group 0" and found[59] == "other groups" and found[60] == "in no group"
    assert len(set(found)) == 22


def test_sources_are_named_by_the_end_of_their_path_where_that_tells_them_apart() -> None:
    values: dict[int, str | float] = {0: "file:///a/day/", 1: "file:///a/night/", 2: "file:///b/day/"}
    found = names(colours_by(points(3), "source", values, [], is_dimmed=False))
    assert found == ["file:///a/day/", "night", "file:///b/day/"]


@pytest.mark.parametrize("by", [by for by in COLOURINGS if by != "label"])
def test_redundant_clips_are_dimmed_in_every_colouring(by: str) -> None:
    values: dict[int, str | float] = {0: 0.5, 1: 0.5}
    found = names(colours_by(points(2, redundant=(1,)), by, values, [], is_dimmed=True))  # type: ignore[arg-type]
    assert found[1] == REDUNDANT != found[0]
