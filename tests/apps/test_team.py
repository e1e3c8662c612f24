"""The team page and the panel on stopping tell what stands in the database; an annotator is told of themselves only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.home.own_state import LEAST_COMPARED_N, OwnState, own_kpis
from apps.review.stopping import StoppingPanel
from apps.review.stopping_words import curve_series, figures, headline, threshold_rows
from apps.session import PAGES_OF_DUTY, Session, nav
from apps.team.state import TeamState, clip_numbers
from apps.team.view import TeamPage
from apps.team.words import disputed_rows, fast_rows, gold_rows, kpi_items, label_rows, pair_rows, person_rows
from pipeline.core.errors import SettingsError
from pipeline.workflows.gold import add_gold
from pipeline.workflows.stopping import estimate_stopping, latest_report
from tests.apps.made import add_person, drop_person, new_database, open_made
from tests.apps.several import answer_as, answer_as_a_team, fill_unlabelled, in_lot

NOW = datetime.now(UTC)
N = 45


@pytest.fixture
def session(database_url: str, template_database: str, tmp_path: Path) -> Iterator[Session]:
    with new_database(database_url, template_database) as url, open_made(url, tmp_path) as session:
        yield session


@pytest.fixture
def people(session: Session) -> Iterator[list[str]]:
    """Three annotators of the project."""
    with ExitStack() as ends:
        names: list[str] = []
        for _ in range(3):
            names.append(add_person(session, "annotator"))
            ends.callback(drop_person, session, names[-1])
        yield names


def values(items: list[dict[str, object]]) -> dict[object, object]:
    return {item["label"]: item["value"] for item in items}


def test_a_project_without_answers_says_so(session: Session) -> None:
    fill_unlabelled(session, 6)
    page = TeamPage(session)
    report = TeamState(session).read_now()
    assert values(kpi_items(report)) == {
        "People": 0, "Agreement": "–", "Clips in common": 0, "Disputed": 0, "Gold clips": 0, "In haste": 0,
    }  # fmt: skip
    assert page.root is not None and person_rows(report, now=NOW) == []


def test_the_rows_tell_who_errs_who_hurries_and_what_is_disputed(session: Session, people: list[str]) -> None:
    truth = fill_unlabelled(session, N)
    answer_as_a_team(session, truth, people)
    report = TeamState(session).read_now()
    figures_now = values(kpi_items(report))
    assert (figures_now["People"], figures_now["Disputed"], figures_now["In haste"]) == (3, 4, 6)
    assert (figures_now["Clips in common"], figures_now["Gold clips"]) == (24, 3)
    careful, errs, hasty = ({row["id"]: row for row in person_rows(report, now=NOW)}[name] for name in people)
    assert careful["right"]["text"] > errs["right"]["text"] and careful["gold"].startswith("3 of 3")
    assert hasty["too_fast"] == {"text": "6", "tone": "warn"} and careful["too_fast"] is None
    disputed = disputed_rows(report, n=50)
    assert {row["id"] for row in disputed} == set(in_lot(session, truth)[2:6])
    assert all(people[0] in row["said"] and people[1] in row["said"] for row in disputed)
    assert len(label_rows(report)) == 3 and [row["same"] for row in pair_rows(report)] == ["16 of 20", "4 of 4"]
    assert {row["why"] for row in fast_rows(report, now=NOW)} == {"after 120 ms, heard 0.05 s of 0.40 s"}
    assert {row["met"] for row in gold_rows(report, now=NOW)} == {"2 of 2", "1 of 2"}


def test_clips_are_made_gold_by_their_numbers_and_taken_off_again(session: Session) -> None:
    truth = fill_unlabelled(session, 6)
    first, second = sorted(truth)[:2]
    state = TeamState(session)
    assert state.add_gold(f"clip {first}, {second}", truth[first]) == 2
    assert {row["id"] for row in gold_rows(state.read_now(), now=NOW)} == {first, second}
    assert state.remove_gold(first) == 1
    assert {row["id"] for row in gold_rows(state.read_now(), now=NOW)} == {second}
    for wrong in ("", "all of them", "-3"):
        with pytest.raises(SettingsError):
            clip_numbers(wrong)


def test_the_panel_says_first_that_nothing_is_estimated_then_what_the_report_says(session: Session) -> None:
    truth = fill_unlabelled(session, N)
    panel = StoppingPanel(session)
    assert panel.is_for_person and headline(None, now=NOW)[0] == "Nothing is estimated yet"
    answer_as(session, None, truth, in_lot(session, truth)[:30])
    report = estimate_stopping(session.workspace.conn, session.project)
    made = latest_report(session.workspace.conn, session.project)
    title, text = headline(made, now=NOW)
    assert title.startswith(("Not yet", "You can stop")) and "no answer came since" in title
    assert "clips that nobody has answered" in text
    assert values(figures(report))["Drawn by lot"] == 30
    (measured, low, high) = curve_series(report)
    assert all(a[1] <= b[1] <= c[1] for a, b, c in zip(low["points"], measured["points"], high["points"], strict=True))
    rows = threshold_rows(report)
    assert [row["label"] for row in rows] == ["all labels", "hiss", "hum", "ring"]
    panel.look()


def test_an_annotator_has_no_panel_and_no_team_page(session: Session, people: list[str], tmp_path: Path) -> None:
    fill_unlabelled(session, 6)
    with open_made(session.workspace.url, tmp_path, person=people[0]) as own:
        panel = StoppingPanel(own)
        assert not panel.is_for_person and panel.root.layout.display == "none"
        panel.look()
        assert "Team" not in {entry["name"] for entry in nav("home", own.duty)}
    assert all("team" in PAGES_OF_DUTY[duty] for duty in ("reviewer", "researcher", "admin"))


def test_people_see_their_own_agreement_and_gold_once_there_is_enough(
    session: Session, people: list[str], tmp_path: Path
) -> None:
    truth = fill_unlabelled(session, N)
    clips, (one, other, _) = in_lot(session, truth), people
    answer_as(session, other, truth, clips[:10], wrong=clips[:2])
    with open_made(session.workspace.url, tmp_path, person=one) as own:
        state = OwnState(own)
        answer_as(session, one, truth, clips[: LEAST_COMPARED_N - 1])
        few = values(own_kpis(state.read_now()))
        assert "Others agree" not in few and "Known clips met" not in few
        answer_as(session, one, truth, clips[LEAST_COMPARED_N - 1 : 10])
        for clip_id in clips[:5]:
            add_gold(session.workspace.conn, session.project, [clip_id], label=truth[clip_id])
        data = state.read_now()
    told = values(own_kpis(data))
    assert (told["Others agree"], told["Known clips met"]) == ("80", "100")
    assert data.standing.n_days == 1


def test_days_in_a_row_are_counted_back_from_today(session: Session, people: list[str], tmp_path: Path) -> None:
    truth = fill_unlabelled(session, 6)
    conn, clips = session.workspace.conn, sorted(truth)
    answer_as(session, people[0], truth, clips)
    for days, clip_id in zip((0, 1, 2, 4, 5, 6), clips, strict=True):
        # Rows of the past, which only the owner can make: the table takes no change.
        with conn.transaction():
            conn.execute("ALTER TABLE annotation DISABLE TRIGGER USER")
            conn.execute(
                """
                UPDATE annotation SET created_at = now() - make_interval(days => %s)
                WHERE clip_id = %s AND author = %s
                """,
                (days, clip_id, people[0]),
            )
            conn.execute("ALTER TABLE annotation ENABLE TRIGGER USER")
    with open_made(session.workspace.url, tmp_path, person=people[0]) as own:
        items = own_kpis(OwnState(own).read_now())
    assert next(item["note"] for item in items if item["label"] == "Today") == "answers, 3 days in a row"
