"""Deduplicator log_mel_match: candidates by embedding, proved by laying the sounds on each other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import DuplicateGroup, DuplicateMember, Float32
from pipeline.plugins.deduplicators.base import ReadClip
from pipeline.plugins.deduplicators.sound_match import Match, match_prints, match_waves, sound_print

_BLOCK_VALUES = 16_000_000
_HALF_WAY = 0.5
_KIN_SLACK = 0.1


@dataclass(frozen=True, kw_only=True)
class LogMelMatch:
    """Finds copies by sound: level, codec, rate, trimmed ends and shift do not hide them.

    Clips with identical samples belong together. Else each clip is compared with its
    ``n_neighbours`` nearest by embedding that are at least ``min_cosine`` near, and only a match
    of ``min_match`` proves a pair: of the log-mel prints, or of the waves where those come near.
    The longest clip of those that proved pairs connect represents them; members match it by at
    least ``min_match`` - 0.1, so that no chain of overlapping clips ends in unlike ones.
    ``cache_mb`` bounds the prints kept in memory; beyond it clips are read again.
    """

    n_neighbours: int = 20
    min_cosine: float = 0.5
    min_match: float = 0.9
    cache_mb: int = 512

    def __post_init__(self) -> None:
        if not 1 <= self.n_neighbours <= 1_000:
            raise ValueError(f"n_neighbours is 1 to 1000, not {self.n_neighbours}")
        if not -1 <= self.min_cosine < 1:
            raise ValueError(f"min_cosine is -1 to below 1, not {self.min_cosine}")
        if not 0.5 <= self.min_match <= 1:
            raise ValueError(f"min_match is 0.5 to 1, not {self.min_match}")
        if not 1 <= self.cache_mb <= 1_000_000:
            raise ValueError(f"cache_mb is 1 to 1000000, not {self.cache_mb}")

    def group(
        self, vectors: Float32, *, pcm_sha256: Sequence[bytes], duration_s: Sequence[float], read_clip: ReadClip
    ) -> list[DuplicateGroup]:
        """Disjoint groups of two or more, sorted by representative; read_clip's errors pass through."""
        copies = _identical(pcm_sha256)
        firsts = np.array(sorted(copies), dtype=np.int64)
        prover = _Prover(read_clip, enough=self.min_match, cache_bytes=self.cache_mb * 1_000_000)
        candidates = _candidates(vectors[firsts], firsts, self.n_neighbours, self.min_cosine)
        pairs = [pair for pair in candidates if prover.match(*pair).score >= self.min_match]
        groups: list[DuplicateGroup] = []
        pending = _components(firsts.tolist(), pairs)
        while pending:
            component = pending.pop()
            leader = _representative(component, vectors, duration_s)
            matches = {other: prover.match(leader, other) for other in component if other != leader}
            members = {other: match for other, match in matches.items() if match.score >= self.min_match - _KIN_SLACK}
            strays = set(matches) - set(members)
            pending += _components(sorted(strays), [pair for pair in pairs if strays.issuperset(pair)])
            if members or len(copies[leader]) > 1:
                groups.append(_group(leader, members, copies))
        return sorted(groups, key=lambda group: group.representative)


class _Prover:
    """Lays clips on each other; remembers the matches, and the prints as far as the cache goes."""

    def __init__(self, read_clip: ReadClip, *, enough: float, cache_bytes: int) -> None:
        self._read_clip = read_clip
        self._enough = enough
        self._n_bytes_left = cache_bytes
        self._prints: OrderedDict[int, NDArray[np.int8] | None] = OrderedDict()
        self._matches: dict[tuple[int, int], Match] = {}

    def match(self, first: int, second: int) -> Match:
        """How well the second lies in the first; score 0 where there is nothing to compare."""
        if first > second:
            mirrored = self.match(second, first)
            return Match(score=mirrored.score, lag_s=-mirrored.lag_s)
        if (first, second) not in self._matches:
            self._matches[first, second] = self._compare(first, second)
        return self._matches[first, second]

    def _compare(self, first: int, second: int) -> Match:
        prints = self._print(first), self._print(second)
        if prints[0] is None or prints[1] is None:
            return Match(score=0.0, lag_s=0.0)
        match = match_prints(prints[0], prints[1])
        if not _HALF_WAY <= match.score < self._enough:
            return match
        # The same word by the same voice, or a short copy through a poor codec: the waves tell which.
        by_wave = match_waves(self._read_clip(first), self._read_clip(second))
        return max(match, by_wave, key=lambda found: found.score)

    def _print(self, index: int) -> NDArray[np.int8] | None:
        if index in self._prints:
            self._prints.move_to_end(index)
            return self._prints[index]
        made = sound_print(self._read_clip(index))
        self._prints[index] = made
        self._n_bytes_left -= 0 if made is None else made.nbytes
        while self._n_bytes_left < 0 and len(self._prints) > 1:
            _, oldest = self._prints.popitem(last=False)
            self._n_bytes_left += 0 if oldest is None else oldest.nbytes
        return made


def _identical(pcm_sha256: Sequence[bytes]) -> dict[int, list[int]]:
    """The clips that share their samples, by the first of them (itself included)."""
    by_hash: dict[bytes, list[int]] = {}
    for index, digest in enumerate(pcm_sha256):
        by_hash.setdefault(digest, []).append(index)
    return {indices[0]: indices for indices in by_hash.values()}


def _candidates(
    vectors: Float32, indices: NDArray[np.int64], n_neighbours: int, min_cosine: float
) -> Iterator[tuple[int, int]]:
    """Pairs of indices, smaller first, none twice, whose rows of vectors float32 (n, d) are near neighbours."""
    n = len(vectors)
    n_kept = min(n_neighbours + 1, n)
    n_block = max(1, _BLOCK_VALUES // max(1, n))
    seen: set[tuple[int, int]] = set()
    for start in range(0, n, n_block):
        cosines = vectors[start : start + n_block] @ vectors.T
        nearest = np.argpartition(-cosines, n_kept - 1, axis=1)[:, :n_kept]
        for row, columns in enumerate(nearest):
            near = columns[cosines[row, columns] >= min_cosine]
            for column in np.sort(near).tolist():
                pair = (min(start + row, column), max(start + row, column))
                if pair[0] != pair[1] and pair not in seen:
                    seen.add(pair)
                    yield int(indices[pair[0]]), int(indices[pair[1]])


def _components(indices: Sequence[int], pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The indices as the pairs connect them (union-find), each component sorted."""
    parent = {index: index for index in indices}

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for first, second in pairs:
        parent[root(second)] = root(first)
    components: dict[int, list[int]] = {}
    for index in sorted(indices):
        components.setdefault(root(index), []).append(index)
    return list(components.values())


def _representative(component: Sequence[int], vectors: Float32, duration_s: Sequence[float]) -> int:
    """The longest; of several, the one nearest to the middle of all; of several, the first."""
    middle = vectors[list(component)].mean(axis=0)
    return max(component, key=lambda index: (duration_s[index], float(vectors[index] @ middle), -index))


def _group(leader: int, matches: dict[int, Match], copies: dict[int, list[int]]) -> DuplicateGroup:
    members = [DuplicateMember(index=leader, distance=0.0, reason="represents its group")]
    members += [
        DuplicateMember(index=i, distance=0.0, reason="identical samples") for i in copies[leader] if i != leader
    ]
    for other, match in matches.items():
        distance, reason = 1 - match.score, _reason(match)
        members += [
            DuplicateMember(index=i, distance=distance, reason=reason, lag_s=match.lag_s) for i in copies[other]
        ]
    return DuplicateGroup(representative=leader, members=tuple(sorted(members, key=lambda member: member.index)))


def _reason(match: Match) -> str:
    """Words for a person, as in ``same sound, 0.12 s later, match 0.98``: later than the representative begins."""
    shift = "" if abs(match.lag_s) < 0.01 else f", {abs(match.lag_s):.2f} s {'later' if match.lag_s > 0 else 'earlier'}"
    return f"same sound{shift}, match {match.score:.2f}"
