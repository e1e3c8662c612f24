"""What embeddings are worth: kNN and linear accuracy of our encoders on speakers and folds never heard."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from pipeline.core.types import Audio, Float32
from pipeline.plugins.encoders.fused import TrainedFused
from pipeline.plugins.encoders.instant import Instant
from pipeline.plugins.encoders.lightly_ssl import TrainedSsl
from pipeline.training.linear_head import fit_linear_head
from pipeline.training.ssl import SslSettings, train_ssl

_N_NEIGHBOURS = 5
_SHARE = 0.5
_ENCODERS = ("instant", "lightly_ssl", "fused")
Scores = dict[str, tuple[float, float]]
"""Of each encoder: kNN accuracy and linear accuracy, the mean over the groups that were left out."""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Clips with their labels; a group is what is left out together."""

    name: str
    clips: list[Audio]
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one training on one corpus came to."""

    corpus: str
    seed: int
    scores: Scores
    cpu_s: float
    n_steps: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EARMARK_TEST_DATA", "../shared/data")))
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each corpus")
    parser.add_argument(
        "--cpu-s", type=float, default=280.0, help="CPU seconds of each training, but for its last look"
    )
    parser.add_argument("--corpus", choices=("fsdd", "esc10"), help="this one only")
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time, a thread each")
    parser.add_argument("--quick", action="store_true", help="120 clips and 10 steps, to see that it runs: says little")
    args = parser.parse_args()
    names = [args.corpus] if args.corpus else ["fsdd", "esc10"]
    asked = [(name, seed) for seed in range(1 if args.quick else args.seeds) for name in names]
    work = partial(_judged, args.data, cpu_s=args.cpu_s, is_quick=args.quick)
    results: list[Result] = []
    with ProcessPoolExecutor(args.jobs) as pool:
        for result in pool.map(work, *zip(*asked, strict=True)):
            results.append(result)
            print(f"trained on {result.corpus}, seed {result.seed}: {_figures(result)}", file=sys.stderr, flush=True)
    for name in names:
        _print_corpus([result for result in results if result.corpus == name])
    print(
        "transductive: lightly_ssl was trained on all clips, those of the left-out group among them, without a label."
    )


def _judged(data: Path, name: str, seed: int, *, cpu_s: float, is_quick: bool) -> Result:
    corpus = read_corpus(data, name, n_most=120 if is_quick else None)
    settings = SslSettings(max_cpu_s=cpu_s, seed=seed)
    if is_quick:
        settings = SslSettings(max_steps=10, n_batch=32, augmenters=(), seed=seed)
    began_s = time.process_time()
    trained = train_ssl(corpus.clips, settings)
    spent_s = time.process_time() - began_s
    learned = TrainedSsl(data=trained.weights.to_bytes())
    encoders = (Instant(), learned, TrainedFused(learned=learned, learned_share=_SHARE))
    scores = {
        encoder_name: _accuracies(encoder.encode(corpus.clips), corpus)
        for encoder_name, encoder in zip(_ENCODERS, encoders, strict=True)
    }
    return Result(corpus=name, seed=seed, scores=scores, cpu_s=spent_s, n_steps=trained.curve[-1].step)


def _accuracies(vectors: Float32, corpus: Corpus) -> tuple[float, float]:
    knn: list[float] = []
    linear: list[float] = []
    for group in np.unique(corpus.groups):
        is_left_out = corpus.groups == group
        known, labels = vectors[~is_left_out], corpus.labels[~is_left_out]
        asked, truth = vectors[is_left_out], corpus.labels[is_left_out]
        nearest = labels[np.argsort(-(asked @ known.T), axis=1, kind="stable")[:, :_N_NEIGHBOURS]]
        votes = [max(sorted(set(row)), key=row.count) for row in nearest.tolist()]
        knn.append(float(np.mean(np.array(votes) == truth)))
        head = fit_linear_head(known, labels.tolist(), seed=0)
        if head is None:
            raise SystemExit("fewer than two labels: nothing to tell apart")
        linear.append(float(np.mean(np.array(head.labels)[head.probabilities(asked).argmax(axis=1)] == truth)))
    return float(np.mean(knn)), float(np.mean(linear))


def read_corpus(data: Path, name: str, *, n_most: int | None) -> Corpus:
    """The clips of a corpus below ``data``, at most about ``n_most`` of them spread over all. Raises SystemExit."""
    files = sorted((data / name).glob("*.wav" if name == "fsdd" else "*/*.ogg"))
    if not files:
        raise SystemExit(f"no {name} in {data}: set EARMARK_TEST_DATA")
    files = files if n_most is None else files[:: max(1, len(files) // n_most)]
    is_digits = name == "fsdd"
    labels = [file.stem.split("_")[0] if is_digits else file.parent.name for file in files]
    groups = [file.stem.split("_")[1] if is_digits else file.name[0] for file in files]
    return Corpus(
        name=name,
        clips=[_sound(file) for file in files],
        labels=np.array(labels),
        groups=np.array(groups),
    )


def _sound(file: Path) -> Audio:
    samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    return Audio(samples=np.ascontiguousarray(samples.T), rate_hz=rate_hz)


def _print_corpus(results: Sequence[Result]) -> None:
    left_out = "speaker" if results[0].corpus == "fsdd" else "fold"
    spent = max(result.cpu_s for result in results)
    print(
        f"{results[0].corpus}, one {left_out} left out at a time; {len(results)} trainings of "
        f"{min(result.n_steps for result in results)} steps or more in at most {spent:.0f} CPU-s"
    )
    seeds = "".join(f"{f'seed {result.seed}':>8}" for result in results)
    print(f"  {'':<12} {'':<7}{seeds}    mean   least    most")
    for name in _ENCODERS:
        for at, measure in enumerate(("kNN-5", "linear")):
            values = np.array([result.scores[name][at] for result in results])
            each = "".join(f"{value:>8.3f}" for value in (*values, values.mean(), values.min(), values.max()))
            print(f"  {name:<12} {measure:<7}{each}{'' if name == 'instant' else '  transductive'}")
    n_beaten = sum(
        all(fused > instant for fused, instant in zip(result.scores["fused"], result.scores["instant"], strict=True))
        for result in results
    )
    print(f"  fused beats instant in both: {n_beaten} of {len(results)} trainings\n")


def _figures(result: Result) -> str:
    of_each = ", ".join(f"{name} {knn:.3f}/{linear:.3f}" for name, (knn, linear) in result.scores.items())
    return f"kNN-5/linear {of_each}; {result.n_steps} steps in {result.cpu_s:.0f} CPU-s"


if __name__ == "__main__":
    main()
