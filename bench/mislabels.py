"""How early wrong labels are found: planted ones in spoken digits and environmental sounds, our way against others'.

Planted: labels of a share of the clips are changed, each for any other (uniform), or for the one that its label is most
often taken for out of fold (confusable). A way gives each clip a score; average precision says how well the planted
ones come first.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from pipeline.core.types import Audio, Float32
from pipeline.curation.mislabels import margins
from pipeline.plugins.encoders.fused import Fused, TrainedFused
from pipeline.plugins.encoders.instant import Instant
from pipeline.plugins.encoders.lightly_ssl import TrainedSsl
from pipeline.plugins.encoders.log_mel_stats import LogMelStats
from pipeline.training.folds import stratified_folds
from pipeline.training.out_of_fold import out_of_fold

Kind = Literal["confusable", "uniform"]
Indices = NDArray[np.int64]

OURS, CLEANLAB, FIFTYONE = "Earmark", "cleanlab, normalised margin", "FiftyOne, mistakenness by confidence"
_APART = "Earmark, sources kept apart"
_RATES = (0.10, 0.05)
_KINDS: tuple[Kind, ...] = ("confusable", "uniform")
_GOAL_AP = 0.98
_N_FOLDS = 10
_STRENGTHS = (0.003, 0.03, 0.3)
_HEADINGS = ("corpus", "encoder", "planted", "way", "average precision", "lowest to highest", "first n right", "95 %")


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Clips with their true labels, int64 (n,); a source is a speaker, or a recording that several clips are of."""

    name: str
    clips: list[Audio]
    labels: Indices
    sources: list[str]


@dataclass(frozen=True, kw_only=True)
class Planting:
    """Given labels int64 (n,), some of which are wrong: bool (n,)."""

    kind: Kind
    rate: float
    given: Indices
    is_wrong: NDArray[np.bool_]

    @property
    def name(self) -> str:
        return f"{100 * self.rate:g} % {self.kind}"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one way made of one planting: recall float64 (n,) after each clip heard, and what follows from it."""

    recall: NDArray[np.float64]
    average_precision: float
    precision: float
    heard_share: float


Key = tuple[str, str, str, str]
"""Corpus, encoder, planting and way."""


def main() -> None:
    """Print the table and the goals, draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EARMARK_TEST_DATA", "../shared/data")))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--corpus", choices=("fsdd", "esc10"), help="this one only")
    parser.add_argument("--encoder", help="this one only, as the table names it")
    parser.add_argument("--weights", type=Path, help="folder of weights-CORPUS.bin: a trained encoder too")
    parser.add_argument("--cpu-s", type=float, default=280.0, help="of a training, where --weights holds none yet")
    parser.add_argument("--plot", type=Path, help="where to draw recall against clips heard")
    parser.add_argument("--quick", action="store_true", help="few clips, one seed: does it run?")
    given = parser.parse_args()
    results: dict[Key, list[Found]] = {}
    spent_s: list[tuple[int, float]] = []
    for name in [given.corpus] if given.corpus else ["fsdd", "esc10"]:
        corpus = _read(given.data, name, n_most=150 if given.quick else None)
        if corpus is None:
            print(f"no {name} in {given.data}: left out")
            continue
        for encoder, encode in _encoders(corpus, given).items():
            vectors = encode(corpus.clips)
            spent_s += _measure(results, corpus, encoder, vectors, n_seeds=1 if given.quick else given.seeds)
    _show(results, spent_s)
    if given.plot is not None and results:
        plot(results, given.plot)
        print(f"\ndrawn: {given.plot}")


def _measure(
    results: dict[Key, list[Found]], corpus: Corpus, encoder: str, vectors: Float32, *, n_seeds: int
) -> list[tuple[int, float]]:
    """Add what every way finds; gives how many CPU seconds ours took on how many clips."""
    spent_s: list[tuple[int, float]] = []
    taken_for = _taken_for(vectors, corpus.labels)
    for kind in _KINDS:
        for rate in _RATES:
            strength: float | None = None
            for seed in range(n_seeds):
                planted = plant(corpus.labels, kind, rate, taken_for, np.random.default_rng(seed))
                began_s = time.process_time()
                ours = _ours(vectors, planted.given, None, seed)
                spent_s.append((len(vectors), time.process_time() - began_s))
                chances, strength = _logistic(vectors, planted.given, seed=seed, strength=strength)
                scores = {
                    OURS: margins(*ours)[0],
                    _APART: margins(*_ours(vectors, planted.given, corpus.sources, seed))[0],
                    **_peers(chances, planted.given),
                    "FiftyOne, mistakenness on our chances": mistakenness(*ours),
                }
                for way, score in scores.items():
                    key = (corpus.name, encoder, planted.name, way)
                    results.setdefault(key, []).append(_found(score, planted.is_wrong))
    return spent_s


def _ours(vectors: Float32, given: Indices, sources: list[str] | None, seed: int) -> tuple[Float32, Indices]:
    judged = out_of_fold(vectors, [f"{label:04d}" for label in given.tolist()], groups=sources, seed=seed)
    if judged is None:
        raise SystemExit("fewer than two labels: nothing to tell apart")
    return judged.probabilities, judged.given


def _peers(chances: Float32, given: Indices) -> dict[str, Float32]:
    return {
        CLEANLAB: -normalised_margin(chances, given),
        "cleanlab, thresholds subtracted": -normalised_margin(above_thresholds(chances, given), given),
        FIFTYONE: mistakenness(chances, given),
        "FiftyOne, mistakenness by logits": mistakenness_of_logits(chances, given),
    }


def plant(labels: Indices, kind: Kind, rate: float, taken_for: Indices, rng: np.random.Generator) -> Planting:
    """The labels with a share of wrong ones; ``taken_for`` int64 (k,): what each label is most often taken for."""
    n, k = len(labels), len(taken_for)
    rows = rng.choice(n, round(rate * n), replace=False)
    given = labels.copy()
    given[rows] = (
        taken_for[labels[rows]] if kind == "confusable" else (labels[rows] + rng.integers(1, k, len(rows))) % k
    )
    is_wrong = np.zeros(n, dtype=np.bool_)
    is_wrong[rows] = True
    return Planting(kind=kind, rate=rate, given=given, is_wrong=is_wrong)


def normalised_margin(chances: Float32, given: Indices) -> Float32:
    """float32 (n,), low = suspicious: (p(given) - max p(other) + 1) / 2; cleanlab's score of that name.

    Northcutt, Jiang, Chuang: Confident Learning, JAIR 70 (2021).
    """
    rows = np.arange(len(given))
    others = chances.copy()
    others[rows, given] = -np.inf
    return (chances[rows, given] - others.max(axis=1) + 1) / 2


def above_thresholds(chances: Float32, given: Indices) -> Float32:
    """The chances less each label's mean chance where it is given, shifted and scaled: cleanlab's adjustment."""
    thresholds = np.array([chances[given == label, label].mean() for label in range(chances.shape[1])])
    raised = chances - thresholds + thresholds.max()
    return (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)


def mistakenness(chances: Float32, given: Indices) -> Float32:
    """float32 (n,) by FiftyOne's own function: (m c + 1) / 2, c the confidence, m the sign of doubt."""
    from fiftyone.brain.internal.core.mistakenness import _compute_mistakenness_class_conf as of_one

    is_same = (chances.argmax(axis=1) == given).astype(float)
    return np.array([of_one(c, same) for c, same in zip(chances.max(axis=1), is_same, strict=True)], np.float32)


def mistakenness_of_logits(chances: Float32, given: Indices) -> Float32:
    """float32 (n,) by FiftyOne's own function: c is exp of the negative entropy."""
    from fiftyone.brain.internal.core.mistakenness import _compute_mistakenness_class as of_one

    is_same = (chances.argmax(axis=1) == given).astype(float)
    logits = np.log(np.maximum(chances, 1e-9))
    return np.array([of_one(row, same) for row, same in zip(logits, is_same, strict=True)], np.float32)


def _logistic(vectors: Float32, given: Indices, *, seed: int, strength: float | None) -> tuple[Float32, float]:
    """What the peers are given: out-of-fold chances float32 (n, k) of a logistic regression, over our own folds.

    Its regularisation, if it is not given, is the one by which the given labels are likeliest.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    folds = stratified_folds(given, np.arange(len(given)), n_folds=_N_FOLDS, seed=seed)
    tried: dict[float, Float32] = {}
    for one in _STRENGTHS if strength is None else (strength,):
        chances = np.zeros((len(given), int(given.max()) + 1), dtype=np.float32)
        for fold in range(_N_FOLDS):
            is_out = folds == fold
            mean = vectors[~is_out].mean(axis=0)
            scale = np.sqrt(np.mean(np.square(vectors[~is_out] - mean)))
            model = LogisticRegression(C=one, max_iter=500)
            with threadpool_limits(1):
                model.fit((vectors[~is_out] - mean) / scale, given[~is_out])
                out = model.predict_proba((vectors[is_out] - mean) / scale)
            chances[np.ix_(np.flatnonzero(is_out), model.classes_)] = out
        tried[one] = chances
    rows = np.arange(len(given))
    best = max(tried, key=lambda one: float(np.log(np.maximum(tried[one][rows, given], 1e-3)).sum()))
    return tried[best], best


def _taken_for(vectors: Float32, labels: Indices) -> Indices:
    """For each label the one that its clips are most often taken for out of fold, the label itself aside.

    By our chances and the logistic regression's together, so that nobody's own weakness is planted.
    """
    chances = _ours(vectors, labels, None, 0)[0] + _logistic(vectors, labels, seed=0, strength=None)[0]
    confusion = np.stack([chances[labels == label].mean(axis=0) for label in range(chances.shape[1])])
    np.fill_diagonal(confusion, -1)
    return confusion.argmax(axis=1).astype(np.int64)


def _found(score: Float32, is_wrong: NDArray[np.bool_]) -> Found:
    from sklearn.metrics import average_precision_score

    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(is_wrong[order])
    n_wrong = int(hits[-1])
    heard = int(np.searchsorted(hits, np.ceil(0.95 * n_wrong))) + 1
    return Found(
        recall=hits / n_wrong,
        average_precision=float(average_precision_score(is_wrong, score)),
        precision=float(hits[n_wrong - 1] / n_wrong),
        heard_share=heard / len(score),
    )


def _encoders(corpus: Corpus, given: argparse.Namespace) -> dict[str, Callable[[Sequence[Audio]], Float32]]:
    found = {
        "log_mel_stats": LogMelStats().encode,
        "instant": Instant().encode,
        "fused, untrained": Fused().encode,
    }
    if given.weights is not None:
        data = _weights(corpus, given.weights / f"weights-{corpus.name}.bin", cpu_s=given.cpu_s)
        learned = TrainedFused(learned=TrainedSsl(data=data), learned_share=Fused().learned_share)
        found["fused, trained"] = learned.encode
    return {name: encode for name, encode in found.items() if given.encoder in (None, name)}


def _weights(corpus: Corpus, path: Path, *, cpu_s: float) -> bytes:
    """The weights in the file, trained on the corpus without a label and written there if it is not there."""
    from pipeline.training.ssl import SslSettings, train_ssl

    if not path.exists():
        trained = train_ssl(corpus.clips, SslSettings(max_cpu_s=cpu_s, seed=0))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(trained.weights.to_bytes())
    return path.read_bytes()


def _read(data: Path, name: str, *, n_most: int | None) -> Corpus | None:
    files = sorted((data / name).glob("*.wav" if name == "fsdd" else "*/*.ogg"))
    if not files:
        return None
    files = files if n_most is None else files[:: max(1, len(files) // n_most)]
    is_digits = name == "fsdd"
    clips: list[Audio] = []
    for file in files:
        samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
        clips.append(Audio(samples=np.ascontiguousarray(samples.T), rate_hz=rate_hz))
    labels = np.unique([f.stem.split("_")[0] if is_digits else f.parent.name for f in files], return_inverse=True)[1]
    sources = [file.stem.split("_")[1] if is_digits else file.stem.rsplit("-", 1)[0] for file in files]
    return Corpus(name=name, clips=clips, labels=labels.astype(np.int64).reshape(len(files)), sources=sources)


def _show(results: dict[Key, list[Found]], spent_s: Sequence[tuple[int, float]]) -> None:
    rows: list[Sequence[str]] = []
    for (corpus, encoder, planting, way), found in results.items():
        values = np.array([one.average_precision for one in found])
        rows.append(
            (
                *(corpus, encoder, planting, way),
                f"{values.mean():.3f} ± {values.std():.3f}",
                f"{values.min():.3f} to {values.max():.3f}",
                f"{np.mean([one.precision for one in found]):.3f}",
                f"{100 * np.mean([one.heard_share for one in found]):.1f} % heard",
            )
        )
    print(_table(_HEADINGS, rows))
    for corpus, encoder in dict.fromkeys((key[0], key[1]) for key in results):
        print(_goal(results, corpus, encoder))
    for n in dict.fromkeys(n for n, _ in spent_s):
        print(f"{n:,} clips: {np.mean([s for m, s in spent_s if m == n]):.1f} CPU-s a search")


def _goal(results: dict[Key, list[Found]], corpus: str, encoder: str) -> str:
    """Whether the goals are met at 10 % confusable."""
    values = {
        way: np.array([one.average_precision for one in results[corpus, encoder, "10 % confusable", way]])
        for way in (OURS, CLEANLAB, FIFTYONE)
    }
    ours = values[OURS]
    said = [
        f"above {way.split(',')[0]}: {'yes' if ours.mean() > values[way].mean() else 'no'} "
        f"({(ours - values[way]).mean():+.3f}, {(ours > values[way]).sum()} of {len(ours)} seeds)"
        for way in (CLEANLAB, FIFTYONE)
    ]
    if corpus == "fsdd":
        said.insert(0, f"at least {_GOAL_AP:g}: {'yes' if ours.mean() >= _GOAL_AP else 'no'} ({ours.mean():.3f})")
    return f"{corpus}, {encoder}, 10 % confusable: " + "; ".join(said)


def plot(results: dict[Key, list[Found]], path: Path) -> None:
    """Draw the share of planted labels found against the share of clips heard, at 10 % confusable."""
    from matplotlib.figure import Figure

    encoder_of = {corpus: encoder for corpus, encoder, _, _ in results}
    figure = Figure(figsize=(5.5 * len(encoder_of), 4.6), layout="constrained")
    for axes, (corpus, encoder) in zip(
        figure.subplots(1, len(encoder_of), squeeze=False)[0], encoder_of.items(), strict=True
    ):
        for way, color in ((OURS, "#2f6f8f"), (CLEANLAB, "#b5533c"), (FIFTYONE, "#8a6fb0")):
            curves = np.array([one.recall for one in results[corpus, encoder, "10 % confusable", way]])
            heard = np.arange(1, curves.shape[1] + 1) / curves.shape[1]
            axes.plot(heard, curves.mean(axis=0), color=color, label=way)
            axes.fill_between(heard, curves.min(axis=0), curves.max(axis=0), color=color, alpha=0.15, linewidth=0)
        axes.plot([0, 0.1, 0.4], [0, 1, 1], color="black", linewidth=0.8, linestyle=":", label="none wrongly suspected")
        axes.plot([0, 0.4], [0, 0.4], color="grey", linewidth=0.8, linestyle="--", label="at random")
        axes.set(xlim=(0, 0.4), ylim=(0, 1.02), title=f"{corpus}, {encoder}")
        axes.set(xlabel="share of clips heard", ylabel="share of planted wrong labels found")
    figure.axes[0].legend(loc="lower right", fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    texts = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines]
    return "\n".join([texts[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *texts[1:]])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="earmark-bench-") as folder:
        # FiftyOne is imported for two formulas: it needs no database for them.
        os.environ.setdefault("FIFTYONE_DATABASE_DIR", folder)
        os.environ.setdefault("FIFTYONE_DO_NOT_TRACK", "true")
        os.environ.setdefault("FIFTYONE_DATABASE_VALIDATION", "false")
        main()
