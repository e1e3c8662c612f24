"""Whether the stop estimate keeps its word: how often its 90 % intervals hold the truth, in simulated labelling.

Spoken digits (or environmental sounds), each run with clips of its own drawn from the corpus. A person answers truly
what the queue asks: by margin, or, where clips came with labels of which some are planted wrong, the most suspicious
first; and a share of the questions by lot. After a hundred and three hundred answers the report is made by the code
that serves the screen, and compared with what only the simulation knows.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bench.embeddings import read_corpus
from pipeline.core.types import Float32
from pipeline.curation.lot import audit_order
from pipeline.curation.mislabels import margins
from pipeline.curation.queue_mix import mix
from pipeline.curation.stopping import Estimate, take_slice
from pipeline.plugins.encoders.instant import Instant
from pipeline.training.judging import judge
from pipeline.training.linear_head import fit_linear_head
from pipeline.training.out_of_fold import out_of_fold
from pipeline.workflows.stop_report import N_MORE, Pool, StopReport, report_of

Labels = NDArray[np.str_]

_GOAL = 0.85
_CHECKPOINTS = (100, 300)
_N_ASKED_AT_ONCE = 20
_WRONG_SHARE = 0.1
_HIDDEN, _GIVEN = "all labels hidden", "10 % wrong labels given"
_HEADINGS = ("setting", "answers", "by lot", "estimated", "truth held", "of", "mean width", "mean error", "goal")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One estimate beside the truth that it was made without."""

    setting: str
    n_answers: int
    n_drawn: int
    what: str
    estimate: Estimate
    truth: float

    @property
    def is_held(self) -> bool:
        return self.estimate.low - 1e-9 <= self.truth <= self.estimate.high + 1e-9


def main() -> None:
    """Print the table; end with 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EARMARK_TEST_DATA", "../shared/data")))
    parser.add_argument("--corpus", choices=("fsdd", "esc10"), default="fsdd")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--clips", type=float, default=0.35, help="share of the corpus that each run draws")
    parser.add_argument("--audit", type=float, default=0.1, help="share of the questions drawn by lot")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="three runs: does it work?")
    given = parser.parse_args()
    corpus = read_corpus(given.data, given.corpus, n_most=None)
    with threadpool_limits(1, user_api="blas"):
        vectors = Instant().encode(corpus.clips)
    truth = corpus.labels.astype(np.str_)
    seeds = range(3 if given.quick else given.runs)
    checks: list[Check] = []
    asked = [
        _Asked(vectors=vectors[rows], truth=truth[rows], audit_share=given.audit, seed=seed, is_given=is_given)
        for seed in seeds
        for rows in [np.random.default_rng(seed).choice(len(truth), round(given.clips * len(truth)), replace=False)]
        for is_given in (False, True)
    ]
    with ProcessPoolExecutor(given.jobs) as pool:
        for at, found in enumerate(pool.map(_run, asked), start=1):
            checks += found
            print(f"\r{at} of {len(asked)} runs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    sys.exit(0 if show(checks) else 1)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One run: its clips float32 (n, d) with their true labels (n,)."""

    vectors: Float32
    truth: Labels
    audit_share: float
    seed: int
    is_given: bool


def _run(asked: _Asked) -> list[Check]:
    run = simulate_given if asked.is_given else simulate_hidden
    with threadpool_limits(1, user_api="blas"):
        return run(asked.vectors, asked.truth, audit_share=asked.audit_share, seed=asked.seed)


def simulate_hidden(vectors: Float32, truth: Labels, *, audit_share: float, seed: int) -> list[Check]:
    """Nothing is known at first; the model's guesses about what is left are estimated, and the next answers' gain."""
    answered: list[int] = []
    checks: list[Check] = []
    waiting: tuple[Estimate, int, float] | None = None
    for n in range(N_MORE, _CHECKPOINTS[-1] + N_MORE + 1, N_MORE):
        _answer(answered, n, vectors, truth, audit_share=audit_share, seed=seed)
        judged = judge(vectors, answered, truth[answered].tolist(), seed=0)
        if judged is None:
            raise SystemExit("one label only was drawn: nothing to tell apart")
        is_right = np.array(judged.words()) == truth
        if waiting is not None:
            gain, n_drawn, before = waiting
            checks.append(_check(_HIDDEN, n - N_MORE, n_drawn, f"gain of {N_MORE}", gain, is_right.mean() - before))
            waiting = None
        report = _report(vectors, answered, truth, given={}, seed=seed) if n in _CHECKPOINTS else None
        if report is None or report.model_right is None:
            continue
        left = np.setdiff1d(np.arange(len(truth)), answered)
        n_drawn = report.drawn.n_drawn
        checks.append(_check(_HIDDEN, n, n_drawn, "share right", report.model_right, is_right[left].mean()))
        waiting = None if report.curve is None else (report.curve.gain, n_drawn, float(is_right.mean()))
    return checks


def simulate_given(vectors: Float32, truth: Labels, *, audit_share: float, seed: int) -> list[Check]:
    """Every clip came with a label, some of them wrong; how many wrong ones are left is estimated."""
    rng = np.random.default_rng(seed)
    names = np.unique(truth)
    given = truth.copy()
    wrong = rng.choice(len(truth), round(_WRONG_SHARE * len(truth)), replace=False)
    given[wrong] = names[(np.searchsorted(names, truth[wrong]) + rng.integers(1, len(names), len(wrong))) % len(names)]
    judged = out_of_fold(vectors, given.tolist(), seed=seed)
    if judged is None:
        raise SystemExit("one label only was drawn: nothing to tell apart")
    suspects = np.argsort(-margins(judged.probabilities, judged.given)[0], kind="stable").tolist()
    lot = audit_order(seed, range(len(truth)))
    checks: list[Check] = []
    for n in _CHECKPOINTS:
        answered = _first(suspects, lot, n, audit_share, seed)
        report = _report(vectors, answered, truth, given=dict(enumerate(given.tolist())), seed=seed)
        left = np.setdiff1d(np.arange(len(truth)), answered)
        if report.given_wrong is not None:
            n_wrong = float((given[left] != truth[left]).sum())
            checks.append(_check(_GIVEN, n, report.drawn.n_drawn, "wrong left", report.given_wrong, n_wrong))
    return checks


def _first(suspects: Sequence[int], lot: Sequence[int], n: int, audit_share: float, seed: int) -> list[int]:
    """What is answered first: batch by batch the next suspects and the next of the lot, of what nobody has answered."""
    answered: list[int] = []
    while len(answered) < n:
        rng = np.random.default_rng([seed, len(answered)])
        done = set(answered)
        rest = [row for row in suspects if row not in done]
        drawn = [row for row in lot if row not in done]
        answered += _next(rest, drawn, audit_share, rng)
    return answered[:n]


def _answer(answered: list[int], n: int, vectors: Float32, truth: Labels, *, audit_share: float, seed: int) -> None:
    """Go on until n clips are answered, some at once, by margin and by lot."""
    lot = audit_order(seed, range(len(truth)))
    while len(answered) < n:
        rng = np.random.default_rng([seed, len(answered)])
        done = set(answered)
        left = np.array([row for row in range(len(truth)) if row not in done])
        head = fit_linear_head(vectors[answered], truth[answered].tolist(), seed=0) if answered else None
        if head is None:
            order = rng.permutation(left)
        else:
            chances = np.sort(head.probabilities(vectors[left]), axis=1)
            order = left[np.argsort(chances[:, -1] - chances[:, -2], kind="stable")]
        answered += _next(order.tolist(), [row for row in lot if row not in done], audit_share, rng)
        del answered[n:]


def _next(main: Sequence[int], lot: Sequence[int], audit_share: float, rng: np.random.Generator) -> list[int]:
    """The next few questions, by the mixing of the review queue."""
    # So many of the lot as can come: a longer stream would take clips away from the main one.
    n_lot = max(1, round(2 * audit_share * _N_ASKED_AT_ONCE))
    return mix(main[:500], [(lot[:n_lot], audit_share)], rng=rng)[:_N_ASKED_AT_ONCE]


def _report(
    vectors: Float32, answered: Sequence[int], truth: Labels, *, given: dict[int, str], seed: int
) -> StopReport:
    rows = range(len(truth))
    pool = Pool(
        clip_ids=list(rows),
        vectors=vectors,
        truth_of={row: str(truth[row]) for row in answered},
        given_of=given,
        lot=take_slice(audit_order(seed, rows), set(answered), set()),
        row_of=dict(zip(rows, rows, strict=True)),
        unjudged=set(),
        chosen_in_grid=set(),
    )
    return report_of(pool, seed=0)


def _check(setting: str, n_answers: int, n_drawn: int, what: str, estimate: Estimate, truth: float) -> Check:
    return Check(
        setting=setting, n_answers=n_answers, n_drawn=n_drawn, what=what, estimate=estimate, truth=float(truth)
    )


def show(checks: Sequence[Check]) -> bool:
    """Print the table; whether every estimate that has a goal meets it."""
    lines = [_HEADINGS]
    is_met = True
    for key in dict.fromkeys((check.setting, check.what, check.n_answers) for check in checks):
        these = [check for check in checks if (check.setting, check.what, check.n_answers) == key]
        held = sum(check.is_held for check in these)
        is_count = key[1] == "wrong left"
        scale, digits = (1, 1) if is_count else (100, 1)
        width = scale * np.mean([check.estimate.high - check.estimate.low for check in these])
        error = scale * np.mean([check.estimate.value - check.truth for check in these])
        # The gain looks ahead of what anybody knows, and has no goal.
        has_goal = not key[1].startswith("gain")
        is_met = is_met and (not has_goal or held >= _GOAL * len(these))
        lines.append(
            (
                key[0],
                str(key[2]),
                f"{np.mean([check.n_drawn for check in these]):.0f}",
                key[1],
                str(held),
                str(len(these)),
                f"{width:.{digits}f}" + ("" if is_count else " points"),
                f"{error:+.{digits}f}" + ("" if is_count else " points"),
                ("met" if held >= _GOAL * len(these) else "MISSED") if has_goal else "–",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    for at, line in enumerate(lines):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")
        if at == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print(f"goal: the truth lies in the interval in {_GOAL:.0%} of the runs")
    return is_met


if __name__ == "__main__":
    main()
