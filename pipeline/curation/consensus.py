"""What the votes on one clip come to."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.types import AnnotationSource, Answer, Consensus, Vote

RANK: dict[AnnotationSource, int] = {"human": 2, "folder": 1, "file_name": 1, "csv": 1, "function": 0, "model": 0}
"""Who outranks whom: people, then what came with the files, then functions and models."""


def consensus(votes: Sequence[Vote], *, min_agreement: float = 0.5) -> Consensus | None:
    """The answer of most voters of the highest rank; None without a vote. ``votes`` come oldest first.

    The latest vote that settles is the only one.
    Each author has one vote, the latest. Disputed: two answers have as many votes, or fewer than
    ``min_agreement`` of the voters agree. Unsure and none of these are answers like any label.
    The confidence is the share of voters that agree times their own mean confidence (1 where they
    state none); ``n_votes`` counts the voters of the highest rank.
    """
    if not votes:
        return None
    votes = [vote for vote in votes if vote.settles][-1:] or votes
    highest = max(RANK[vote.source] for vote in votes)
    latest = {(vote.source, vote.author): vote for vote in votes if RANK[vote.source] == highest}
    camps: dict[tuple[Answer, str | None], list[float]] = {}
    for vote in latest.values():
        certainty = 1.0 if vote.confidence is None else vote.confidence
        camps.setdefault((vote.answer, vote.label), []).append(certainty)
    ranked = sorted(camps.items(), key=lambda camp: (-len(camp[1]), -sum(camp[1]), camp[0][0], camp[0][1] or ""))
    (answer, label), certainties = ranked[0]
    is_tie = len(ranked) > 1 and len(ranked[1][1]) == len(certainties)
    agreement = len(certainties) / len(latest)
    return Consensus(
        answer=answer,
        label=label,
        confidence=sum(certainties) / len(latest),
        n_votes=len(latest),
        is_disputed=is_tie or agreement < min_agreement,
    )
