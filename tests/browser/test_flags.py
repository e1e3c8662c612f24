"""The flags page in Chromium: three sounds by one key, a verdict by another."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, expect

from apps.session import Session
from pipeline.catalog import doubts
from pipeline.catalog.labels import list_labels
from tests.apps.made import LABELS
from tests.browser.flags_page import (
    PLAYING,
    SAMPLE,
    decide,
    evidence,
    open_ids,
    quiet,
    settled,
    stage,
    word_on,
)
from tests.browser.flags_page import browser as browser
from tests.browser.flags_page import page as page
from tests.browser.flags_page import served as served
from tests.browser.flags_page import session as session

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]  # one worker of xdist makes the clips once


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
    before, n_before = word_on(session, told.clip_id), len(settled(session, told.clip_id))
    clip_id = decide(page, *keys)
    assert clip_id == told.clip_id
    label = {"confirmed": told.given, "relabelled": told.suggested}.get(verdict)
    made = (None, None, None, None) if answer is None else (answer, label, True, "flags")
    assert settled(session, clip_id)[n_before:] == [(verdict, label, *made, False)]
    assert word_on(session, clip_id) == (before if answer is None else (answer, label))
    assert clip_id not in open_ids(page)
    row = session.workspace.conn.execute(
        "SELECT n_plays, heard_s, response_ms, picture IS NOT NULL FROM annotation a JOIN verdict v "
        "ON v.verdict_id = a.annotation_id WHERE v.clip_id = %s ORDER BY a.created_at DESC LIMIT 1",
        (clip_id,),
    ).fetchone()
    assert answer is None or (row is not None and (row[0] >= 1 and row[1] > 0 and row[2] >= 0 and row[3]))


def test_another_label_is_found_by_typing(page: Page, session: Session) -> None:
    told = evidence(session, stage(page))
    third = next(label for label in LABELS if label not in (told.given, told.suggested))
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Find a label").type(third[:3])
    page.keyboard.press("Enter")
    page.wait_for_function(f"window.__earmark_verdict.stage() !== {told.clip_id}")
    expect(page.locator(".em-verdict-saved")).to_have_text("all saved")
    assert settled(session, told.clip_id)[-1] == ("relabelled", third, "label", third, True, "flags", False)


@pytest.mark.parametrize("key", ["Control+z", "Backspace"])
def test_undo_takes_the_last_verdict_back(page: Page, session: Session, key: str) -> None:
    before, n_before = word_on(session, stage(page)), len(settled(session, stage(page)))
    clip_id = decide(page, "r")
    assert word_on(session, clip_id) != before
    page.keyboard.press(key)
    page.wait_for_function(f"window.__earmark_verdict.stage() === {clip_id}")
    expect(page.locator(".em-verdict-saved")).to_have_text("all saved")
    assert [row[0] for row in settled(session, clip_id)[n_before:]] == ["relabelled", "withdrawn"]
    assert word_on(session, clip_id) == before
    assert clip_id in open_ids(page)
    assert clip_id in doubts.list_suspects(session.workspace.conn, session.project.project_id)


def test_a_changed_mind_leaves_the_last_verdict_standing(page: Page, session: Session) -> None:
    n_before = len(settled(session, stage(page)))
    clip_id = decide(page, "y")
    page.keyboard.press("j")
    page.wait_for_function(f"window.__earmark_verdict.stage() === {clip_id}")
    expect(page.locator(".em-verdict-given")).to_have_text(f"right: {evidence(session, clip_id).given}")
    decide(page, "b")
    told = [row[0] for row in settled(session, clip_id)[n_before:]]
    assert told == ["confirmed", "withdrawn", "bad_audio"]
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
    assert {first, second} <= set(doubts.list_suspects(session.workspace.conn, session.project.project_id))


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
    assert stage(page) == clip_id and clip_id in open_ids(page)


def test_next_three_clips_are_decoded_before_they_are_asked_for(page: Page) -> None:
    first = stage(page)
    page.wait_for_function("window.__earmark_verdict.isNextHere()")
    assert stage(page) == first and len(open_ids(page)) > 1


def test_labels_of_the_project_are_all_on_offer(page: Page, session: Session) -> None:
    stage(page)
    page.keyboard.press("/")
    names = [label.name for label in list_labels(session.workspace.conn, session.project.project_id)]
    expect(page.get_by_role("option")).to_have_text(names)
