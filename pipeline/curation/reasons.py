"""Why a clip is asked about: for each clip a fact that is true of it, whatever brought it into the queue.

A clip drawn by lot is explained like its neighbours, so that nobody can tell it from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.types import Float32

WAVERS_BELOW = 0.3
"""By so much less than its best guess the model believes another label where it wavers."""
DISPUTED = "people disagree about it"
NOTHING_LABELLED = "nothing is labelled yet, so every answer helps"
TOO_LITTLE = "too little is labelled yet for a model to tell"
UNLIKE = "it is unlike anything labelled so far"
LOT = "it was drawn by lot"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is known of one clip that is asked about.

    ``guess`` and ``runner_up`` are the model's two likeliest labels with their probabilities, ``carried`` the label
    that came with the file. Where ``is_blind`` no label is named: who is asked is to make up their own mind.
    """

    guess: tuple[str, float] | None = None
    runner_up: tuple[str, float] | None = None
    carried: str | None = None
    is_unlike: bool = False
    is_disputed: bool = False
    is_blind: bool = False


def reason(question: Question, explains: Sequence[str], *, n_labelled: int) -> str:
    """What follows on *asked because*: the first of ``explains`` (see QueryStrategy) that is true, else the guess."""
    if question.is_disputed:
        return DISPUTED
    for fact in explains:
        if fact == "lot":
            return LOT
        if fact == "wavering" and _wavers(question):
            return _wavering(question)
        if fact == "unlike" and question.is_unlike and n_labelled > 0:
            return UNLIKE
    return _guess(question, n_labelled=n_labelled)


def questions(labels: Sequence[str], probabilities: Float32 | None, carried: Sequence[str | None]) -> list[Question]:
    """A question for each clip; ``probabilities`` float32 (n, k), columns as in ``labels``, None without a model."""
    if probabilities is None or probabilities.shape[1] < 2:
        return [Question(carried=label) for label in carried]
    two = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    chances: list[list[float]] = np.take_along_axis(probabilities, two, axis=1).tolist()
    return [
        Question(guess=(str(labels[first]), p), runner_up=(str(labels[second]), q), carried=label)
        for (first, second), (p, q), label in zip(two.tolist(), chances, carried, strict=True)
    ]


def _wavers(question: Question) -> bool:
    if question.guess is None or question.runner_up is None:
        return False
    return question.guess[1] - question.runner_up[1] < WAVERS_BELOW


def _wavering(question: Question) -> str:
    (first, p), (second, q) = question.guess or ("", 0.0), question.runner_up or ("", 0.0)
    if question.is_blind:
        return f"the model wavers: {_percent(p)} against {_percent(q)}"
    return f"the model wavers: {first} {_percent(p)}, {second} {_percent(q)}"


def _guess(question: Question, *, n_labelled: int) -> str:
    carried, guess = question.carried, question.guess
    if carried is not None and not question.is_blind:
        if guess is not None and guess[0] != carried:
            return f"it came labelled {carried}; the model hears {guess[0]} ({_percent(guess[1])})"
        return f"it came labelled {carried}; no person has heard it"
    if guess is None:
        return NOTHING_LABELLED if n_labelled == 0 else TOO_LITTLE
    if question.is_blind:
        return f"the model is {_percent(guess[1])} sure of its guess"
    return f"the model hears {guess[0]} ({_percent(guess[1])}); no person has said yet"


def _percent(share: float) -> str:
    """Never 100 %: no model is certain."""
    return f"{min(int(100 * share + 0.5), 99)} %"
