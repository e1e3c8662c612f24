"""What the votes on one clip come to."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.types import AnnotationSource, Answer, Consensus, Vote

RANK: dict[AnnotationSource, int] = {"human": 2, "folder": 1, "file_name": 1, "csv": 1, "function": 0, "model": 0}
"""Who outranks whom: people, then what came with the files, then functions and models."""


def consensus(votes: Sequence[Vote], *, min_agreement: float = 0.5) -> Consensus | None:
    """The answer of most voters of the highest rank; None without a vote. ``votes`` come oldest first.

    The latest vote that settles is the only one. Each author has one vote, the latest. Disputed: two answers have as
    many votes, or fewer than ``min_agreement`` of the voters agree. Unsure, none of these and bad audio are answers
    like any label. Where voters gave further labels, an answer is all of its labels, whichever was named first.
    The confidence is the share of voters that agree times their own mean confidence (1 where they
    state none); ``n_votes`` counts the voters of the highest rank.
    """
    if not votes:
        return None
    votes = [vote for vote in votes if vote.settles][-1:] or votes
    highest = max(RANK[vote.source] for vote in votes)
    latest = {(vote.source, vote.author): vote for vote in votes if RANK[vote.source] == highest}
    camps: dict[tuple[Answer, tuple[str, ...]], list[Vote]] = {}
    for vote in latest.values():
        camps.setdefault((vote.answer, tuple(sorted(_labels(vote)))), []).append(vote)
    ranked = sorted(camps.items(), key=lambda camp: (-len(camp[1]), -_certainty(camp[1]), camp[0]))
    (answer, _), camp = ranked[0]
    is_tie = len(ranked) > 1 and len(ranked[1][1]) == len(camp)
    said = min(camp, key=_labels)
    return Consensus(
        answer=answer,
        label=said.label,
        confidence=_certainty(camp) / len(latest),
        n_votes=len(latest),
        is_disputed=is_tie or len(camp) / len(latest) < min_agreement,
        also=said.also,
    )


def _labels(vote: Vote) -> tuple[str, ...]:
    """All labels of the vote, the first one first."""
    return () if vote.label is None else (vote.label, *vote.also)


def _certainty(camp: Sequence[Vote]) -> float:
    return sum(1.0 if vote.confidence is None else vote.confidence for vote in camp)
