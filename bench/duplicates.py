"""Copies found and unlike clips kept: our fingerprint against log-mel cosine, FiftyOne's brain and chromaprint."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bench.brain import has_brain, near_duplicates, own_database
from bench.copies import COPIES
from pipeline.audio.conform import conform
from pipeline.audio.fingerprint import fingerprint_from
from pipeline.core.settings import load_recipe
from pipeline.core.types import Audio, DuplicateGroup
from pipeline.plugins.deduplicators.fingerprint import Fingerprint
from pipeline.plugins.deduplicators.fingerprint import Pairs as FoundPairs
from pipeline.plugins.encoders.log_mel_stats import LogMelStats

_SAME = ("2-28314-A", "2-30322-A")
"""Two files of ESC-10 that hold one and the same sound."""
_GOAL_AP, _GOAL_LEFT, _GOAL_KEPT, _GOAL_SPEED = 0.995, 0.015, 0.99, 150
_N_QUICK = 16
_COPIED_SHARE, _CUT_RATE_HZ, _CUT_S = 0.02, 8_000, 5.0
_HEADINGS = ("corpus", "way", "pair AP", "copies left", "uniques kept", "clips per CPU-s", "goals")


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Clips, and of each which sound it is and what it went through."""

    name: str
    clips: list[Audio]
    origins: NDArray[np.int64]
    kinds: list[str]

    @property
    def n_copies(self) -> int:
        return len(self.clips) - len(np.unique(self.origins))


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Pairs int64 (n, 2), smaller first, and how alike they are; the CPU seconds that it took to know."""

    pairs: NDArray[np.int64]
    scores: NDArray[np.float64]
    cpu_s: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one way made of one pool."""

    pool: Pool
    way: str
    ap: float | None
    is_kept: NDArray[np.bool_]
    cpu_s: float
    is_ours: bool = False

    @property
    def left(self) -> float:
        kept = np.bincount(self.pool.origins[self.is_kept])
        return float(np.maximum(kept - 1, 0).sum() / max(1, self.pool.n_copies))

    @property
    def uniques(self) -> float:
        origins = np.unique(self.pool.origins)
        return len(np.unique(self.pool.origins[self.is_kept])) / len(origins)

    @property
    def misses(self) -> list[str]:
        """The goals that are not met; of the speed only where clips last five seconds."""
        missed = [] if self.ap is None or self.ap >= _GOAL_AP else ["AP"]
        missed += [] if self.left <= _GOAL_LEFT else ["copies"]
        missed += [] if self.uniques >= _GOAL_KEPT else ["uniques"]
        is_slow = len(self.pool.clips) / self.cpu_s < _GOAL_SPEED and self.pool.clips[0].duration_s > 4
        return missed + (["speed"] if is_slow else [])

    def cells(self) -> tuple[str, ...]:
        return (
            f"{self.pool.name}, {len(self.pool.clips)} clips",
            self.way,
            "–" if self.ap is None else f"{self.ap:.4f}",
            f"{self.left:.2%}",
            f"{self.uniques:.2%}",
            f"{len(self.pool.clips) / self.cpu_s:.0f}",
            ("held" if not self.misses else f"missed: {', '.join(self.misses)}") if self.is_ours else "",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EARMARK_TEST_DATA", "../shared/data")))
    parser.add_argument("--large", action="store_true", help="100,000 clips as well, a quarter of an hour and 8 GB")
    parser.add_argument("--quick", action="store_true", help="16 files of each, to see that it runs: says little")
    parser.add_argument("--no-peers", action="store_true", help="ours only")
    parser.add_argument("--seed", type=int, default=0, help="of what the copies are made with")
    args = parser.parse_args()
    folders = {"fsdd": ("*.wav", 1, 300), "esc10": ("*/*.ogg", 3, 60)}
    rows: list[Row] = []
    for name, (pattern, n_copies, n_sample) in folders.items():
        files = sorted((args.data / name).glob(pattern))
        if not files:
            print(f"no {name} in {args.data}: left out")
            continue
        files = files[:: max(1, len(files) // _N_QUICK)] if args.quick else files
        pool = _pool(name, files, n_copies, seed=args.seed)
        rows.append(_ours(pool))
        _print_left(rows[-1])
        if not args.no_peers:
            chosen = np.random.default_rng(args.seed).choice(len(files), min(n_sample, len(files)), replace=False)
            sample = _pool(f"{name} sample", [files[i] for i in sorted(chosen)], n_copies, seed=args.seed)
            rows += [_ours(sample), _log_mel_cosine(sample), *_brain(sample)]
            rows += [_chromaprint(sample)] if shutil.which("fpcalc") and name == "esc10" else []
        _print_named(files)
    print(_table([_HEADINGS, *(row.cells() for row in rows)]))
    print("Ours with shipped defaults; the others with the threshold that serves each best on this pool.\n")
    if not shutil.which("fpcalc"):
        print("no fpcalc on this machine (Debian: libchromaprint-tools): chromaprint was left out\n")
    _scaling(args.data, [100] if args.quick else [1_000, 10_000, 100_000] if args.large else [1_000, 10_000])


def _pool(name: str, files: Sequence[Path], n_copies: int, *, seed: int) -> Pool:
    """The files, and of each so many copies, every kind in turn; all as a cut would leave them, in one audio format."""
    rng, kinds = np.random.default_rng(seed), list(COPIES)
    clips, origins = [_read(file) for file in files], list(range(len(files)))
    stems = [file.stem for file in files]
    if set(_SAME) <= set(stems):
        origins[stems.index(_SAME[1])] = stems.index(_SAME[0])
    gone_through = ["original"] * len(files)
    for number in range(len(files)):
        for turn in range(n_copies):
            kind = kinds[(number * n_copies + turn + number // len(kinds)) % len(kinds)]
            clips.append(COPIES[kind](clips[number], rng))
            origins.append(origins[number])
            gone_through.append(kind)
    audio_format = load_recipe().audio_format
    conformed = [conform(clip, audio_format) for clip in clips]
    return Pool(name=name, clips=conformed, origins=np.array(origins), kinds=gone_through)


def _read(file: Path) -> Audio:
    samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    return Audio(samples=np.ascontiguousarray(samples.T), rate_hz=rate_hz)


def _ours(pool: Pool) -> Row:
    plugin, n = Fingerprint(), len(pool.clips)
    start = time.process_time()
    marks = [plugin.marks(clip) for clip in pool.clips]
    found = _pairs(plugin, marks, pool.clips)
    pairs = Pairs(
        pairs=np.array([(match.first, match.second) for match in found.matches], dtype=np.int64).reshape(-1, 2),
        scores=np.array([match.score for match in found.matches]),
        cpu_s=time.process_time() - start,
    )
    groups = plugin.group(
        marks,
        # No two clips are identical by hash here: every copy must be found by its sound.
        pcm_sha256=[hashlib.sha256(str(i).encode()).digest() for i in range(n)],
        rank=[-round(1000 * clip.duration_s) for clip in pool.clips],
        read_clip=lambda i: pool.clips[i],
    )
    name = f"fingerprint (from {found.threshold:.2f} on)"
    return Row(pool=pool, way=name, ap=_ap(pool, pairs), is_kept=_kept(n, groups), cpu_s=pairs.cpu_s, is_ours=True)


def _pairs(plugin: Fingerprint, marks: Sequence[bytes], clips: Sequence[Audio]) -> FoundPairs:
    return plugin.pairs([fingerprint_from(one) for one in marks], range(len(marks)), lambda i: clips[i])


def _log_mel_cosine(pool: Pool) -> Row:
    start = time.process_time()
    vectors = LogMelStats().encode(pool.clips)
    cosines = vectors @ vectors.T
    return _best_threshold(pool, "log-mel cosine", cosines, time.process_time() - start)


def _brain(pool: Pool) -> list[Row]:
    """FiftyOne's near duplicates on those embeddings, at the largest distance that keeps 99 % of the uniques."""
    if not has_brain():
        return []
    start, n = time.process_time(), len(pool.clips)
    distances = np.geomspace(1e-6, 0.3, 25).tolist()
    is_kept = np.ones(n, dtype=bool)
    for dropped in near_duplicates(LogMelStats().encode(pool.clips), distances):
        now = np.ones(n, dtype=bool)
        now[dropped] = False
        if Row(pool=pool, way="", ap=None, is_kept=now, cpu_s=1).uniques < _GOAL_KEPT:
            break
        is_kept = now
    cpu_s = (time.process_time() - start) / len(distances)
    return [Row(pool=pool, way="FiftyOne brain, near duplicates", ap=None, is_kept=is_kept, cpu_s=cpu_s)]


def _chromaprint(pool: Pool) -> Row:
    """Share of equal bits at the best lag within 0.4 s; reading and matching are not counted, only fpcalc is."""
    prints: list[NDArray[np.uint32]] = []
    start = os.times()
    with tempfile.TemporaryDirectory() as folder:
        for clip in pool.clips:
            soundfile.write(f"{folder}/clip.wav", clip.samples.T, clip.rate_hz)
            done = subprocess.run(
                ["fpcalc", "-raw", "-plain", "-length", "0", f"{folder}/clip.wav"], capture_output=True, text=True
            )
            prints.append(
                np.array([int(word) & 0xFFFFFFFF for word in done.stdout.split(",") if word.strip()], np.uint32)
            )
    cpu_s = os.times().children_user - start.children_user + os.times().children_system - start.children_system
    n_frames = min((len(print_) for print_ in prints if len(print_)), default=0)
    bits = np.zeros((len(prints), max(len(print_) for print_ in prints), 32), np.float32)
    for row, print_ in zip(bits, prints, strict=True):
        row[: len(print_)] = np.unpackbits(print_[:, None].view(np.uint8), axis=1) * 2.0 - 1
    best = np.full((len(prints), len(prints)), -1.0, np.float32)
    for lag in range(-3, 4):
        span = n_frames - abs(lag)
        first, second = max(0, lag), max(0, -lag)
        laid = [bits[:, begin : begin + span].reshape(len(prints), -1) for begin in (first, second)]
        best = np.maximum(best, laid[0] @ laid[1].T / (span * 32))
    return _best_threshold(pool, "chromaprint (fpcalc)", np.maximum(best, best.T), cpu_s)


def _best_threshold(pool: Pool, way: str, alike: NDArray[np.float32], cpu_s: float) -> Row:
    """Clips connected by the lowest threshold that keeps 99 % of the uniques: more than any user would know."""
    first, second = np.triu_indices(len(alike), 1)
    pairs = Pairs(pairs=np.stack((first, second), axis=1), scores=alike[first, second].astype(float), cpu_s=cpu_s)
    levels = np.quantile(pairs.scores, 1 - np.geomspace(1e-6, 0.1, 80))
    best = np.ones(len(alike), dtype=bool)
    for level in sorted(set(levels.tolist()), reverse=True):
        joined = pairs.pairs[pairs.scores >= level]
        graph = coo_array((np.ones(len(joined)), (joined[:, 0], joined[:, 1])), shape=alike.shape)
        _, leaders = np.unique(connected_components(graph, directed=False)[1], return_index=True)
        is_kept = np.zeros(len(alike), dtype=bool)
        is_kept[leaders] = True
        if Row(pool=pool, way=way, ap=None, is_kept=is_kept, cpu_s=1).uniques < _GOAL_KEPT:
            break
        best = is_kept
    return Row(pool=pool, way=way, ap=_ap(pool, pairs), is_kept=best, cpu_s=cpu_s)


def _kept(n: int, groups: Sequence[DuplicateGroup]) -> NDArray[np.bool_]:
    is_kept = np.ones(n, dtype=bool)
    for group in groups:
        is_kept[[member.index for member in group.members if member.index != group.representative]] = False
    return is_kept


def _ap(pool: Pool, found: Pairs) -> float:
    """Average precision over all pairs of the pool; a pair that was not found at all counts as never reached."""
    sizes = np.unique(pool.origins, return_counts=True)[1]
    n_same = int((sizes * (sizes - 1) // 2).sum())
    order = np.argsort(-found.scores, kind="stable")
    is_same = (pool.origins[found.pairs[:, 0]] == pool.origins[found.pairs[:, 1]])[order]
    precision = np.cumsum(is_same) / (np.arange(len(is_same)) + 1)
    return float(precision[is_same].sum() / n_same)


def _print_left(row: Row) -> None:
    pool, left = row.pool, dict[str, int]()
    n_kept = np.bincount(pool.origins[row.is_kept], minlength=int(pool.origins.max()) + 1)
    for i in np.flatnonzero(row.is_kept & (n_kept[pool.origins] > 1)):
        if pool.kinds[i] != "original":
            left[pool.kinds[i]] = left.get(pool.kinds[i], 0) + 1
    print(f"{pool.name}: copies left by kind: {left or 'none'}")


def _print_named(files: Sequence[Path]) -> None:
    """Every pair of the published files that is named a copy, and how its waves lie on each other, in full width."""
    clips, plugin = [_read(file) for file in files], Fingerprint()
    found = _pairs(plugin, [plugin.marks(clip) for clip in clips], clips)
    print(f"pairs named among the {len(files)} files as published (from {found.threshold:.2f} on):")
    for match in sorted(found.proved, key=lambda match: -match.score):
        first, second = clips[match.first], clips[match.second]
        wave, lag_s = _full_width(first, second)
        print(
            f"  {files[match.first].stem} ~ {files[match.second].stem}: score {match.score:.2f}, {match.n_agreeing} of "
            f"{match.n_marks} marks, lag {match.lag_s:+.3f} s; waves correlate {wave:.3f} at {lag_s:+.4f} s"
        )


def _full_width(first: Audio, second: Audio) -> tuple[float, float]:
    a, b = (clip.samples.mean(axis=0).astype(np.float64) for clip in (first, second))
    n = 1 << (len(a) + len(b)).bit_length()
    product = np.fft.irfft(np.fft.rfft(a, n) * np.conj(np.fft.rfft(b, n)), n)
    best = int(np.argmax(np.abs(product)))
    lag = best if best < n // 2 else best - n
    start, stop = max(0, lag), min(len(a), len(b) + lag)
    level = np.sqrt(np.square(a[start:stop]).sum() * np.square(b[start - lag : stop - lag]).sum())
    return float(product[best] / max(level, 1e-12)), lag / first.rate_hz


def _scaling(data: Path, sizes: Sequence[int]) -> None:
    """CPU seconds for clips made by cutting and mixing, two in a hundred of them copies of others."""
    sound = _all_sound(data)
    lines: list[tuple[str, ...]] = [("clips of 5 s", "CPU-s", "clips per CPU-s", "copies found", "unlike ones named")]
    for n in sizes:
        n_originals, made_s = round(n * (1 - _COPIED_SHARE)), 0.0

        def read(i: int, n_originals: int = n_originals) -> Audio:
            nonlocal made_s
            start = time.process_time()
            clip = _mixed(sound, i) if i < n_originals else _spoilt(_mixed(sound, i - n_originals), i)
            made_s += time.process_time() - start
            return clip

        start, plugin = time.process_time(), Fingerprint()
        prints = [fingerprint_from(plugin.marks(read(i))) for i in range(n)]
        found = plugin.pairs(prints, range(n), read)
        cpu_s = time.process_time() - start - made_s
        named = {(match.first, match.second) for match in found.proved}
        planted = {(i - n_originals, i) for i in range(n_originals, n)}
        numbers = [[i if i < n_originals else i - n_originals for i in pair] for pair in named]
        n_unlike = sum(first != second and not _share(sound, first, second) for first, second in numbers)
        share = len(named & planted) / len(planted)
        lines.append((f"{n:,}", f"{cpu_s:.0f}", f"{n / cpu_s:.0f}", f"{share:.2%}", str(n_unlike)))
        print(_table(lines), flush=True)


def _all_sound(data: Path) -> NDArray[np.float32]:
    """All of ESC-10 at 8 kHz, one clip after the other; noise where it is not there."""
    files = sorted((data / "esc10").glob("*/*.ogg"))
    if not files:
        return np.random.default_rng(0).normal(scale=0.1, size=600 * _CUT_RATE_HZ).astype(np.float32)
    return np.concatenate([soxr.resample(_read(file).samples[0], 44_100, _CUT_RATE_HZ) for file in files])


def _spans(sound: NDArray[np.float32], i: int) -> list[tuple[int, int, float]]:
    """The start, the length and the gain of the two spans that clip i is mixed of."""
    rng, n = np.random.default_rng([1, i]), round(_CUT_S * _CUT_RATE_HZ)
    lengths = [round(n * rng.uniform(0.7, 1.4)) for _ in range(2)]
    return [(int(rng.integers(len(sound) - length)), length, rng.uniform(0.3, 1)) for length in lengths]


def _mixed(sound: NDArray[np.float32], i: int) -> Audio:
    """Clip i: two spans drawn from all sound, each at a speed of its own, mixed."""
    n = round(_CUT_S * _CUT_RATE_HZ)
    mixed = np.zeros(n)
    for start, length, gain in _spans(sound, i):
        mixed += gain * np.interp(np.linspace(0, length - 1, n), np.arange(length), sound[start : start + length])
    return Audio(samples=np.clip(mixed, -1, 1).astype(np.float32)[np.newaxis], rate_hz=_CUT_RATE_HZ)


def _share(sound: NDArray[np.float32], first: int, second: int) -> bool:
    """Whether two clips were cut from the same place, at a speed less than 2 % apart: then they are alike by right."""
    return any(
        min(start + length, other + width) - max(start, other) > length / 2 and abs(length / width - 1) < 0.02
        for start, length, _ in _spans(sound, first)
        for other, width, _ in _spans(sound, second)
    )


def _spoilt(clip: Audio, seed: int) -> Audio:
    """Later, quieter and under noise."""
    rng = np.random.default_rng([2, seed])
    late = COPIES["shift"](clip, rng)
    return COPIES["gain -6 dB"](COPIES["noise 30 dB"](late, rng), rng)


def _table(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    texts = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |" for line in lines]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts) + "\n"


if __name__ == "__main__":
    with own_database():
        main()
