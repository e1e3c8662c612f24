"""Deduplicator fingerprint: the same recording, whatever its level, codec, rate, noise, shift and trimmed ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.audio.fingerprint import FRAME_S, fingerprint, fingerprint_from, low_rate
from pipeline.audio.fingerprint import Fingerprint as Marks
from pipeline.core.types import Audio, DuplicateGroup, DuplicateMember
from pipeline.plugins.deduplicators.base import OnPairs, ReadClip
from pipeline.plugins.deduplicators.fingerprint_index import candidates
from pipeline.plugins.deduplicators.fingerprint_proof import Match, Prover, calibrated_threshold

_METHOD = "constellation 1"
_KIN_SLACK = 0.1
_PAIRS_A_REPORT = 500


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """Finds copies by the marks of their spectrograms, all clips at once.

    Clips with identical samples belong together. Else each clip is laid on its ``n_candidates`` partners that
    share the most constellations of marks, at the lag where they do; ``min_score`` proves a pair (None: the
    corpus itself tells, by how alike its unlike clips are). The most preferred of the clips that proved pairs connect
    represents them, and members match it by at least ``min_score`` - 0.1, so that no chain of overlapping
    clips ends in unlike ones. ``cache_mb`` bounds the sound kept in memory; beyond it clips are read again.
    """

    n_candidates: int = 10
    min_score: float | None = None
    cache_mb: int = 512

    def __post_init__(self) -> None:
        if not 1 <= self.n_candidates <= 1_000:
            raise ValueError(f"n_candidates is 1 to 1000, not {self.n_candidates}")
        if self.min_score is not None and not 0.3 <= self.min_score <= 1:
            raise ValueError(f"min_score is 0.3 to 1, not {self.min_score}")
        if not 1 <= self.cache_mb <= 1_000_000:
            raise ValueError(f"cache_mb is 1 to 1000000, not {self.cache_mb}")

    @property
    def method(self) -> str:
        return _METHOD

    def marks(self, audio: Audio) -> bytes:
        """Its constellation, whatever the parameters."""
        return fingerprint(audio).to_bytes()

    def group(
        self,
        marks: Sequence[bytes],
        *,
        pcm_sha256: Sequence[bytes],
        rank: Sequence[int],
        read_clip: ReadClip,
        on_pairs: OnPairs = lambda n_done, n_total: None,
    ) -> list[DuplicateGroup]:
        """Disjoint groups of two or more, sorted by representative; read_clip's errors pass through."""
        copies = _identical(pcm_sha256, rank)
        clips = sorted(copies)
        found = self.pairs([fingerprint_from(marks[clip]) for clip in clips], clips, read_clip, on_pairs)
        return _Grouping(found, copies, rank).groups()

    def pairs(
        self,
        prints: Sequence[Marks],
        clips: Sequence[int],
        read_clip: ReadClip,
        on_pairs: OnPairs = lambda n_done, n_total: None,
    ) -> Pairs:
        """All candidates among the clips, none of which has the samples of another, laid on each other."""
        prover = Prover(prints, lambda place: low_rate(read_clip(clips[place])), cache_bytes=self.cache_mb * 1_000_000)
        found = candidates(prints, n_best=self.n_candidates)
        rows = zip(found.firsts.tolist(), found.seconds.tolist(), found.lags.tolist(), strict=True)
        matches: list[Match] = []
        for row in rows:
            matches.append(prover.match(*row))
            if len(matches) % _PAIRS_A_REPORT == 0:
                on_pairs(len(matches), len(found))
        threshold = self.min_score
        if threshold is None:
            threshold = calibrated_threshold(matches, len(clips))
        return Pairs(matches=matches, threshold=threshold, clips=clips, prover=prover)


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The candidates as they match, by their places in ``clips``, and from which score on they are copies."""

    matches: list[Match]
    threshold: float
    clips: Sequence[int]
    prover: Prover

    @property
    def proved(self) -> list[Match]:
        return [match for match in self.matches if match.score >= self.threshold]


class _Grouping:
    """Stars of clips that match their representative, made of proved pairs."""

    def __init__(self, pairs: Pairs, copies: dict[int, list[int]], rank: Sequence[int]) -> None:
        self._pairs = pairs
        self._copies = copies
        self._rank = rank
        self._partners: dict[int, dict[int, Match]] = {place: {} for place in range(len(pairs.clips))}
        for match in pairs.proved:
            self._partners[match.first][match.second] = match
            self._partners[match.second][match.first] = match.mirrored()

    def groups(self) -> list[DuplicateGroup]:
        groups: list[DuplicateGroup] = []
        pending = self._components(range(len(self._pairs.clips)))
        while pending:
            component = pending.pop()
            leader = self._representative(component)
            members = self._members(leader, component)
            strays = [place for place in component if place != leader and place not in members]
            pending += self._components(strays)
            if members or len(self._copies[self._pairs.clips[leader]]) > 1:
                groups.append(self._group(leader, members))
        return sorted(groups, key=lambda group: group.representative)

    def _components(self, places: Sequence[int]) -> list[list[int]]:
        """The places as proved pairs among them connect them, each component sorted."""
        waiting, components = set(places), list[list[int]]()
        for place in sorted(places):
            if place not in waiting:
                continue
            waiting.discard(place)
            component, reached = [place], deque([place])
            while reached:
                new = [other for other in self._partners[reached.popleft()] if other in waiting]
                waiting.difference_update(new)
                component += new
                reached.extend(new)
            components.append(sorted(component))
        return components

    def _representative(self, component: Sequence[int]) -> int:
        """The most preferred; of several, the one that matches the others best; of several, the first."""
        inside = set(component)

        def key(place: int) -> tuple[int, float, int]:
            score = sum(match.score for other, match in self._partners[place].items() if other in inside)
            return self._rank[self._pairs.clips[place]], -score, place

        return min(component, key=key)

    def _members(self, leader: int, component: Sequence[int]) -> dict[int, Match]:
        """What matches the leader, at the lag that their chain of pairs gives."""
        members, lags, reached, within = dict[int, Match](), {leader: 0.0}, deque([leader]), set(component)
        while reached:
            via = reached.popleft()
            for other, step in self._partners[via].items():
                if other in lags or other not in within:
                    continue
                match = step if via == leader else self._at(leader, other, lags[via] + step.lag_s)
                lags[other] = match.lag_s
                if match.score >= self._pairs.threshold - _KIN_SLACK:
                    members[other] = match
                    reached.append(other)
        return members

    def _at(self, leader: int, other: int, lag_s: float) -> Match:
        """Their match near that lag: what a chain of pairs gives may be a frame off."""
        lag = round(lag_s / FRAME_S)
        matches = [self._pairs.prover.match(leader, other, near) for near in (lag, lag - 1, lag + 1)]
        return max(matches, key=lambda match: match.score)

    def _group(self, leader: int, members: dict[int, Match]) -> DuplicateGroup:
        clip = self._pairs.clips[leader]
        listed = [DuplicateMember(index=clip, finding="identical", distance=0.0, reason="represents its group")]
        listed += [
            DuplicateMember(index=i, finding="identical", distance=0.0, reason="identical samples")
            for i in self._copies[clip]
            if i != clip
        ]
        for place, match in members.items():
            reason, distance = _reason(match), 1 - match.score
            listed += [
                DuplicateMember(
                    index=i,
                    finding="same recording",
                    distance=distance,
                    reason=reason,
                    lag_s=match.lag_s,
                    overlap_s=match.overlap_s,
                )
                for i in self._copies[self._pairs.clips[place]]
            ]
        return DuplicateGroup(representative=clip, members=tuple(sorted(listed, key=lambda member: member.index)))


def _identical(pcm_sha256: Sequence[bytes], rank: Sequence[int]) -> dict[int, list[int]]:
    """The clips that share their samples, by the most preferred of them (itself included); of several the first."""
    by_hash: dict[bytes, list[int]] = {}
    for index, digest in enumerate(pcm_sha256):
        by_hash.setdefault(digest, []).append(index)
    return {min(indices, key=lambda index: (rank[index], index)): indices for indices in by_hash.values()}


def _reason(match: Match) -> str:
    """Words for a person, as in ``same recording, 0.12 s later, 412 of 520 marks agree``."""
    shift = (
        f", {abs(match.lag_s):.2f} s {'later' if match.lag_s > 0 else 'earlier'}" if abs(match.lag_s) >= 0.01 else ""
    )
    return f"same recording{shift}, {match.n_agreeing} of {match.n_marks} marks agree"
