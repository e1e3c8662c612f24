"""How the streams of a review queue run together: what a strategy asks, and beside it lot, gold and second answers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

import numpy as np


def mix(main: Sequence[int], beside: Sequence[tuple[Sequence[int], float]], *, rng: np.random.Generator) -> list[int]:
    """Every clip once: the main stream in its order, each of the others evenly within it.

    ``beside`` holds streams with their shares, each in [0, 1]: of every 1 / share clips one is of that stream, at a
    place drawn by lot, so that nobody learns to tell when it comes; at least as many as that, since a clip of a
    stream leaves the main one. What is left of a stream when the main one ends follows it; a stream of share 0 too.
    """
    streams = [list(dict.fromkeys(stream)) for stream, _ in beside]
    taken: set[int] = set().union(*streams) if streams else set()
    rest = [clip_id for clip_id in dict.fromkeys(main) if clip_id not in taken]
    due = [_dues(len(stream), share, rng) for stream, (_, share) in zip(streams, beside, strict=True)]
    at = [0] * len(streams)
    mixed: dict[int, None] = {}
    slot = n_main = 0
    while n_main < len(rest):
        late = [(due[k][at[k]], k) for k in range(len(streams)) if at[k] < len(streams[k]) and due[k][at[k]] <= slot]
        if late:
            k = min(late)[1]
            mixed.setdefault(streams[k][at[k]])
            at[k] += 1
        else:
            mixed.setdefault(rest[n_main])
            n_main += 1
        slot += 1
    for stream, begun in zip(streams, at, strict=True):
        mixed |= dict.fromkeys(stream[begun:])
    return list(mixed)


def of_several(project_id: int, clip_ids: Collection[int], share: float) -> set[int]:
    """The clips that several people are asked about: each with this chance, by md5, the same for ever.

    A larger share holds all clips of a smaller one.
    """
    limit = int(share * 2**64)

    def place(clip_id: int) -> int:
        digest = hashlib.md5(f"overlap/{project_id}/{clip_id}".encode(), usedforsecurity=False).digest()
        return int.from_bytes(digest[:8], "big")

    return {clip_id for clip_id in clip_ids if place(clip_id) < limit}


def _dues(n: int, share: float, rng: np.random.Generator) -> list[float]:
    """From which slot on each of n clips may come: one at a drawn place of each stretch of 1 / share."""
    if share <= 0:
        return [float("inf")] * n
    return np.floor((np.arange(n) + rng.random(n)) / share).tolist()
