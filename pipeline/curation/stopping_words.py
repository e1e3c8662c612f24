"""The stop estimate as one sentence for a person, and whether they can stop."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.curation.intervals import LEVEL
from pipeline.curation.stopping import Drawn, Estimate

LEAST_DRAWN_N = 20
"""With fewer answers drawn by lot nothing is promised: even without a mistake a tenth could be wrong."""
GOAL = 0.95
_LITTLE_GAIN = 0.005


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Whether to stop, and why, in words."""

    can_stop: bool
    sentence: str


def advise(
    drawn: Drawn, right: Estimate | None, gain: Estimate | None, *, is_of_model: bool, n_more: int, goal: float = GOAL
) -> Advice:
    """What to tell: how many of the clips left are right, what more answers bring, and what to do now.

    ``right`` is the share of right labels among the clips left: the model's guesses if ``is_of_model``, else the
    labels that the clips came with. None: nothing is left, or nothing can be said yet.
    """
    if drawn.n_left == 0 and drawn.n_all:
        return Advice(can_stop=True, sentence="Every clip has an answer: you can stop.")
    if right is None:
        return Advice(can_stop=False, sentence="Not yet: two labels must have been given before a model can be judged.")
    if drawn.n_drawn < LEAST_DRAWN_N:
        have = "none has" if drawn.n_drawn == 0 else f"{drawn.n_drawn} {'has' if drawn.n_drawn == 1 else 'have'}"
        return Advice(
            can_stop=False,
            sentence=f"Not yet: of the clips drawn by lot {have} an answer, and {LEAST_DRAWN_N} are needed to say "
            "how good the rest is. They come by themselves among the others.",
        )
    can_stop, because = _judge(drawn, right, gain, goal)
    head = "You can stop" if can_stop else "Not yet"
    return Advice(
        can_stop=can_stop, sentence=f"{_found(drawn, right, is_of_model)}{_more(gain, n_more)} {head}: {because}"
    )


def percent(estimate: Estimate) -> str:
    """A share with its interval: 93 % (89–96). Never 100 % where the interval leaves room."""
    value, low, high = (100 * x for x in (estimate.value, estimate.low, estimate.high))
    shown = f"{value:.0f}" if value < 99 else f"{min(math.floor(10 * value) / 10, 99.9 if low < 100 else 100):g}"
    return f"{shown} % ({_digits(low)}–{_digits(high)})"


def points(estimate: Estimate) -> str:
    """A gain in percentage points with its interval: +1.2 points (0.3–2.4)."""
    value, low, high = (100 * max(x, 0.0) for x in (estimate.value, estimate.low, estimate.high))
    return f"+{value:.1f} points ({low:.1f}–{high:.1f})"


def _digits(value: float) -> str:
    return f"{math.floor(value)}" if value < 99 else f"{math.floor(10 * value) / 10:g}"


def _found(drawn: Drawn, right: Estimate, is_of_model: bool) -> str:
    clips = "the 1 clip" if drawn.n_left == 1 else f"the {drawn.n_left:,} clips"
    if is_of_model:
        return f"About {percent(right)} of {clips} that nobody has answered would get the right label from the model."
    return f"About {percent(right)} of {clips} that nobody has answered have the right label."


def _more(gain: Estimate | None, n_more: int) -> str:
    return "" if gain is None else f" Another {n_more} answers would bring about {points(gain)}."


def _judge(drawn: Drawn, right: Estimate, gain: Estimate | None, goal: float) -> tuple[bool, str]:
    """Whether to stop, and the reason as half a sentence."""
    aim = f"{100 * goal:g} %"
    if right.low >= goal:
        return True, f"even the low end is at {aim} or above."
    is_flat = gain is not None and gain.high < _LITTLE_GAIN
    if right.value >= goal:
        low = _digits(100 * right.low)
        return False, f"it looks like {aim}, but the low end is at {low} %.{_to_be_sure(drawn, goal)}"
    if is_flat:
        return False, f"{aim} is not reached, and more answers of this kind bring little; another encoder may."
    return False, f"{aim} is not reached."


def _to_be_sure(drawn: Drawn, goal: float) -> str:
    """How many clips drawn by lot, all right, would do; said only while none was wrong."""
    enough = math.ceil(math.log((1 - LEVEL) / 2) / math.log(goal))
    if drawn.n_wrong_drawn or not 0 < enough - drawn.n_drawn <= drawn.n_left:
        return " More answers make it surer."
    return f" {enough - drawn.n_drawn} more drawn by lot without a mistake would make it sure."
