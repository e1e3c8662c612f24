"""What a selection is worth: accuracy per clip labelled against random and FiftyOne's find_unique, and what it costs.

The pool: spoken digits with skewed labels, half of them copies made by our augmenters. The test: digits that the pool
does not hold, as many of each. A logistic regression learns from the k clips chosen, with their true labels.
"""

from __future__ import annotations

import argparse
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from bench.brain import find_unique, own_database
from bench.timing import cpu_s
from pipeline.core import registry
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio, Float32
from pipeline.plugins.selectors.random import Random
from pipeline.plugins.selectors.strategies import Strategies

K = (100, 200)
_GOAL_GAIN, _GOAL_LOSS, _GOAL_CPU_S = 6.0, 1.0, 60.0
_TEST_SHARE, _RAREST = 0.3, 0.1
"""Of the clips for the test; of the rarest label's clips that stay in the pool."""
_COPIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("gain", {"min_gain_db": -6.0, "max_gain_db": 6.0}),
    ("codec", {}),
    ("noise", {"min_snr_db": 30.0, "max_snr_db": 30.0}),
    ("time_shift", {}),
    ("band_limit", {}),
)
_DIVERSITY = {"strategy": "DIVERSITY"}
_IN_PARTS = {"one_stage_up_to_pairs": 0, "clips_per_part": 100}
_HEADINGS = ("way", *(f"k = {k}" for k in K), *(f"above random, k = {k}" for k in K), "goal")


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Clips with their labels int64 (n,) and their embeddings float32 (n, d)."""

    clips: list[Audio]
    labels: NDArray[np.int64]
    vectors: Float32


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What one seed chooses from and is tested on.

    ``origins`` int64 (n,): the clip that each is or was made of. ``is_redundant`` bool (n,): the deduplicator's word.
    """

    vectors: Float32
    labels: NDArray[np.int64]
    origins: NDArray[np.int64]
    is_redundant: NDArray[np.bool_]
    test_vectors: Float32
    test_labels: NDArray[np.int64]


Way = Callable[[Pool, int, int], Sequence[int]]
"""Row numbers of the clips chosen from a pool: (pool, k, seed)."""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EARMARK_TEST_DATA", "../shared/data")))
    parser.add_argument("--encoder", default="log_mel_stats")
    parser.add_argument("--deduplicator", default="fingerprint")
    parser.add_argument("--n", type=int, default=2_000, help="digits at most")
    parser.add_argument("--seeds", type=int, default=16, help="five are too few to tell one point")
    parser.add_argument("--large", type=int, default=100_000, help="clips of the large pool; a tenth is chosen")
    parser.add_argument("--without-fiftyone", action="store_true")
    parser.add_argument("--quick", action="store_true", help="small and one seed: does it run?")
    given = parser.parse_args()
    if given.quick:
        given.n, given.seeds, given.large, given.without_fiftyone = 300, 1, 6_000, True
    if corpus := _digits(given.data, given.encoder, n=given.n):
        _show_value(corpus, given)
    else:
        print(f"no fsdd in {given.data}: what a selection is worth cannot be measured")
    _show_cost(given.large)


def _show_value(corpus: Corpus, given: argparse.Namespace) -> None:
    pools = [_pool(corpus, given.encoder, given.deduplicator, seed=seed) for seed in range(given.seeds)]
    ways = _ways(with_fiftyone=not given.without_fiftyone)
    first = pools[0]
    kept = [(len(np.unique(p.origins[~p.is_redundant])), len(np.unique(p.origins))) for p in pools]
    n_copies = [len(p.origins) - n_unique for p, (_, n_unique) in zip(pools, kept, strict=True)]
    left = [((~p.is_redundant).sum() - n) / m for p, (n, _), m in zip(pools, kept, n_copies, strict=True)]
    lost = [1 - n / n_unique for n, n_unique in kept]
    counts = np.bincount(first.labels[np.unique(first.origins, return_index=True)[1]])
    print(
        f"Spoken digits (fsdd), {given.encoder}: pools of {len(first.labels)} clips, half of them copies, labels "
        f"{counts.max()} to {counts.min()}; {len(first.test_labels)} test clips; mean of {len(pools)} seeds ± standard "
        f"deviation, %. {given.deduplicator} left {100 * np.mean(left):.1f} % of copies and lost "
        f"{100 * np.mean(lost):.1f} % of sounds.\n"
    )
    found = {
        name: np.array([[100 * _accuracy(pool, way(pool, k, seed)) for k in K] for seed, pool in enumerate(pools)])
        for name, way in ways.items()
    }
    one_stage = found["duplicates out, DIVERSITY"]
    rows: list[Sequence[str]] = []
    for name, values in found.items():
        above = values - found["random"]
        goal = "–"
        if "two stages" in name:
            loss = float((one_stage - values).mean(axis=0).max())
            goal = f"within {_GOAL_LOSS:g} of one stage: {'yes' if loss <= _GOAL_LOSS else 'no'} ({loss:+.1f})"
        elif name.startswith("duplicates out, DIVERSITY"):
            goal = f"+{_GOAL_GAIN:g}: {'yes' if above.mean(axis=0).min() >= _GOAL_GAIN else 'no'}"
        rows.append(
            (
                name,
                *(f"{m:.1f} ± {s:.1f}" for m, s in zip(values.mean(axis=0), values.std(axis=0), strict=True)),
                *(f"{m:+.1f} ± {s:.1f}" for m, s in zip(above.mean(axis=0), above.std(axis=0), strict=True)),
                goal,
            )
        )
    print(_table(_HEADINGS, rows))


def _ways(*, with_fiftyone: bool) -> dict[str, Way]:
    ways: dict[str, Way] = {
        "random": lambda pool, k, seed: [
            pick.index for pick in Random().select(pool.vectors, k, preselected=(), seed=seed)
        ],
        "duplicates out, random": _among_unique(lambda v, k, seed: Random().select(v, k, preselected=(), seed=seed)),
        "DIVERSITY, copies and all": lambda pool, k, seed: [
            pick.index for pick in Strategies().select(pool.vectors, k, preselected=(), seed=seed)
        ],
        "duplicates out, DIVERSITY": _among_unique(_strategies([_DIVERSITY])),
        "duplicates out, DIVERSITY in two stages": _among_unique(
            _strategies([_DIVERSITY], one_stage_up_to_pairs=0, clips_per_part=100)
        ),
        "duplicates out, DIVERSITY and BALANCE of predictions": _balanced,
        "duplicates out, TYPICALITY": _among_unique(_strategies([{"strategy": "TYPICALITY"}])),
    }
    if with_fiftyone:
        ways["FiftyOne find_unique"] = lambda pool, k, seed: find_unique(pool.vectors, k)
        ways["duplicates out, FiftyOne find_unique"] = lambda pool, k, seed: np.flatnonzero(~pool.is_redundant)[
            find_unique(pool.vectors[~pool.is_redundant], k)
        ].tolist()
    return ways


def _among_unique(select: Callable[[Float32, int, int], Sequence[Any]]) -> Way:
    def way(pool: Pool, k: int, seed: int) -> Sequence[int]:
        rows = np.flatnonzero(~pool.is_redundant)
        return rows[[pick.index for pick in select(pool.vectors[rows], k, seed)]].tolist()

    return way


def _strategies(strategies: list[dict[str, Any]], **params: Any) -> Callable[[Float32, int, int], Sequence[Any]]:
    plugin = Strategies(strategies=strategies, **params)
    return lambda vectors, k, seed: plugin.select(vectors, k, preselected=(), seed=seed)


def _balanced(pool: Pool, k: int, seed: int) -> Sequence[int]:
    """Half by diversity; a model of those labels predicts the rest; then half by diversity and balance of that."""
    rows = np.flatnonzero(~pool.is_redundant)
    vectors = pool.vectors[rows]
    first = [pick.index for pick in Strategies().select(vectors, k // 2, preselected=(), seed=seed)]
    predicted = np.empty(len(rows), dtype=object)
    predicted[:] = [str(label) for label in _model(vectors[first], pool.labels[rows][first]).predict(vectors)]
    predicted[first] = [str(label) for label in pool.labels[rows][first]]
    plugin = Strategies(strategies=[_DIVERSITY, {"strategy": "BALANCE", "input": "prediction"}])
    columns = {"prediction": predicted}
    rest = plugin.select(vectors, k - k // 2, preselected=first, seed=seed, columns=columns)
    return rows[[*first, *(pick.index for pick in rest)]].tolist()


def _accuracy(pool: Pool, chosen: Sequence[int]) -> float:
    """Of a model that knows these clips with their labels, on the test clips."""
    model = _model(pool.vectors[list(chosen)], pool.labels[list(chosen)])
    return float((model.predict(pool.test_vectors) == pool.test_labels).mean())


def _model(vectors: Float32, labels: NDArray[np.int64]) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)).fit(vectors, labels)


def _pool(corpus: Corpus, encoder: str, deduplicator: str, *, seed: int) -> Pool:
    """A test of all labels; of what is left the n-th label keeps less and less; as many copies as originals."""
    rng = np.random.default_rng(seed)
    shares = np.geomspace(1, _RAREST, len(np.unique(corpus.labels)))[rng.permutation(len(np.unique(corpus.labels)))]
    test, kept = list[int](), list[int]()
    for label, share in zip(np.unique(corpus.labels), shares, strict=True):
        rows = rng.permutation(np.flatnonzero(corpus.labels == label))
        n_test = round(_TEST_SHARE * len(rows))
        test += rows[:n_test].tolist()
        kept += rows[n_test : n_test + max(2, round(share * (len(rows) - n_test)))].tolist()
    parents = rng.choice(kept, size=len(kept))
    kinds = [registry.create("augmenter", PluginSpec(name=name, params=params)) for name, params in _COPIES]
    copies = [kinds[rng.integers(len(kinds))].augment(corpus.clips[row], rng) for row in parents.tolist()]
    clips = [corpus.clips[row] for row in kept] + copies
    vectors = np.concatenate((corpus.vectors[kept], _encode(encoder, copies)))
    plugin = registry.create("deduplicator", PluginSpec(name=deduplicator))
    groups = plugin.group(
        [plugin.marks(clip) for clip in clips],
        pcm_sha256=[hashlib.sha256(clip.samples.tobytes()).digest() for clip in clips],
        rank=[-clip.n_samples for clip in clips],
        read_clip=lambda at: clips[at],
    )
    is_redundant = np.zeros(len(clips), dtype=bool)
    for group in groups:
        is_redundant[[member.index for member in group.members if member.index != group.representative]] = True
    return Pool(
        vectors=vectors,
        labels=np.concatenate((corpus.labels[kept], corpus.labels[parents])),
        origins=np.concatenate((kept, parents)),
        is_redundant=is_redundant,
        test_vectors=corpus.vectors[test],
        test_labels=corpus.labels[test],
    )


def _digits(data: Path, encoder: str, *, n: int) -> Corpus | None:
    found = sorted((data / "fsdd").glob("*.wav"))
    if not found:
        return None
    paths = found[:: max(1, len(found) // n)][:n]
    clips: list[Audio] = []
    for path in paths:
        samples, rate_hz = soundfile.read(path, dtype="float32")
        clips.append(Audio(samples=samples[np.newaxis], rate_hz=rate_hz))
    labels = np.array([int(path.name.split("_")[0]) for path in paths])
    return Corpus(clips=clips, labels=labels, vectors=_encode(encoder, clips))


def _encode(encoder: str, clips: Sequence[Audio]) -> Float32:
    return registry.create("encoder", PluginSpec(name=encoder)).encode(clips)


def _show_cost(n: int) -> None:
    """A made pool: clusters of unlike sizes in 128 dimensions, a tenth chosen; coverage tells what two stages lose."""
    from pipeline.curation.coverage import coverage_curve

    k = n // 10
    rng = np.random.default_rng(0)
    sizes = rng.pareto(1.5, 300) + 1
    centres = rng.standard_normal((300, 128))
    vectors = centres[rng.choice(300, size=n, p=sizes / sizes.sum())] + 0.7 * rng.standard_normal((n, 128))
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    rows: list[Sequence[str]] = []
    for name, n_pairs in (("two stages", 0), ("one stage", 10**12)):
        began_s = cpu_s()
        picks = Strategies(one_stage_up_to_pairs=n_pairs).select(unit, k, preselected=(), seed=0)
        took_s = cpu_s() - began_s
        began_s = cpu_s()
        end = coverage_curve(unit, [pick.index for pick in picks])[-1]
        goal = f"< {_GOAL_CPU_S:g}: {'yes' if took_s < _GOAL_CPU_S else 'no'}" if name == "two stages" else "–"
        cells = (f"{took_s:.1f}", goal, f"{end.mean:.4f}", f"{end.p95:.4f}", f"{cpu_s() - began_s:.1f}")
        rows.append((name, f"{n:,}", f"{k:,}", *cells))
    headings = ("way", "clips", "picks", "CPU-s", "goal", "mean distance", "95 % within", "CPU-s of the curve")
    print("\n" + _table(headings, rows))


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    texts = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines]
    return "\n".join([texts[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *texts[1:]])


if __name__ == "__main__":
    with own_database():
        main()
