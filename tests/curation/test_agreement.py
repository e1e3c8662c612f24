"""Alpha is Krippendorff's: against worked examples that he published, and what follows by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.curation.agreement import (
    Answers,
    agreement_by_pair,
    alpha_by_value,
    as_answers,
    disputed_clips,
    krippendorff_alpha,
)


def of_people(*lines: str) -> Answers:
    """One line for each person, one sign for each clip; a dot is no answer."""
    signs = sorted({sign for line in lines for sign in line} - {"."})
    return as_answers(
        [
            (clip, person, signs.index(sign))
            for person, line in enumerate(lines)
            for clip, sign in enumerate(line)
            if sign != "."
        ]
    )


def test_two_people_two_values_as_published() -> None:
    # Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, B: 0.095.
    alpha = krippendorff_alpha(of_people("0100000010", "1110010000"))
    assert alpha.alpha == pytest.approx(0.095, abs=0.0005) and alpha.n_clips == 10


def test_two_people_five_values_as_published() -> None:
    # The same, C, nominal: 0.692.
    assert krippendorff_alpha(of_people("aabbdcccedda", "babbbccceddd")).alpha == pytest.approx(0.692, abs=0.0005)


def test_four_people_with_gaps_as_published() -> None:
    # The same, D, nominal: 0.743; the last clip has one answer and says nothing.
    alpha = krippendorff_alpha(of_people("123321412...", "1233224125.3", ".3332342251.", "12332441251."))
    assert alpha.alpha == pytest.approx(0.743, abs=0.0005) and alpha.n_clips == 11
    assert alpha.low is not None and alpha.high is not None and alpha.low < 0.743 < alpha.high


def test_perfect_agreement_is_one_and_opposite_answers_are_below_chance() -> None:
    assert krippendorff_alpha(of_people("abcabc", "abcabc")).alpha == 1
    # By hand: observed 1, expected 2 * 4 * 4 / (8 * 7): 1 - 7 / 4.
    assert krippendorff_alpha(of_people("abab", "baba")).alpha == pytest.approx(1 - 7 / 4)


def test_one_value_only_or_no_shared_clip_says_nothing() -> None:
    for answers in (of_people("aaaa", "aaaa"), of_people("ab..", "..ab"), of_people()):
        alpha = krippendorff_alpha(answers)
        assert (alpha.alpha, alpha.low, alpha.high) == (None, None, None)


def test_the_label_that_people_confuse_has_the_lower_alpha() -> None:
    answers = of_people("aabbccaabbcc", "aabcbcaabbcb")
    a, b, c = alpha_by_value(answers, 3)
    assert a.alpha == 1 and b.alpha is not None and b.alpha < 1 and c.alpha is not None and c.alpha < 1


def test_pairs_are_compared_on_what_both_answered() -> None:
    pairs = agreement_by_pair(of_people("abab....", "abab..ab", "....bbab"))
    assert [(pair.people, pair.n_same, pair.alpha.n_clips) for pair in pairs] == [((0, 1), 4, 4), ((1, 2), 2, 2)]


def test_disputed_are_the_clips_with_different_answers() -> None:
    assert disputed_clips(of_people("abab", "aabb", "a...")) == [1, 2]


def test_the_interval_holds_the_alpha_of_many_clips_nine_times_of_ten() -> None:
    def drawn(n: int, seed: int) -> Answers:
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, 3, n)
        said = [np.where(rng.random(n) < 0.8, truth, rng.integers(0, 3, n)) for _ in range(2)]
        return as_answers([(i, person, int(said[person][i])) for person in range(2) for i in range(n)])

    truth = krippendorff_alpha(drawn(50_000, 0)).alpha
    held = 0
    for seed in range(1, 101):
        alpha = krippendorff_alpha(drawn(120, seed))
        assert truth is not None and alpha.low is not None and alpha.high is not None
        held += alpha.low <= truth <= alpha.high
    assert 83 <= held <= 97
