"""The flags page says why a list is empty, how right it was, and lets in who may settle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from apps.flags.state import FlagsData, FlagsState
from apps.flags.words import kpi_items, nothing_here, search_ended, tab_items, verdict_case
from apps.session import PAGES_OF_DUTY, Session
from pipeline.catalog.doubts import DoubtCounts
from pipeline.core.errors import NotPermitted
from pipeline.core.verdicts import Verdict
from pipeline.curation.list_precision import expected_wrong, precision_so_far
from pipeline.workflows.doubts import Standing
from pipeline.workflows.find_mislabels import find_mislabels
from tests.apps.made import Made, add_person, drop_person, make_once, open_made

N = 24


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    with made.copy() as session:
        yield session


def data(
    *, n_suspects: int = 0, n_labelled: int = 9, n_embedded: int = 9, is_searched: bool = True,
    verdicts: tuple[Verdict, ...] = (),
) -> FlagsData:  # fmt: skip
    searched_at = datetime(2026, 1, 1, tzinfo=UTC) if is_searched else None
    return FlagsData(
        standing=Standing(
            counts=DoubtCounts(n_suspects=n_suspects, n_flagged=2, n_disputed=1, searched_at=searched_at),
            precision=precision_so_far(verdicts),
            expected=expected_wrong([], [0.5] * n_suspects),
        ),
        n_labelled=n_labelled,
        n_embedded=n_embedded,
        searching=None,
    )


@pytest.mark.parametrize(
    ("what", "title", "action", "page"),
    [
        (data(n_embedded=0), "Nothing to compare yet", "Go to recordings", "recordings"),
        (data(n_labelled=0), "No labels yet", "Go to review", "review"),
        (data(is_searched=False), "Mislabels were never looked for", "Look for mislabels", ""),
        (data(), "No label is in doubt", "Look again", ""),
        (data(verdicts=("relabelled", "confirmed")), "All heard", "Look again", ""),
    ],
)
def test_an_empty_list_says_why_and_what_to_do(what: FlagsData, title: str, action: str, page: str) -> None:
    why = nothing_here(what, "suspect", may_search=True, may_bring_in=True)
    assert (why.title, why.action, why.page) == (title, action, page)
    assert why.text


def test_who_may_not_bring_in_is_not_sent_there() -> None:
    why = nothing_here(data(n_embedded=0), "suspect", may_search=True, may_bring_in=False)
    assert (why.action, why.page) == ("", "")


def test_empty_lists_of_people_offer_no_search() -> None:
    for doubt in ("flagged", "disputed"):
        why = nothing_here(data(), doubt, may_search=True, may_bring_in=True)
        assert why.title.startswith("No ") and why.action == ""


def test_figures_say_how_right_the_list_was_and_what_the_rest_holds() -> None:
    told = ("relabelled",) * 17 + ("confirmed",) * 3 + ("unsure",)
    heard, wrong, rest = kpi_items(data(n_suspects=40, verdicts=told).standing)
    assert (heard["value"], heard["note"]) == (21, "17 of 20 heard were wrong, 1 unsure")
    assert (wrong["value"], wrong["note"]) == ("85", "68 to 94 %, 9 times in 10")
    assert str(rest["note"]).endswith("of 40 not yet heard")


def test_figures_before_anything_was_heard_promise_nothing() -> None:
    heard, wrong, rest = kpi_items(data().standing)
    assert (heard["value"], wrong["value"], rest["value"]) == (0, "–", "–")


def test_tabs_count_what_waits() -> None:
    assert [item["count"] for item in tab_items(data(n_suspects=5))] == [5, 2, 1]


def test_end_of_a_search_is_one_sentence() -> None:
    assert search_ended({"n_listed": 0, "n_suspects": 0}, 50) == "None of 50 labels is in doubt."
    assert "2 of 50 labels are in doubt" in search_ended({"n_listed": 2, "n_suspects": 2}, 50)
    assert "300 less suspicious ones" in search_ended({"n_listed": 200, "n_suspects": 500}, 5000)


def test_only_reviewers_and_above_have_the_page() -> None:
    assert {duty for duty, pages in PAGES_OF_DUTY.items() if "flags" in pages} == {"reviewer", "researcher", "admin"}


def test_a_reviewers_search_is_a_job_and_an_annotators_is_refused(session: Session, made: Made) -> None:
    for duty in ("reviewer", "annotator"):
        person = add_person(session, duty)
        try:
            with open_made(session.workspace.url, made.folder, person=person) as theirs:
                state = FlagsState(theirs)
                assert state.may_search == (duty == "reviewer")
                if duty == "annotator":
                    with pytest.raises(NotPermitted, match="reviewer"):
                        state.search()
                else:
                    FlagsState(session).search()  # its owner makes the queue of the database
                    assert state.search().is_running
        finally:
            drop_person(session, person)


def test_cases_become_what_the_widget_shows(session: Session) -> None:
    find_mislabels(session.workspace.conn, session.project, n_clips=3)
    state = FlagsState(session)
    for case in state.cases("suspect"):
        shown = verdict_case(case)
        assert (shown["id"], shown["given"], shown["suggested"]) == (case.clip.clip_id, case.given, case.suggested)
        assert shown["reason"] == f"Labelled {case.given}, sounds like {case.suggested}"
        assert shown["sub"].startswith("0.40 s")
        bare = verdict_case(replace(case, evidence=None, near_given=None))
        assert (bare["evidence"], bare["near_given"], bare["score"]) == (None, None, None)
