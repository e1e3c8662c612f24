"""A clip in which several things sound: from the answer to the frozen version."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from pipeline.catalog import datasets
from pipeline.catalog.projects import find_project
from pipeline.core.types import AnswerGiven
from pipeline.plugins.exporters.manifest import manifest_jsonl
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.release import manifest_sha256, release
from tests.catalog.made_rows import fill, make_project

Conn = psycopg.Connection[Any]


def test_further_labels_are_released_with_the_clip(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    clip_ids = fill(conn, project_id, operation_id, n_recordings=3, n_clips_each=1)
    project = find_project(conn, "made")
    assert project is not None
    report = save_answers(conn, project, [_said(clip_ids[0], "b", "c", "a"), _said(clip_ids[1], "a")])
    assert report.refused == {}
    released = release(conn, project, "many")
    items = datasets.read_items(conn, project_id, released.version.dataset_version_id)
    assert [(item.clip_id, item.label, item.also) for item in items] == [
        (clip_ids[0], "b", ("a", "c")),
        (clip_ids[1], "a", ()),
    ]
    assert manifest_sha256("many", 1, items) == released.version.manifest_sha256
    assert b'"also": ["a", "c"]' in manifest_jsonl(items)


def test_version_without_further_labels_keeps_its_bytes(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    (clip_id,) = fill(conn, project_id, operation_id, n_recordings=1, n_clips_each=1)
    project = find_project(conn, "made")
    assert project is not None
    save_answers(conn, project, [_said(clip_id, "a")])
    released = release(conn, project, "one")
    assert b"also" not in manifest_jsonl(datasets.read_items(conn, project_id, released.version.dataset_version_id))


@pytest.mark.parametrize("also", [("nowhere",), ("a",), ("b", "b")], ids=["unknown", "said already", "twice"])
def test_further_label_that_makes_no_sense_is_refused(conn: Conn, also: tuple[str, ...]) -> None:
    project_id, operation_id = make_project(conn)
    (clip_id,) = fill(conn, project_id, operation_id, n_recordings=1, n_clips_each=1)
    project = find_project(conn, "made")
    assert project is not None
    report = save_answers(conn, project, [_said(clip_id, "a", *also)])
    assert (report.saved, len(report.refused)) == ([], 1)
    assert conn.execute("SELECT count(*) FROM annotation").fetchone() == (0,)


def _said(clip_id: int, label: str, *also: str) -> AnswerGiven:
    return AnswerGiven(
        annotation_id=uuid4(), clip_id=clip_id, answer="label", label=label, heard=None, also=tuple(also)
    )
