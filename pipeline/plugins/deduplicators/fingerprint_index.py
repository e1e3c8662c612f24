"""Which clips share constellations of marks at one lag: an inverted index made by sorting, no clip laid on another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.fingerprint import FRAME_S, UNITS, Fingerprint

_BIN_STEP, _FRAME_STEP = 3 * UNITS // 2, 3 * UNITS
_MIN_GAP, _MAX_SPAN = 3 * UNITS // 2, 48 * UNITS
_REACH, _REACH_OF_FEW = 10, 16
_FEW_MARKS = 120
_MOST_HASHES, _MOST_HASHES_IN_ALL, _LEAST_HASHES = 2_000, 80_000_000, 600
_SHARE_S = 5.0
_TILE_MARKS = 50_000
_TILE_MEETINGS = 250_000
_MEETINGS_PER_CLIP = 3_000
_LONGEST_RUN, _MEETINGS_IN_LONG_RUN = 64, 2
_MIN_VOTES = 2
_LAG_BITS, _CLIP_BITS = 20, 22


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Pairs of clips that share constellations, each at its best lag: int64 (n,) each, sorted by first and second.

    ``lags`` in frames: so much later the second begins than the first, in the sound that they share.
    ``votes`` is how many constellations agree on it, a frame earlier and later included.
    """

    firsts: NDArray[np.int64]
    seconds: NDArray[np.int64]
    lags: NDArray[np.int64]
    votes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.firsts)


@dataclass(frozen=True, kw_only=True)
class _Hashes:
    """The constellations of all clips, clip by clip: uint32, int32 and int32 (n,)."""

    values: NDArray[np.uint32]
    clips: NDArray[np.int32]
    frames: NDArray[np.int32]


def candidates(fingerprints: Sequence[Fingerprint], *, n_best: int) -> Candidates:
    """Every clip's ``n_best`` partners with the most votes, at least two; cost grows with the clips, not their pairs.

    A constellation is three marks near each other: where the first lies in frequency, and how far the others are
    from it. Where very many clips share one, each of them is compared with the next two only: no more than some
    thousand meetings per clip are counted.
    """
    hashes = _hashes(fingerprints)
    found = list(_counted(hashes, len(fingerprints)))
    rows = np.concatenate(found, axis=1) if found else np.zeros((4, 0), dtype=np.int64)
    rows = rows[:, _is_among_best(rows, n_best)]
    return Candidates(firsts=rows[0], seconds=rows[1], lags=rows[2], votes=rows[3])


def _hashes(fingerprints: Sequence[Fingerprint]) -> _Hashes:
    n_most = int(np.clip(_MOST_HASHES_IN_ALL // max(1, len(fingerprints)), _LEAST_HASHES, _MOST_HASHES))
    counts = np.array([print_.n_marks for print_ in fingerprints], dtype=np.int64)
    tiles = np.split(np.arange(len(counts)), np.flatnonzero(np.diff(np.cumsum(counts) // _TILE_MARKS)) + 1)
    parts: list[_Hashes] = []
    for tile in tiles:
        # Few marks are combined farther, so that a short clip has constellations enough.
        of_kinds = [
            _constellations(fingerprints, tile[(counts[tile] < _FEW_MARKS) == is_few].tolist(), reach)
            for is_few, reach in ((False, _REACH), (True, _REACH_OF_FEW))
        ]
        parts.append(_fair_share(_joined(of_kinds), fingerprints, tile, n_most))
    return _joined(parts)


def _joined(parts: Sequence[_Hashes]) -> _Hashes:
    return _Hashes(
        values=np.concatenate([part.values for part in parts]),
        clips=np.concatenate([part.clips for part in parts]),
        frames=np.concatenate([part.frames for part in parts]),
    )


def _constellations(fingerprints: Sequence[Fingerprint], clips: Sequence[int], reach: int) -> _Hashes:
    """Each mark with two of the ``reach`` next, all clips at once."""
    prints = [fingerprints[clip] for clip in clips]
    counts = [print_.n_marks for print_ in prints]
    nothing = [np.zeros(0, dtype=np.int32)]
    frames = np.concatenate(nothing + [print_.frames for print_ in prints])
    bins = np.concatenate(nothing + [print_.bins for print_ in prints]).astype(np.int64)
    # Laid one after the other, so far apart that no constellation spans two clips.
    lengths = np.array([int(print_.duration_s / FRAME_S) * UNITS + 2 * _MAX_SPAN for print_ in prints], dtype=np.int64)
    steps = _steps(frames + np.repeat(np.cumsum(lengths) - lengths, counts), bins, min(reach, len(bins) - 1))
    first = (bins + _BIN_STEP // 2) // _BIN_STEP * 512**4
    values, anchors = [np.zeros(0, dtype=np.uint32)], [np.zeros(0, dtype=np.intp)]
    for second in range(1, len(steps)):
        near, start = steps[second - 1], first[: len(bins) - second] + steps[second - 1].code * 512
        for third in range(second + 1, len(steps) + 1):
            n, onward = len(bins) - third, steps[third - second - 1]
            at = np.flatnonzero(near.is_far[:n] & onward.is_far[second : second + n] & steps[third - 1].is_near)
            values.append(_mixed(start[at] + onward.code[at + second]))
            anchors.append(at)
    anchor = np.concatenate(anchors)
    owner = np.repeat(np.array(clips, dtype=np.int32), counts)
    return _Hashes(values=np.concatenate(values), clips=owner[anchor], frames=frames[anchor])


@dataclass(frozen=True, kw_only=True)
class _Step:
    """From each mark to the one so many marks later: whether far and near enough in time, and its code, (n,) each."""

    is_far: NDArray[np.bool_]
    is_near: NDArray[np.bool_]
    code: NDArray[np.int64]


def _steps(times: NDArray[np.int64], bins: NDArray[np.int64], n: int) -> list[_Step]:
    """The steps from each mark to the next, to the second next, and so on to the n-th: made once for all threes."""
    steps: list[_Step] = []
    for ahead in range(1, n + 1):
        gap, rise = times[ahead:] - times[:-ahead], bins[ahead:] - bins[:-ahead]
        code = ((rise + _BIN_STEP // 2) // _BIN_STEP + 200) * 512**2 + (gap + _FRAME_STEP // 2) // _FRAME_STEP + 200
        steps.append(_Step(is_far=gap >= _MIN_GAP, is_near=gap <= _MAX_SPAN, code=code))
    return steps


def _fair_share(hashes: _Hashes, fingerprints: Sequence[Fingerprint], tile: NDArray[np.intp], n_most: int) -> _Hashes:
    """Of each clip ``n_most`` for every five seconds, chosen by value, so that two copies choose alike; clip by clip.

    The clips of the tile follow each other.
    """
    local = hashes.clips - tile[:1]
    n_of_clip = np.maximum(1, np.bincount(local, minlength=len(tile)))
    allowed = [n_most * max(1.0, fingerprints[clip].duration_s / _SHARE_S) for clip in tile.tolist()]
    share = np.minimum(1, np.array(allowed) / n_of_clip)
    kept = np.flatnonzero(hashes.values < (share * 2.0**32)[local])
    # Sixteen bits are sorted by counting.
    order = kept[np.argsort(local[kept].astype(np.uint16 if len(tile) < 2**16 else np.int32), kind="stable")]
    return _Hashes(values=hashes.values[order], clips=hashes.clips[order], frames=hashes.frames[order])


def _mixed(key: NDArray[np.int64]) -> NDArray[np.uint32]:
    mixed = key.view(np.uint64)
    for shift, factor in ((31, 0x9E3779B97F4A7C15), (29, 0xBF58476D1CE4E5B9)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return (mixed >> np.uint64(32)).astype(np.uint32)


def _counted(hashes: _Hashes, n_clips: int) -> Iterator[NDArray[np.int64]]:
    """First, second, lag, votes int64 (4, n) of the pairs with votes enough, some clips at a time."""
    n = len(hashes.values)
    if n == 0:
        return
    keys = hashes.values.astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= np.arange(n, dtype=np.uint64)
    keys.sort()
    entry = keys.astype(np.uint32)
    keys >>= np.uint64(32)
    begins = np.concatenate(([0], np.flatnonzero(keys[1:] != keys[:-1]) + 1))
    del keys
    lengths = np.diff(begins, append=n)
    place = np.empty(n, dtype=np.uint32)
    place[entry] = np.arange(n, dtype=np.uint32)
    # Each meets all that come after it in its run; in a long one the next two, which join a hundred copies as well.
    n_most = np.where(lengths <= _longest_run(lengths, n_clips), _LONGEST_RUN, _MEETINGS_IN_LONG_RUN)
    n_after = np.repeat((begins + lengths - 1).astype(np.uint32), lengths)
    n_after -= np.arange(n, dtype=np.uint32)
    n_after = np.minimum(n_after, np.repeat(n_most.astype(np.uint32), lengths)).astype(np.uint8)[place]
    total = np.cumsum(n_after, dtype=np.int64)
    edges = np.searchsorted(hashes.clips, np.arange(n_clips + 1))
    met = np.concatenate(([0], total))[edges]
    for tile in np.split(np.arange(n_clips), np.flatnonzero(np.diff(met[1:] // _TILE_MEETINGS)) + 1):
        start, stop = int(edges[tile[0]]), int(edges[tile[-1] + 1])
        first = np.repeat(np.arange(start, stop), n_after[start:stop])
        if len(first):
            step = np.arange(len(first)) - np.repeat(
                total[start:stop] - n_after[start:stop] - met[tile[0]], n_after[start:stop]
            )
            yield _best_lags(hashes, first, entry[place[first] + step + 1])


def _longest_run(lengths: NDArray[np.intp], n_clips: int) -> int:
    """The most entries of one constellation that all meet each other, so that the meetings stay in bounds."""
    n_runs = np.bincount(np.minimum(lengths, _LONGEST_RUN + 1))[: _LONGEST_RUN + 1]
    run = np.arange(len(n_runs))
    is_borne = np.cumsum(n_runs * run * (run - 1) // 2) <= _MEETINGS_PER_CLIP * n_clips
    return max(2, int(np.flatnonzero(is_borne)[-1]))


def _best_lags(hashes: _Hashes, first: NDArray[np.int64], second: NDArray[np.uint32]) -> NDArray[np.int64]:
    """First, second, lag, votes int64 (4, n) of the pairs of clips among these pairs of entries."""
    lag = (hashes.frames[first].astype(np.int64) - hashes.frames[second] + UNITS // 2) // UNITS
    a, b = hashes.clips[first].astype(np.int64), hashes.clips[second].astype(np.int64)
    is_pair = (a != b) & (np.abs(lag) < 1 << (_LAG_BITS - 1))
    key = (((a << _CLIP_BITS) | b) << _LAG_BITS | (lag + (1 << (_LAG_BITS - 1))))[is_pair]
    key.sort()
    begins = np.flatnonzero(np.diff(key, prepend=-1))
    key, alone = key[begins], np.diff(np.append(begins, len(key)))
    votes, at = alone.copy(), np.flatnonzero(np.diff(key) == 1)
    votes[at] += alone[at + 1]
    votes[at + 1] += alone[at]
    # Of each pair the lag with the most votes; of several the first.
    key, alone, votes = (values[votes >= _MIN_VOTES] for values in (key, alone, votes))
    order = np.lexsort((-alone, -votes, key >> _LAG_BITS))
    best = order[np.diff(key[order] >> _LAG_BITS, prepend=-1) > 0]
    pair = key[best] >> _LAG_BITS
    lags = (key[best] & ((1 << _LAG_BITS) - 1)) - (1 << (_LAG_BITS - 1))
    return np.stack((pair >> _CLIP_BITS, pair & ((1 << _CLIP_BITS) - 1), lags, votes[best]))


def _is_among_best(rows: NDArray[np.int64], n_best: int) -> NDArray[np.bool_]:
    """Whether a pair is one of the n_best of its first or of its second clip."""
    is_best = np.zeros(rows.shape[1], dtype=bool)
    for clip in rows[:2]:
        order = np.lexsort((-rows[3], clip))
        sorted_clips = clip[order]
        rank = np.arange(len(order)) - np.searchsorted(sorted_clips, sorted_clips)
        is_best[order[rank < n_best]] = True
    return is_best
