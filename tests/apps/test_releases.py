"""The releases page's state, in a real database."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pytest

from apps.releases.leak_words import (
    PAGE_N,
    leak_pair,
    leak_rows,
    lie_words,
    n_examined,
    overlap_s,
    page_words,
    verdict_words,
)
from apps.releases.state import (
    SPLITS,
    Choices,
    ReleasesState,
    check_leaks,
    count_splits,
    objection_to_name,
    preview_of,
)
from apps.session import Session
from pipeline.core.errors import NotFound, NotPermitted
from pipeline.core.types import Answer, AnswerGiven, Outcome
from pipeline.curation.leaks import LeakingPair, LeakKind, SplitClip
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.leaks import LeakReport
from tests.apps.made import LABELS, Made, add_person, drop_person, make_once, open_made

N = 18


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    with made.copy() as session:
        yield session


@pytest.fixture
def state(session: Session) -> ReleasesState:
    return ReleasesState(session)


def give(session: Session, clip_id: int, answer: Answer = "label") -> None:
    label = "ring" if answer == "label" else None
    given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer=answer, label=label, heard=None)
    assert save_answers(session.workspace.conn, session.project, [given]).refused == {}


def clip_ids(session: Session) -> list[int]:
    return [row[0] for row in session.workspace.conn.execute("SELECT clip_id FROM clip ORDER BY clip_id")]


@pytest.mark.parametrize("choices", [Choices(), Choices(people_only=True), Choices(min_confidence=0.7)])
def test_preview_is_what_a_release_freezes(state: ReleasesState, session: Session, choices: Choices) -> None:
    first, second, third, *_ = clip_ids(session)
    give(session, first)
    give(session, second)
    give(session, third, "unsure")
    preview = preview_of(state.read_now(), choices)
    version = state.freeze("set", choices, seed=1)
    assert preview.n_frozen == version.n_items == (2 if choices.people_only else N - 1)
    assert (preview.n_settled, preview.n_by_people, preview.n_no_label) == (N - 1, 2, 1)
    by_label = count_splits(state.items(version))
    assert {share.label: share.n_clips for share in preview.labels if share.n_clips} == {
        label: sum(found.values()) for label, found in by_label.items()
    }


def test_every_clip_is_in_one_heap(state: ReleasesState, session: Session) -> None:
    first, second, *_ = clip_ids(session)
    give(session, first, "none_of_these")
    session.workspace.conn.execute("UPDATE clip SET is_redundant = true WHERE clip_id = %s", (second,))
    preview = preview_of(state.read_now(), Choices(people_only=True))
    assert (preview.n_no_label, preview.n_redundant, preview.n_frozen) == (1, 1, 0)
    assert preview.n_not_by_people == N - 2
    heaps = preview.n_settled + preview.n_disputed + preview.n_no_label + preview.n_unlabelled + preview.n_redundant
    assert heaps == N


def test_disputed_clip_is_counted_and_left_out(state: ReleasesState, session: Session, made: Made) -> None:
    clip_id = clip_ids(session)[0]
    give(session, clip_id)
    person = add_person(session, "reviewer")
    with open_made(session.workspace.url, made.folder, person=person) as other:
        give(other, clip_id, "unsure")
        with pytest.raises(NotPermitted):
            ReleasesState(other).freeze("set", Choices(), seed=0)
    preview = preview_of(state.read_now(), Choices())
    assert (preview.n_disputed, preview.n_frozen) == (1, N - 1)
    assert state.freeze("set", Choices(), seed=0).n_items == N - 1
    drop_person(session, person)


def test_project_without_labels_releases_nothing(empty_database: str, tmp_path: Path) -> None:
    with open_made(empty_database, tmp_path) as session:
        state = ReleasesState(session)
        assert preview_of(state.read_now(), Choices()).n_settled == 0
        with pytest.raises(NotFound, match="no clip with a settled label"):
            state.freeze("set", Choices(), seed=0)
        assert state.read_now().versions == []


def test_frozen_version_leaks_nothing_and_a_planted_leak_is_named(state: ReleasesState) -> None:
    version = state.freeze("set", Choices(), seed=0)
    items = state.items(version)
    checked = check_leaks(items)
    assert (checked.straddling, checked.n_recordings) == ([], N)
    assert {item.split for item in items} <= set(SPLITS)
    other = next(split for split in SPLITS if split != items[0].split)
    straddling = check_leaks([replace(items[0], split=other), *items[1:]]).straddling
    assert len(straddling) == 1 and straddling[0].startswith(f"group {items[0].group} in ")


def test_manifest_is_the_one_that_was_frozen_and_opens_in_pandas(state: ReleasesState) -> None:
    version = state.freeze("set", Choices(), seed=0)
    lines, table = state.manifest(version, "jsonl"), state.manifest(version, "csv")
    assert hashlib.sha256(lines).digest() == version.manifest_sha256
    frame = pd.read_json(io.BytesIO(lines), lines=True)
    assert len(frame) == len(pd.read_csv(io.BytesIO(table))) == N
    assert set(frame["label"]) == set(LABELS)
    with pytest.raises(NotFound, match="no manifest of this kind"):
        state.manifest(version, "xml")


def test_export_lies_in_the_folder_that_is_named(state: ReleasesState, made: Made) -> None:
    state.freeze("set", Choices(), seed=0)
    version = state.freeze("set", Choices(), seed=1)
    files = state.export(version)
    assert state.export_folder(version) == made.folder / "releases" / "set-v2"
    assert all(path.is_relative_to(state.export_folder(version)) and path.is_file() for path in files)
    assert len([path for path in files if path.suffix == ".wav"]) == N
    assert [v.version for v in state.read_now().versions] == [2, 1]
    assert state.next_name(state.read_now().versions) == "set"


def test_clean_version_has_no_leaks_by_sound_and_tells_how_far_it_is(state: ReleasesState) -> None:
    told: list[str] = []
    report = state.leaks(state.freeze("set", Choices(), seed=0), lambda progress: told.append(progress.stage))
    assert report.pairs == []
    assert sum(report.n_of_split.values()) == N
    assert "comparing" in told
    title, text = verdict_words("set-v1", report)
    assert title == f"No leaks: {n_examined(report.n_of_split)} pairs examined"
    assert all(split in text for split in report.n_of_split)


def test_pairs_examined_are_those_across_the_splits() -> None:
    assert n_examined({}) == n_examined({"train": 5}) == 0
    assert n_examined({"train": 10, "validation": 2, "test": 3}) == 20 + 30 + 6


def a_leak(kind: LeakKind, *, lag_s: float | None, score: float | None = None) -> LeakingPair:
    clip, other = (
        SplitClip(
            clip_id=clip_id,
            split=split,
            recording_name=f"{split}.wav",
            file_key=split,
            start_s=start_s,
            stop_s=start_s + 3.0,
            source_group="garden",
            sha256=split.encode(),
        )
        for clip_id, split, start_s in ((1, "test", 0.0), (2, "train", 4.5))
    )
    return LeakingPair(kind=kind, clip=clip, other=other, lag_s=lag_s, score=score)


def test_leak_says_how_the_two_lie_and_lays_them_so_for_the_ear() -> None:
    later = a_leak(LeakKind.SAME_RECORDING, lag_s=0.5, score=0.93)
    assert (lie_words(later), overlap_s(later)) == ("0.50 s later, 2.50 s shared", 2.5)
    assert lie_words(a_leak(LeakKind.SAME_RECORDING, lag_s=-0.5)) == "0.50 s earlier, 2.50 s shared"
    assert lie_words(a_leak(LeakKind.IDENTICAL, lag_s=0.0)) == "no lag, 3.00 s shared"
    heard = leak_pair(later)
    # The clip begins half a second after the other, so the other begins so much before it.
    assert (heard["first"]["clip_id"], heard["second"]["clip_id"], heard["lag_s"]) == (2, 1, -0.5)
    (row,) = leak_rows([later], 0, 50)
    assert (row["name"], row["other"], row["score"]) == ("test.wav", "train.wav, from 4.5 s", 0.93)


def test_leak_without_shared_sound_names_what_ties_the_two() -> None:
    assert lie_words(a_leak(LeakKind.SAME_SOURCE, lag_s=None)) == "garden"
    assert lie_words(a_leak(LeakKind.SAME_FILE, lag_s=None)) == "elsewhere in the file"
    assert overlap_s(a_leak(LeakKind.SAME_FILE, lag_s=None)) == 0
    assert leak_pair(a_leak(LeakKind.SAME_FILE, lag_s=None))["lag_s"] is None


def test_long_list_of_leaks_comes_in_pages() -> None:
    pairs = [a_leak(LeakKind.IDENTICAL, lag_s=0.0)] * (PAGE_N + 1)
    assert [row["id"] for row in leak_rows(pairs, PAGE_N, 2 * PAGE_N)] == [PAGE_N]
    report = LeakReport(pairs=pairs, n_of_split={"test": 51, "train": 51}, outcome=Outcome(n_input=102, n_done=102))
    assert page_words(report, PAGE_N) == f"51-51 of 51; {51 * 51:,} pairs examined"
    assert page_words(replace(report, pairs=pairs[:1]), 0) == "1 leak; 2,601 pairs examined"


def test_name_that_a_dataset_cannot_have_is_objected_to() -> None:
    assert objection_to_name("birds-2.1_a") is None
    for name in ("", "-birds", "birds of prey", "a" * 64, "../birds"):
        assert objection_to_name(name) is not None
