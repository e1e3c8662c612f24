"""The flags page in Chromium: its three lists, nobody is asked twice, nothing is lost, and who gets no such page."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.session import Session
from pipeline.catalog import doubts
from pipeline.catalog.connect import connect
from pipeline.core.types import AnswerGiven
from pipeline.core.verdicts import VerdictGiven
from pipeline.workflows.annotate import flag_clip, save_answers
from pipeline.workflows.verdicts import settle
from tests.apps.made import LABELS, add_person, drop_person, login_url, working
from tests.browser.flags_page import browser as browser
from tests.browser.flags_page import (
    decide,
    evidence,
    kpi,
    open_flags,
    open_ids,
    serve_flags,
    settled,
    stage,
    word_on,
)
from tests.browser.flags_page import page as page
from tests.browser.flags_page import served as served
from tests.browser.flags_page import session as session
from tests.browser.harness import Link, Served, open_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]  # one worker of xdist makes the clips once


def test_nobody_is_asked_again_after_a_reload(page: Page, session: Session) -> None:
    told = [decide(page, key) for key in "ru"]
    page.reload()
    stage(page)
    assert not set(told) & set(open_ids(page))
    assert page.evaluate("window.__earmark_verdict.ids()")[0] == stage(page)


def test_precision_is_shown_as_one_works(page: Page, session: Session) -> None:
    decide(page, "r")
    decide(page, "y")
    row = session.workspace.conn.execute(
        """
        SELECT count(*) FILTER (WHERE verdict <> 'unsure'),
          count(*) FILTER (WHERE verdict IN ('relabelled', 'none_of_these', 'bad_audio'))
        FROM verdict v WHERE doubt = 'suspect' AND verdict <> 'withdrawn'
          AND NOT EXISTS (SELECT FROM verdict w WHERE w.supersedes = v.verdict_id)
        """
    ).fetchone()
    assert row is not None
    n_heard, n_wrong = row
    expect(page.locator(".em-kpi").first).to_contain_text(f"{n_wrong} of {n_heard} heard")
    assert f"{100 * n_wrong / n_heard:.0f}" in kpi(page, "Wrong so far")
    n_left = len(doubts.list_suspects(session.workspace.conn, session.project.project_id))
    assert f"of {n_left} not yet heard" in kpi(page, "Still wrong in the list")


def test_flagged_and_disputed_clips_are_settled_in_their_own_lists(
    browser: Browser, served: Served, session: Session
) -> None:
    conn, project = session.workspace.conn, session.project
    suspects = doubts.list_suspects(conn, project.project_id)
    rows = conn.execute("SELECT clip_id FROM clip WHERE clip_id <> ALL(%s) ORDER BY clip_id", (suspects,)).fetchall()
    untouched = [row[0] for row in rows if not settled(session, row[0])]
    flagged, disputed = untouched[0], untouched[1]
    with ExitStack() as ends:
        person = add_person(session, "reviewer")
        ends.callback(drop_person, session, person)
        with connect(login_url(session.workspace.url, person), application_name="tests") as theirs:
            flag_clip(theirs, project, uuid4(), flagged, is_raised=True)
            for who, label in ((conn, LABELS[0]), (theirs, LABELS[1])):
                given = AnswerGiven(annotation_id=uuid4(), clip_id=disputed, answer="label", label=label, heard=None)
                assert save_answers(who, project, [given]).refused == {}
        page = ends.enter_context(open_page(browser))
        open_flags(page, served.url)
        page.get_by_role("button", name="Flagged by people").click()
        page.wait_for_function(f"window.__earmark_verdict.stage() === {flagged}")
        expect(page.locator(".em-verdict-reason")).to_have_text(f"Flagged by {person}")
        given = word_on(session, flagged)
        page.keyboard.press("y")
        expect(page.get_by_role("heading", name="No open flag")).to_be_visible()
        assert [row[0] for row in settled(session, flagged)] == ["confirmed"]
        assert word_on(session, flagged) == given
        page.get_by_role("button", name="Disputed").click()
        page.wait_for_function(f"window.__earmark_verdict.stage() === {disputed}")
        expect(page.get_by_text("What people said")).to_be_visible()
        expect(page.locator(".em-evidence")).to_contain_text(person)
        page.keyboard.press("0")
        expect(page.get_by_role("heading", name="No dispute")).to_be_visible()
        assert word_on(session, disputed) == ("none_of_these", None)


def test_verdicts_given_while_the_link_is_down_arrive_once(browser: Browser, served: Served, session: Session) -> None:
    link = Link(to_port=served.port)
    with open_page(browser) as page:
        open_flags(page, served.url.replace(str(served.port), str(link.port)))
        page.wait_for_timeout(1500)  # the next clips are fetched ahead
        link.cut()
        told = [stage(page)]
        page.keyboard.press("r")
        page.wait_for_function(f"window.__earmark_verdict.stage() !== {told[0]}")
        told.append(stage(page))
        page.keyboard.press("0")
        expect(page.locator(".em-verdict-saved")).to_have_text("2 unsaved")
        n_before = [len(settled(session, one)) for one in told]
        link.mend()
        page.reload()
        stage(page)
        expect(page.locator(".em-verdict-saved")).to_have_text("all saved", timeout=30_000)
        since = [settled(session, one)[n:] for one, n in zip(told, n_before, strict=True)]
        assert [[row[0] for row in rows] for rows in since] == [["relabelled"], ["none_of_these"]]
        assert not set(told) & set(open_ids(page))
    link.close()


def test_what_somebody_else_settled_meanwhile_is_said_and_stays(page: Page, session: Session) -> None:
    clip_id = stage(page)
    told = evidence(session, clip_id)
    with ExitStack() as ends:
        person = add_person(session, "reviewer")
        ends.callback(drop_person, session, person)
        with connect(login_url(session.workspace.url, person), application_name="tests") as theirs:
            given = VerdictGiven(
                verdict_id=uuid4(), clip_id=clip_id, doubt="suspect", verdict="confirmed", given=told.given,
                suggested=told.suggested, label=told.given, score=told.score,
            )  # fmt: skip
            settle(theirs, session.project, given)
        page.keyboard.press("r")
        expect(page.get_by_role("alert")).to_contain_text(f"{person} settled this clip meanwhile")
    assert settled(session, clip_id)[-1][0] == "confirmed"
    assert clip_id not in open_ids(page)


def test_a_new_search_is_a_job_and_leaves_out_what_was_settled(page: Page, session: Session) -> None:
    clip_id = decide(page, "y")
    page.get_by_role("button", name="Look for mislabels again").click()
    with working(session):
        expect(page.locator(".em-notice")).to_contain_text("in doubt", timeout=60_000)
    page.wait_for_function(f"!window.__earmark_verdict.ids().includes({clip_id})")
    conn, project_id = session.workspace.conn, session.project.project_id
    row = conn.execute("SELECT count(*) FROM suspect WHERE clip_id = %s", (clip_id,)).fetchone()
    assert row == (0,)
    page.wait_for_function("window.__earmark_verdict.stage() !== null")
    assert stage(page) == doubts.list_suspects(conn, project_id)[0]


def test_an_annotator_gets_no_such_page(browser: Browser, session: Session, tmp_path: Path) -> None:
    with ExitStack() as ends:
        person = add_person(session, "annotator")
        ends.callback(drop_person, session, person)
        theirs = ends.enter_context(serve_flags(session, login_url(session.workspace.url, person), tmp_path))
        page = ends.enter_context(open_page(browser))
        page.goto(theirs.url)
        expect(page.get_by_role("heading", name="This page is not for you")).to_be_visible(timeout=60_000)
        expect(page.get_by_text("is for the duty reviewer or researcher or admin")).to_be_visible()


@pytest.mark.parametrize("width_px", [900, 1440])
def test_nothing_overflows(browser: Browser, served: Served, width_px: int) -> None:
    with open_page(browser, width_px=width_px) as page:
        open_flags(page, served.url)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        buttons = "document.querySelector('.em-verdict-buttons').getBoundingClientRect().bottom"
        assert page.evaluate(f"{buttons} <= window.innerHeight"), "sounds, evidence and buttons fit on one screen"
