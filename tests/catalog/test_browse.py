"""Pages of clips hold what the filters ask for, each clip once, for who may see them."""

from __future__ import annotations

import random
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from pipeline.catalog import annotations, duplicates, recordings
from pipeline.catalog.browse import BrowsedClip, Filters, Span, browse_clips
from pipeline.catalog.labels import list_labels
from pipeline.core.types import AnswerGiven
from tests.catalog.made_rows import clip, clip_ids, logged_in, make_project, people, recording, save_cuts

Conn = psycopg.Connection[Any]


@pytest.fixture
def project_id(conn: Conn) -> int:
    """60 clips of six recordings in two source groups; labels carried, answered and taken back; one group of copies."""
    project_id, operation_id = make_project(conn)
    names = [f"{place}/{i}.wav" for place in ("moor", "mo_r", "wood") for i in range(2)]
    ids = recordings.save_recordings(conn, project_id, [recording(n) for n in names], operation_id=operation_id)
    recordings.set_source_groups(conn, [(i, f"bird {i % 2}") for i in ids])
    label_ids = {label.name: label.label_id for label in list_labels(conn, project_id)}
    carried = [recordings.CarriedLabel(recording_id=i, label_id=label_ids["a"], source="folder") for i in ids[:2]]
    recordings.save_carried_labels(conn, project_id, carried)
    chance = random.Random(1)
    made = {
        i: [
            clip(k, length_s=chance.uniform(0.2, 2), is_silent=k == 3, snr_db=chance.gauss(20, 8),
                 loudness_lufs=chance.gauss(-23, 5), bandwidth_hz=chance.uniform(100, 8000))
            if k else clip(k)
            for k in range(10)
        ]
        for i in ids
    }  # fmt: skip
    save_cuts(conn, project_id, operation_id, made, "first")
    annotations.carry_labels(conn, project_id)
    clips = clip_ids(conn, project_id)
    for number, clip_id in enumerate(clips[5:20]):
        label = ["a", "b", None][number % 3]
        given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label" if label else "unsure", label=label,
                            heard=None)  # fmt: skip
        annotations.save_answers(conn, project_id, [given], label_ids=label_ids)
        if number % 4 == 0:
            back = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="withdrawn", label=None, heard=None,
                               supersedes=given.annotation_id)  # fmt: skip
            annotations.save_answers(conn, project_id, [back], label_ids=label_ids)
    group = [duplicates.NewDuplicate(clip_id=c, distance=0.0, finding="identical", reason="alike")
             for c in clips[30:33]]  # fmt: skip
    duplicates.replace_groups(conn, project_id, [(clips[30], group)], operation_id=operation_id)
    return project_id


def test_pages_hold_every_active_clip_once_in_order(conn: Conn, project_id: int) -> None:
    assert [c.clip_id for c in _all(conn, project_id, Filters(), limit=7)] == clip_ids(conn, project_id)


def test_what_is_on_a_page_is_what_the_filters_ask_for(conn: Conn, project_id: int) -> None:
    everything = _all(conn, project_id, Filters())
    label_id = {label.name: label.label_id for label in list_labels(conn, project_id)}
    asked = {
        "label": (Filters(label_id=label_id["a"]), lambda c: "a" in c.labels),
        "answered": (Filters(is_answered=True), lambda c: c.is_answered),
        "not answered": (Filters(is_answered=False), lambda c: not c.is_answered),
        "redundant": (Filters(is_redundant=True), lambda c: c.is_redundant),
        "not redundant": (Filters(is_redundant=False), lambda c: not c.is_redundant),
        "problem": (Filters(problem="silent"), lambda c: "silent" in c.problems),
        "group": (Filters(source_group="bird 1"), lambda c: c.source_group == "bird 1"),
        "name": (Filters(name_prefix="mo_r/"), lambda c: c.recording_name.startswith("mo_r/")),
        "shorter": (Filters(duration_s=Span(most=0.8)), lambda c: c.duration_s <= 0.8),
        "snr": (Filters(snr_db=Span(least=15, most=25)), lambda c: c.snr_db is not None and 15 <= c.snr_db <= 25),
        "loud": (Filters(loudness_lufs=Span(least=-23)), lambda c: (c.loudness_lufs or -99) >= -23),
        "band": (Filters(bandwidth_hz=Span(most=4000)), lambda c: (c.bandwidth_hz or 9999) <= 4000),
        "several": (
            Filters(label_id=label_id["a"], is_answered=False, duration_s=Span(least=0.5), source_group="bird 1"),
            lambda c: "a" in c.labels and not c.is_answered and c.duration_s >= 0.5 and c.source_group == "bird 1",
        ),
    }  # fmt: skip
    for name, (filters, is_asked_for) in asked.items():
        expected = [c.clip_id for c in everything if is_asked_for(c)]
        assert 0 < len(expected) < len(everything), name
        assert [c.clip_id for c in _all(conn, project_id, filters, limit=4)] == expected, name


def test_clips_that_rest_are_on_no_page(conn: Conn, project_id: int) -> None:
    ids = [
        row[0] for row in conn.execute("SELECT recording_id FROM recording ORDER BY recording_id LIMIT 1").fetchall()
    ]
    operation_id = conn.execute("SELECT max(operation_id) FROM operation").fetchone()
    save_cuts(conn, project_id, (operation_id or (0,))[0], {ids[0]: [clip(0, length_s=9.0)]}, "second")
    assert len(_all(conn, project_id, Filters())) == 51
    assert [c.duration_s for c in _all(conn, project_id, Filters(name_prefix="moor/0"))] == [9.0]


def test_who_may_not_see_clips_gets_an_empty_page(conn: Conn, project_id: int) -> None:
    other_id, _ = make_project(conn, name="another")
    with (
        people(conn, project_id, ["reviewer"]) as ours,
        people(conn, other_id, ["admin"]) as theirs,
        logged_in([*ours, *theirs]) as (reviewer, stranger),
    ):
        assert browse_clips(reviewer, project_id) == browse_clips(conn, project_id)
        assert browse_clips(stranger, project_id) == []


def _all(conn: Conn, project_id: int, filters: Filters, *, limit: int = 50) -> list[BrowsedClip]:
    found: list[BrowsedClip] = []
    while page := browse_clips(conn, project_id, filters=filters, after=found[-1].clip_id if found else 0, limit=limit):
        found += page
    return found
