"""The flags page in Chromium: three sounds by one key, a verdict by another, and nobody is asked twice."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect

from apps.session import Session
from pipeline.catalog import doubts
from pipeline.catalog.connect import connect
from pipeline.catalog.labels import list_labels
from pipeline.core.types import AnswerGiven
from pipeline.core.verdicts import VerdictGiven
from pipeline.curation.consensus import consensus
from pipeline.workflows.annotate import flag_clip, save_answers
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.find_mislabels import find_mislabels
from pipeline.workflows.ingest import ingest
from pipeline.workflows.verdicts import settle
from tests.apps.made import (
    LABELS,
    add_person,
    drop_person,
    login_url,
    new_database,
    open_made,
    working,
    write_tones,
)
from tests.browser.harness import Link, Served, open_chromium, open_page, serve_notebook
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]  # one worker of xdist makes the clips once

N, N_WRONG = 180, 36
PLAYING = "window.__earmark_sound.sounding?.playing"
SAMPLE = """() => {
  window.__samples = [];
  window.__sampler = setInterval(() => {
    const player = window.__earmark_sound.sounding;
    const lit = [...document.querySelectorAll(".em-trio-panel")].map((panel) => panel.matches(".em-sounding"));
    window.__samples.push({ id: player?.playing ? player.entry.id : null, lit });
  }, 15);
}"""


@pytest.fixture(scope="module")
def session(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One database for all tests of this file, with more wrong labels than they settle."""
    folder = tmp_path_factory.mktemp("made")
    with new_database(database_url, template_database) as url, open_made(url, folder) as session:
        conn, project, store = session.workspace.conn, session.project, session.workspace.store
        tones = write_tones(folder / "tones", N)
        for i, path in enumerate(sorted(tones.glob("*.wav"))[:: N // N_WRONG]):
            label, group, take = path.stem.split("_")
            other = LABELS[(LABELS.index(label) + 1 + i % 2) % 3]
            path.rename(tones / f"{other}_{group}_{take}.wav")
        rules = LabelRules(name_pattern="{label}_{group}_{take}.wav")
        ingest(conn, project, str(tones), labels=rules, workers=1)
        cut(conn, project, store, workers=1)
        embed(conn, project, store, workers=1)
        find_mislabels(conn, project)
        yield session


@pytest.fixture(scope="module")
def served(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_flags(session, session.workspace.url, tmp_path_factory.mktemp("flags")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    with open_page(browser) as page:
        open_flags(page, served.url)
        yield page


@contextmanager
def serve_flags(session: Session, url: str, folder: Path) -> Iterator[Served]:
    """The dashboard's own cell, served for the login of this database URL."""
    cell = "".join(json.loads((ROOT / "apps" / "flags.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_DATABASE_URL", url)
        patch.setenv("EARMARK_WORKSPACE", str(session.workspace.settings.workspace))
        patch.setenv("EARMARK_PROJECT", session.project.name)
        patch.setenv("PYTHONPATH", str(ROOT))
        with serve_notebook(folder, cell, name="flags") as running:
            yield running


def open_flags(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_function("window.__earmark_verdict?.stage() != null", timeout=60_000)


def stage(page: Page) -> int:
    """The clip that is to be decided."""
    page.wait_for_function("window.__earmark_verdict.stage() !== null")
    return int(page.evaluate("window.__earmark_verdict.stage()"))


def open_ids(page: Page) -> list[int]:
    return page.evaluate("window.__earmark_verdict.ids()")


def decide(page: Page, *keys: str) -> int:
    """Press the keys, wait until another clip is on stage and the verdict is saved. Gives the clip that was decided."""
    decided = stage(page)
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_function(f"window.__earmark_verdict.stage() !== {decided}")
    expect(page.locator(".em-verdict-saved")).to_have_text("all saved", timeout=30_000)
    return decided


def settled(session: Session, clip_id: int) -> list[tuple[Any, ...]]:
    """The verdicts on a clip with the annotations of the same ids, in the order in which they were saved."""
    return session.workspace.conn.execute(
        """
        SELECT v.verdict, l.name, a.answer, al.name, a.settles, a.screen, v.supersedes IS NOT NULL
        FROM verdict v LEFT JOIN label l ON l.label_id = v.label_id
        LEFT JOIN annotation a ON a.annotation_id = v.verdict_id LEFT JOIN label al ON al.label_id = a.label_id
        WHERE v.clip_id = %s ORDER BY v.created_at
        """,
        (clip_id,),
    ).fetchall()


def evidence(session: Session, clip_id: int) -> doubts.Evidence:
    return doubts.evidence_of(session.workspace.conn, session.project.project_id, [clip_id])[clip_id]


def word_on(session: Session, clip_id: int) -> tuple[str, str | None]:
    votes = doubts.votes_of(session.workspace.conn, session.project.project_id, [clip_id])[clip_id]
    word = consensus(votes)
    assert word is not None
    return word.answer, word.label


def kpi(page: Page, label: str) -> str:
    return page.locator(".em-kpi", has=page.get_by_text(label, exact=True)).inner_text()


def quiet(page: Page) -> None:
    """Wait until what plays by itself is over."""
    page.wait_for_function("window.__earmark_verdict.starts.length > 0 && window.__earmark_verdict.isQuiet()")


def test_one_key_plays_the_three_right_clips_in_turn_and_the_lit_one_sounds(page: Page, session: Session) -> None:
    clip_id = stage(page)
    told = evidence(session, clip_id)
    expected = [clip_id, told.nearest_given, told.nearest_suggested]
    quiet(page)
    n_before = page.evaluate("window.__earmark_verdict.starts.length")
    page.evaluate(SAMPLE)
    page.keyboard.press("Space")
    page.wait_for_function(f"window.__earmark_verdict.starts.length === {n_before + 3}")
    page.wait_for_function("window.__earmark_verdict.isQuiet()")
    page.evaluate("clearInterval(window.__sampler)")
    starts = page.evaluate("window.__earmark_verdict.starts")[n_before:]
    assert [start["id"] for start in starts] == expected
    samples = [sample for sample in page.evaluate("window.__samples") if sample["id"] is not None]
    heard = [sample["id"] for sample in samples]
    assert set(heard) == set(expected)
    n_lit_wrongly = sum(
        any(sample["lit"]) and sample["lit"] != [one == sample["id"] for one in expected] for sample in samples
    )
    n_lit = sum(any(sample["lit"]) for sample in samples)
    assert n_lit > 0.8 * len(samples)
    assert n_lit_wrongly <= 6, "the light follows within a frame or two"


@pytest.mark.parametrize(("key", "which"), [("1", 0), ("2", 1), ("3", 2)])
def test_digit_plays_one_alone_and_its_samples_are_that_clips(
    page: Page, session: Session, key: str, which: int
) -> None:
    clip_id = stage(page)
    told = evidence(session, clip_id)
    expected = [clip_id, told.nearest_given, told.nearest_suggested][which]
    assert expected is not None
    quiet(page)
    page.keyboard.press(key)
    page.wait_for_function(PLAYING)
    sounding = page.evaluate(
        "() => { const { entry } = window.__earmark_sound.sounding;"
        " return { id: entry.id, samples: Array.from(entry.audio.getChannelData(0).slice(0, 3000)) }; }"
    )
    assert sounding["id"] == expected
    samples, _ = soundfile.read(io.BytesIO(session.read_clip(expected).data), dtype="float32")
    assert np.allclose(sounding["samples"], samples[:3000], atol=1e-4)
    n = page.evaluate("window.__earmark_verdict.starts.length")
    page.wait_for_function(f"!{PLAYING}")
    page.wait_for_timeout(500)
    assert page.evaluate("window.__earmark_verdict.starts.length") == n, "nothing follows by itself"


def test_space_pauses_and_goes_on(page: Page) -> None:
    stage(page)
    quiet(page)
    page.keyboard.press("Space")
    page.wait_for_function(PLAYING)
    page.keyboard.press("Space")
    page.wait_for_function(f"!{PLAYING}")
    starts = page.evaluate("window.__earmark_verdict.starts")
    page.keyboard.press("Space")
    page.wait_for_function(f"window.__earmark_verdict.starts.length === {len(starts) + 1}")
    again = page.evaluate("window.__earmark_verdict.starts.at(-1)")
    assert (again["id"], again["why"]) == (starts[-1]["id"], "go on")


@pytest.mark.parametrize(
    ("keys", "verdict", "answer"),
    [
        (("y",), "confirmed", "label"),
        (("Enter",), "confirmed", "label"),
        (("r",), "relabelled", "label"),
        (("0",), "none_of_these", "none_of_these"),
        (("u",), "unsure", None),
        (("b",), "bad_audio", "bad_audio"),
    ],
)
def test_each_key_keeps_its_verdict_and_the_label_that_it_makes(
    page: Page, session: Session, keys: tuple[str, ...], verdict: str, answer: str | None
) -> None:
    told = evidence(session, stage(page))
    before = word_on(session, told.clip_id)
    clip_id = decide(page, *keys)
    assert clip_id == told.clip_id
    label = {"confirmed": told.given, "relabelled": told.suggested}.get(verdict)
    made = (None, None, None, None) if answer is None else (answer, label, True, "flags")
    assert settled(session, clip_id) == [(verdict, label, *made, False)]
    assert word_on(session, clip_id) == (before if answer is None else (answer, label))
    assert clip_id not in open_ids(page)
    row = session.workspace.conn.execute(
        "SELECT n_plays, heard_s, response_ms, picture IS NOT NULL FROM annotation a JOIN verdict v "
        "ON v.verdict_id = a.annotation_id WHERE v.clip_id = %s",
        (clip_id,),
    ).fetchone()
    assert row is None or (row[0] >= 1 and row[1] > 0 and row[2] >= 0 and row[3])


def test_another_label_is_found_by_typing(page: Page, session: Session) -> None:
    told = evidence(session, stage(page))
    third = next(label for label in LABELS if label not in (told.given, told.suggested))
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Find a label").type(third[:3])
    page.keyboard.press("Enter")
    page.wait_for_function(f"window.__earmark_verdict.stage() !== {told.clip_id}")
    expect(page.locator(".em-verdict-saved")).to_have_text("all saved")
    assert settled(session, told.clip_id) == [("relabelled", third, "label", third, True, "flags", False)]


@pytest.mark.parametrize("key", ["Control+z", "Backspace"])
def test_undo_takes_the_last_verdict_back(page: Page, session: Session, key: str) -> None:
    before = word_on(session, stage(page))
    clip_id = decide(page, "r")
    assert word_on(session, clip_id) != before
    page.keyboard.press(key)
    page.wait_for_function(f"window.__earmark_verdict.stage() === {clip_id}")
    expect(page.locator(".em-verdict-saved")).to_have_text("all saved")
    assert [row[0] for row in settled(session, clip_id)] == ["relabelled", "withdrawn"]
    assert word_on(session, clip_id) == before
    assert clip_id in open_ids(page)
    assert clip_id in doubts.list_suspects(session.workspace.conn, session.project.project_id)


def test_a_changed_mind_leaves_the_last_verdict_standing(page: Page, session: Session) -> None:
    clip_id = decide(page, "y")
    page.keyboard.press("j")
    page.wait_for_function(f"window.__earmark_verdict.stage() === {clip_id}")
    expect(page.locator(".em-verdict-given")).to_have_text(f"right: {evidence(session, clip_id).given}")
    decide(page, "b")
    assert [row[0] for row in settled(session, clip_id)] == ["confirmed", "withdrawn", "bad_audio"]
    assert word_on(session, clip_id) == ("bad_audio", None)


def test_j_and_k_go_back_and_on_without_deciding(page: Page, session: Session) -> None:
    first = stage(page)
    page.keyboard.press("k")
    page.wait_for_function(f"window.__earmark_verdict.stage() !== {first}")
    second = stage(page)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"window.__earmark_verdict.stage() === {first}")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"window.__earmark_verdict.stage() === {second}")
    assert settled(session, first) == settled(session, second) == []


def test_help_lists_the_keys_and_holds_them_back_while_it_is_open(page: Page, session: Session) -> None:
    clip_id = stage(page)
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keys")
    expect(help_).to_be_visible()
    for words in ("the label is right", "none of these labels", "bad audio: nobody could tell"):
        expect(help_.get_by_text(words)).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    assert stage(page) == clip_id and settled(session, clip_id) == []


def test_next_suspect_is_decoded_before_it_is_asked_for(page: Page) -> None:
    stage(page)
    quiet(page)
    first = stage(page)
    waited_ms = page.evaluate(
        """async (first) => {
          const began = performance.now();
          const press = new KeyboardEvent("keydown", { key: "k", bubbles: true });
          document.querySelector(".em-verdict").dispatchEvent(press);
          while ([null, first].includes(window.__earmark_verdict.stage())) await new Promise(requestAnimationFrame);
          return performance.now() - began;
        }""",
        first,
    )
    assert waited_ms < 1000, "no way to the kernel and back"


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
        assert settled(session, told[0]) == []
        link.mend()
        page.reload()
        stage(page)
        expect(page.locator(".em-verdict-saved")).to_have_text("all saved", timeout=30_000)
        assert [[row[0] for row in settled(session, one)] for one in told] == [["relabelled"], ["none_of_these"]]
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
    assert [row[0] for row in settled(session, clip_id)] == ["confirmed"]
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
        expect(page.get_by_role("link", name="Flags")).to_have_count(0)


def test_labels_of_the_project_are_all_on_offer(page: Page, session: Session) -> None:
    stage(page)
    page.keyboard.press("/")
    names = [label.name for label in list_labels(session.workspace.conn, session.project.project_id)]
    expect(page.get_by_role("option")).to_have_text(names)


@pytest.mark.parametrize("width_px", [900, 1440])
def test_nothing_overflows(browser: Browser, served: Served, width_px: int) -> None:
    with open_page(browser, width_px=width_px) as page:
        open_flags(page, served.url)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        buttons = "document.querySelector('.em-verdict-buttons').getBoundingClientRect().bottom"
        assert page.evaluate(f"{buttons} <= window.innerHeight"), "sounds, evidence and buttons fit on one screen"
