"""Consensus: what the votes on one clip come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.core.types import AnnotationSource, Answer, Consensus, Vote

# People outrank what the files said, which outranks what programs guess.
_RANK: Mapping[AnnotationSource, int] = {"human": 0, "csv": 1, "file_name": 1, "folder": 1, "function": 2, "model": 2}


def consensus(votes: Sequence[Vote], *, min_agreement: float = 0.5) -> Consensus | None:
    """The answer of the majority among the highest-ranking sources, None without a vote.

    ``votes`` come oldest first; of each author and source only the latest counts. ``confidence`` is the
    share of the votes that agree (times the mean confidence that they state, if any). A tie, or less
    agreement than ``min_agreement``, is disputed.
    """
    if not votes:
        return None
    highest = min(_RANK[vote.source] for vote in votes)
    latest = {(v.source, v.author): v for v in votes if _RANK[v.source] == highest}
    counted = list(latest.values())
    tally = Counter((vote.answer, vote.label) for vote in counted)
    ranked = sorted(tally.items(), key=lambda entry: (-entry[1], entry[0][0], entry[0][1] or ""))
    (answer, label), n_agreeing = ranked[0]
    is_tied = len(ranked) > 1 and ranked[1][1] == n_agreeing
    agreement = n_agreeing / len(counted)
    return Consensus(
        answer=answer,
        label=label,
        confidence=agreement * _stated_confidence(counted, answer, label),
        n_votes=len(counted),
        is_disputed=is_tied or agreement < min_agreement,
    )


def _stated_confidence(votes: Sequence[Vote], answer: Answer, label: str | None) -> float:
    stated = [
        vote.confidence
        for vote in votes
        if (vote.answer, vote.label) == (answer, label) and vote.confidence is not None
    ]
    return sum(stated) / len(stated) if stated else 1.0
