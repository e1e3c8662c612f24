"""Leaks of a split that stands already: which clips would have to move, and what gives each of them away."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pipeline.core.types import DuplicateGroup


class LeakKind(StrEnum):
    """What two clips on two sides of a split share, the gravest first."""

    IDENTICAL = "identical"
    SAME_SPAN = "same span"
    SAME_RECORDING = "same recording"
    SAME_FILE = "same file"
    SAME_SOURCE = "same source group"


@dataclass(frozen=True, kw_only=True)
class SplitClip:
    """One clip on its side of a split. ``file_key`` is the same for files of the same samples; seconds of that file."""

    clip_id: int
    split: str
    recording_name: str
    file_key: str
    start_s: float
    stop_s: float
    source_group: str | None
    sha256: bytes


@dataclass(frozen=True, kw_only=True)
class LeakingPair:
    """Two clips that should not lie on two sides. ``clip`` lies apart from most that share ``kind`` with it.

    ``lag_s``: the clip begins so much later than the other, in the sound they share. ``score`` 0 to 1 is how sure
    that is: the match of two sounds, or the share of the shorter span that both hold. None where no sound is shared.
    """

    kind: LeakKind
    clip: SplitClip
    other: SplitClip
    lag_s: float | None
    score: float | None


@dataclass(frozen=True, kw_only=True)
class _Tie:
    """Clip ``first`` and the other that gives it away best, by index."""

    first: int
    second: int
    lag_s: float | None
    score: float | None


def leaking_pairs(clips: Sequence[SplitClip], copies: Sequence[DuplicateGroup]) -> list[LeakingPair]:
    """One pair for each clip that would have to move, the gravest kinds first, then by clip id.

    ``copies`` are groups of the same recording, by index into ``clips``. What clips share ties them together; those
    outside the split that holds most of them leak, each with the clip of another split that it shares most with.
    A clip that leaks between two splits is not named for a lesser reason again.
    """
    by_file = _grouped(range(len(clips)), [clip.file_key for clip in clips])
    sources = [clip.source_group for clip in clips]
    findings: list[tuple[LeakKind, Iterable[_Tie]]] = [
        (LeakKind.IDENTICAL, _ties(clips, _grouped(range(len(clips)), [c.sha256 for c in clips]), _identical)),
        (LeakKind.SAME_SPAN, _span_ties(clips, by_file, is_shared=True)),
        (LeakKind.SAME_RECORDING, _copy_ties(clips, copies)),
        (LeakKind.SAME_FILE, _span_ties(clips, by_file, is_shared=False)),
        (LeakKind.SAME_SOURCE, _ties(clips, _grouped(range(len(clips)), sources), _unheard)),
    ]
    named: set[tuple[int, frozenset[str]]] = set()
    pairs: list[LeakingPair] = []
    for kind, ties in findings:
        kept: dict[frozenset[int], _Tie] = {}
        for tie in ties:
            if (tie.first, _sides(clips, tie)) not in named:
                kept.setdefault(frozenset((tie.first, tie.second)), tie)
        for tie in kept.values():
            named |= {(tie.first, _sides(clips, tie)), (tie.second, _sides(clips, tie))}
            pairs.append(_pair(kind, clips, tie))
    order = list(LeakKind)
    return sorted(pairs, key=lambda pair: (order.index(pair.kind), pair.clip.clip_id, pair.other.clip_id))


def _grouped(indices: Iterable[int], keys: Sequence[Hashable]) -> list[list[int]]:
    """The indices that share a key; None is no key."""
    groups: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index in indices:
        if keys[index] is not None:
            groups[keys[index]].append(index)
    return list(groups.values())


def _outside(clips: Sequence[SplitClip], members: Sequence[int]) -> tuple[str, list[int]]:
    """The split that holds most of the members (of equals the first by name), and the members elsewhere."""
    n_of_split = Counter(clips[index].split for index in members)
    main = min(n_of_split, key=lambda split: (-n_of_split[split], split))
    return main, [index for index in members if clips[index].split != main]


def _ties(
    clips: Sequence[SplitClip], groups: Iterable[Sequence[int]], tie: Callable[[int, int], _Tie]
) -> Iterable[_Tie]:
    """Each member outside with the first member of the main split."""
    for members in groups:
        main, outside = _outside(clips, members)
        partner = next(index for index in members if clips[index].split == main)
        yield from (tie(index, partner) for index in outside)


def _identical(first: int, second: int) -> _Tie:
    return _Tie(first=first, second=second, lag_s=0.0, score=1.0)


def _unheard(first: int, second: int) -> _Tie:
    return _Tie(first=first, second=second, lag_s=None, score=None)


def _span_ties(clips: Sequence[SplitClip], by_file: Iterable[Sequence[int]], *, is_shared: bool) -> Iterable[_Tie]:
    """Clips of one file: with what they overlap most, or, where they overlap nothing, with what is nearest."""
    for members in by_file:
        main, outside = _outside(clips, members)
        if not outside:
            continue
        starts = np.array([clips[index].start_s for index in members])
        stops = np.array([clips[index].stop_s for index in members])
        is_main = np.array([clips[index].split == main for index in members])
        splits = np.array([clips[index].split for index in members])
        for index in outside:
            clip = clips[index]
            shared_s = np.minimum(stops, clip.stop_s) - np.maximum(starts, clip.start_s)
            shared_s[splits == clip.split] = -np.inf
            best = int(np.lexsort((is_main, shared_s))[-1])
            other = clips[members[best]]
            if (shared_s[best] > 0) == is_shared:
                shorter_s = min(clip.stop_s - clip.start_s, other.stop_s - other.start_s)
                score = float(shared_s[best]) / shorter_s if is_shared else None
                lag_s = clip.start_s - other.start_s if is_shared else None
                yield _Tie(first=index, second=members[best], lag_s=lag_s, score=score)


def _copy_ties(clips: Sequence[SplitClip], copies: Iterable[DuplicateGroup]) -> Iterable[_Tie]:
    """Copies with the surest copy on another side: lags and distances are known to the representative alone."""
    for group in copies:
        by_index = {member.index: member for member in group.members}
        _, outside = _outside(clips, list(by_index))
        for index in outside:
            member = by_index[index]
            others = [found for found in group.members if clips[found.index].split != clips[index].split]
            other = min(others, key=lambda found: (found.distance, found.index != group.representative, found.index))
            yield _Tie(
                first=index,
                second=other.index,
                lag_s=member.lag_s - other.lag_s,
                score=1 - max(member.distance, other.distance),
            )


def _sides(clips: Sequence[SplitClip], tie: _Tie) -> frozenset[str]:
    return frozenset((clips[tie.first].split, clips[tie.second].split))


def _pair(kind: LeakKind, clips: Sequence[SplitClip], tie: _Tie) -> LeakingPair:
    return LeakingPair(kind=kind, clip=clips[tie.first], other=clips[tie.second], lag_s=tie.lag_s, score=tie.score)
