"""Promises of pipeline/core/pace.py: rates and times left that a person can trust."""

from __future__ import annotations

import pytest

from pipeline.core.pace import Pace, duration_words, progress_words, speed_words


def test_what_was_done_before_the_stage_began_counts_for_nothing() -> None:
    pace = Pace()
    assert pace.see("cutting", 1_000, n_total=2_000, at_s=50.0) == (None, None)
    assert pace.see("cutting", 1_100, n_total=2_000, at_s=60.0) == (10.0, 90.0)


def test_another_stage_and_another_run_begin_anew() -> None:
    pace = Pace()
    pace.see("reading", 0, n_total=100, at_s=0.0)
    assert pace.see("reading", 50, n_total=100, at_s=5.0) == (10.0, 5.0)
    assert pace.see("labels", 50, n_total=100, at_s=6.0) == (None, None)
    assert pace.see("labels", 3, n_total=100, at_s=20.0) == (None, None)
    assert pace.see("labels", 23, n_total=100, at_s=30.0) == (2.0, 38.5)


def test_nothing_is_promised_too_early_or_without_a_step() -> None:
    pace = Pace(min_watched_s=3.0)
    pace.see("cutting", 0, n_total=10, at_s=0.0)
    assert pace.see("cutting", 5, n_total=10, at_s=2.9) == (None, None)
    assert Pace().see("cutting", 5, n_total=10, at_s=9.0) == (None, None)
    assert pace.see("cutting", 0, n_total=10, at_s=9.0) == (None, None)


def test_without_a_total_there_is_a_rate_and_no_time_left() -> None:
    pace = Pace()
    pace.see("looking for files", 0, n_total=None, at_s=0.0)
    assert pace.see("looking for files", 40, n_total=None, at_s=4.0) == (10.0, None)


def test_work_beyond_the_total_has_no_time_left() -> None:
    pace = Pace()
    pace.see("cutting", 0, n_total=10, at_s=0.0)
    assert pace.see("cutting", 20, n_total=10, at_s=10.0) == (2.0, 0.0)


def test_progress_is_one_line() -> None:
    line = progress_words("cutting", 1_240, n_total=5_000, n_failed=2, rate=210.0, left_s=17.9)
    assert line == "cutting 1,240 of 5,000, 210 a second, 18 s left, 2 failed"
    assert progress_words("starting", 0, n_total=None, n_failed=0) == "starting"
    assert progress_words("looking", 1_500, n_total=None, n_failed=0) == "looking 1,500"
    assert progress_words("cutting", 0, n_total=0, n_failed=0) == "cutting 0 of 0"


@pytest.mark.parametrize(
    ("rate", "left_s", "words"),
    [
        (None, None, ""),
        (1_234.5, None, "1,234 a second"),
        (9.94, 0.2, "9.9 a second, 1 s left"),
        (0.5, 130.0, "30 a minute, 2 min left"),
        (2.0, 0.0, "2.0 a second"),
    ],
)
def test_speed_is_said_in_words(rate: float | None, left_s: float | None, words: str) -> None:
    assert speed_words(rate, left_s) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.96, "10.0 s"), (59, "59 s"), (61, "1 min"), (3_900, "1 h 05 min")]
)
def test_spans_of_time_are_said_in_words(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words
