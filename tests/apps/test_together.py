"""The review page's grid: who holds what, in a real database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from apps.review.state import ReviewState
from apps.review.together import N_TOGETHER, Together
from apps.session import Session
from pipeline.catalog.connect import connect
from pipeline.core.errors import NotPermitted
from pipeline.core.types import AnswerGiven, Heard
from pipeline.widgets.clip_grid import ClipGrid, Settled
from pipeline.workflows import annotate
from tests.apps.made import Made, add_person, drop_person, login_url, make_once, open_made

N = 15


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    """Ten clips with hum proposed, three with ring, the surest first by clip id; two with nothing."""
    with made.copy() as session:
        for n, clip_id in enumerate(clip_ids(session)[:13]):
            session.workspace.conn.execute(
                """
                UPDATE review SET proposed_confidence = %s,
                  proposed_label_id = (SELECT label_id FROM label WHERE name = %s) WHERE clip_id = %s
                """,
                (0.9 - n / 100, "hum" if n < 10 else "ring", clip_id),
            )
        yield session


class Desk:
    """The grid's panel, and what its grid would be told."""

    def __init__(self, session: Session) -> None:
        self.state = ReviewState(session)
        self.n_saved = 0
        self.panel = Together(self.state, on_saved=self._count)
        self.panel.open()

    def _count(self) -> None:
        self.n_saved += 1

    @property
    def grid(self) -> ClipGrid:
        return next(part for part in self.panel.root.children if isinstance(part, ClipGrid))

    @property
    def shown(self) -> list[int]:
        return [clip["id"] for clip in cast(Any, self.grid).batch["clips"]]

    @property
    def labels(self) -> dict[str, int]:
        return {item["label"]: item["count"] for item in self.panel.controls.items}

    def confirm(self, ids: list[int], *, struck: list[int], label: str = "hum") -> list[AnswerGiven]:
        """What the browser does on Enter."""
        given = [answer(clip_id, label) for clip_id in ids]
        for one in given:
            self.panel.answer(one)
        settled = Settled(confirmed=ids, struck=struck, is_more_wanted=True)
        self.following = [clip["id"] for clip in (self.panel.settle(settled) or {"clips": []})["clips"]]
        return given


def answer(clip_id: int, label: str | None, *, supersedes: UUID | None = None) -> AnswerGiven:
    return AnswerGiven(
        annotation_id=uuid4(),
        clip_id=clip_id,
        answer="label" if label else "withdrawn",
        label=label,
        heard=Heard(n_plays=1, heard_s=0.4, response_ms=900, share=1.0) if label else None,
        supersedes=supersedes,
        screen="grid",
    )


def clip_ids(session: Session) -> list[int]:
    return [row[0] for row in session.workspace.conn.execute("SELECT clip_id FROM clip ORDER BY clip_id")]


def held(session: Session) -> list[int]:
    rows = session.workspace.conn.execute("SELECT clip_id FROM review WHERE claimed_by IS NOT NULL ORDER BY clip_id")
    return [row[0] for row in rows]


def test_most_frequent_label_is_shown_first_with_the_surest_clip_first(session: Session) -> None:
    desk = Desk(session)
    assert desk.labels == {"hum": 10, "ring": 3}
    assert desk.shown == clip_ids(session)[:10] == held(session)
    assert len(desk.shown) <= N_TOGETHER


def test_struck_clips_wait_for_anybody_and_do_not_come_into_the_grid_again(session: Session) -> None:
    desk = Desk(session)
    *rest, first, second = desk.shown
    desk.confirm(rest, struck=[first, second])
    assert (desk.following, held(session)) == ([], [])
    assert desk.labels == {"ring": 3}
    open_clips = {clip.clip_id for clip in desk.state.claim(have=[]).clips}
    assert {first, second} <= open_clips and not open_clips & set(rest)


def test_other_label_lets_go_of_the_clips_of_the_first(session: Session) -> None:
    desk = Desk(session)
    ring = next(item["key"] for item in desk.panel.controls.items if item["label"] == "ring")
    desk.panel.controls._handle_custom_msg({"type": "press", "key": ring}, [])
    assert desk.shown == clip_ids(session)[10:13] == held(session)


def test_leaving_the_grid_lets_go_of_all_that_is_not_settled(session: Session) -> None:
    desk = Desk(session)
    desk.panel.close()
    assert held(session) == []
    assert not desk.panel.is_open
    desk.panel.open()
    assert desk.shown == clip_ids(session)[:10]


def test_confirmation_taken_back_holds_the_clips_until_the_grid_is_left(session: Session) -> None:
    desk = Desk(session)
    given = desk.confirm(desk.shown[:4], struck=desk.shown[4:])
    for one in given:
        desk.panel.answer(answer(one.clip_id, None, supersedes=one.annotation_id))
    assert held(session) == [one.clip_id for one in given]
    assert desk.n_saved == 8
    desk.panel.close()
    assert held(session) == []


def test_nothing_proposed_is_said_with_who_can_change_it(session: Session) -> None:
    session.workspace.conn.execute("UPDATE review SET proposed_confidence = NULL")
    person = add_person(session, "annotator")
    workspace = session.workspace
    try:
        with open_made(workspace.url, workspace.settings.workspace, person=person) as theirs:
            panel = Desk(theirs).panel
            said = panel.root.children[0]
            assert (said.title, said.layout.display) == ("Nothing is proposed", None)
            assert "Ask a reviewer" in said.text
    finally:
        drop_person(session, person)
    assert "Build it" in Desk(session).panel.root.children[0].text


def test_clips_that_somebody_else_holds_are_not_released(session: Session) -> None:
    desk = Desk(session)
    person = add_person(session, "annotator")
    workspace = session.workspace
    try:
        with open_made(workspace.url, workspace.settings.workspace, person=person) as theirs:
            assert annotate.release_clips(theirs.workspace.conn, theirs.project, desk.shown) == 0
        assert held(session) == desk.shown
    finally:
        drop_person(session, person)


def test_who_has_no_duty_releases_nothing(session: Session) -> None:
    desk = Desk(session)
    person = add_person(session, None)
    try:
        with (
            connect(login_url(session.workspace.url, person), application_name="tests") as conn,
            pytest.raises(NotPermitted),
        ):
            annotate.release_clips(conn, session.project, desk.shown)
    finally:
        drop_person(session, person)
    assert held(session) == desk.shown
