"""How many labels a model needs: answers to live queues of each strategy, through the code that serves the screen.

All labels are hidden. A queue is built, clips are claimed as the deck claims them (a few ahead), each is answered
truly, and the live queue is ranked anew as a worker does it. After every few answers a head learns from what was said
and is tested on clips that the project does not hold.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from apps.review.state import N_CLAIMED
from bench.catalog_rows import add_clips
from bench.embeddings import read_corpus
from pipeline.catalog import embedded, embeddings, labels, projects
from pipeline.catalog.connect import connect
from pipeline.catalog.migrate import migrate
from pipeline.catalog.projects import Project
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import load_recipe
from pipeline.core.types import AnswerGiven, Float32
from pipeline.plugins.encoders.instant import Instant
from pipeline.training.linear_head import fit_linear_head
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.live import LiveQueues
from pipeline.workflows.queue import build_queue, claim_clips

OURS, RANDOM = "typicality_then_margin", "random"
_STRATEGIES = (OURS, "margin", "entropy", "ensemble", "diversity", RANDOM)
_TEST_SHARE = 0.3
_JUDGED_EVERY = 5
_GOAL_ACCURACY, _GOAL_LABELS, _GOAL_SHARE = 0.95, 200, 0.5
_FEW_AHEAD = 6  # the deck asks for more below it: FEW_AHEAD in pipeline/widgets/static/clip_deck_more.js
_HEADINGS = (
    *("corpus", "strategy", "labels for {goal:.0%}", "lowest to highest", "first there", "lowest to highest"),
    *("at 50", "at 100", "at 200", "at the end"),
)

_numbers = count(1)
Conn = Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Clips with their labels and their embeddings float32 (n, d)."""

    name: str
    labels: NDArray[np.str_]
    vectors: Float32


@dataclass(frozen=True, kw_only=True)
class Course:
    """Accuracy on the test after so many answers: both (n,); ``rank_s`` is what the rankings took, each."""

    n_answers: NDArray[np.int64]
    accuracy: NDArray[np.float64]
    rank_s: list[float]

    def first(self, goal: float) -> int | None:
        """Answers after which the goal was met first, maybe by luck; None if it never was."""
        met = np.flatnonzero(self.accuracy >= goal)
        return int(self.n_answers[met[0]]) if len(met) else None

    def needed(self, goal: float) -> int | None:
        """Answers from which on the goal was always met; None if it was not at the end."""
        missed = np.flatnonzero(self.accuracy < goal)
        at = int(missed[-1]) + 1 if len(missed) else 0
        return int(self.n_answers[at]) if at < len(self.n_answers) else None


Courses = dict[tuple[str, str], list[Course]]
"""By corpus and strategy, one for each seed."""


def main() -> None:
    """Print the table and the goals, draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EARMARK_TEST_DATA", "../shared/data")))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--answers", type=int, default=600, help="at most so many")
    parser.add_argument("--corpus", choices=("fsdd", "esc10"), help="this one only")
    parser.add_argument("--strategy", action="append", help="this one only; may repeat")
    parser.add_argument("--plot", type=Path, help="where to draw the curves")
    parser.add_argument("--quick", action="store_true", help="few clips, one seed, 40 answers: does it run?")
    given = parser.parse_args()
    if given.quick:
        given.seeds, given.answers = 1, 40
    courses: Courses = {}
    with (
        tempfile.TemporaryDirectory(prefix="earmark-bench-active-") as folder,
        embedded.hold(Path(folder)) as url,
        connect(url, application_name="bench") as conn,
    ):
        migrate(conn)
        for name in [given.corpus] if given.corpus else ["fsdd", "esc10"]:
            corpus = _corpus(given.data, name, n_most=200 if given.quick else None)
            if corpus is None:
                print(f"no {name} in {given.data}: left out")
                continue
            for strategy in given.strategy or _STRATEGIES:
                for seed in range(given.first_seed, given.first_seed + given.seeds):
                    done = course(conn, url, corpus, strategy, seed=seed, n_answers=given.answers)
                    courses.setdefault((name, strategy), []).append(done)
                    words = f"{name}, {strategy}, seed {seed}: {done.needed(_GOAL_ACCURACY)}, {done.accuracy[-1]:.3f}"
                    print(words, file=sys.stderr, flush=True)
    _show(courses, n_seeds=given.seeds)
    if given.plot is not None and courses:
        plot(courses, given.plot)
        print(f"\ndrawn: {given.plot}")


def course(conn: Conn, url: str, corpus: Corpus, strategy: str, *, seed: int, n_answers: int) -> Course:
    """Answer so many questions of one strategy's live queue; the seed says which clips are the test."""
    order = np.random.default_rng(seed).permutation(len(corpus.labels))
    n_test = round(_TEST_SHARE * len(order))
    test, pool = order[:n_test], order[n_test:]
    project, clip_ids = _fill(conn, f"{corpus.name} {next(_numbers)}", corpus, pool)
    row_of = dict(zip(clip_ids, pool.tolist(), strict=True))
    build_queue(conn, project, strategy=PluginSpec(name=strategy), seed=seed)
    said: list[int] = []
    held: list[int] = []
    at: list[int] = []
    accuracy: list[float] = []
    rank_s: list[float] = []
    with closing(LiveQueues(url=url)) as live:
        while len(said) < min(n_answers, len(pool)):
            if len(held) < _FEW_AHEAD:
                held += [clip.clip_id for clip in claim_clips(conn, project, N_CLAIMED - len(held), have=held)]
            clip_id = held.pop(0)
            _answer(conn, project, clip_id, str(corpus.labels[row_of[clip_id]]))
            said.append(row_of[clip_id])
            began_s = time.process_time()
            if live.rank_due():
                rank_s.append(time.process_time() - began_s)
            if len(said) % _JUDGED_EVERY == 0:
                at.append(len(said))
                accuracy.append(_accuracy(corpus, said, test))
    return Course(n_answers=np.array(at), accuracy=np.array(accuracy), rank_s=rank_s)


def plot(courses: Courses, path: Path) -> None:
    """Draw the mean accuracy against answers given, with the range of the seeds, a panel for each corpus."""
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(name for name, _ in courses))
    figure = Figure(figsize=(6.5 * len(names), 4.5), layout="constrained")
    for axes, name in zip(np.atleast_1d(figure.subplots(1, len(names))), names, strict=True):
        for (corpus, strategy), each in courses.items():
            if corpus != name:
                continue
            n = min(len(one.n_answers) for one in each)
            values = np.array([one.accuracy[:n] for one in each])
            (line,) = axes.plot(each[0].n_answers[:n], values.mean(axis=0), label=strategy)
            axes.fill_between(each[0].n_answers[:n], values.min(axis=0), values.max(axis=0), alpha=0.12)
            line.set_linewidth(2.2 if strategy in (OURS, RANDOM) else 1.2)
        axes.axhline(_GOAL_ACCURACY, color="grey", linewidth=0.8)
        axes.set(title=name, xlabel="answers", ylabel="accuracy on unseen clips", ylim=(0.4, 1))
        axes.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _corpus(data: Path, name: str, *, n_most: int | None) -> Corpus | None:
    if not list((data / name).glob("*.wav" if name == "fsdd" else "*/*.ogg")):
        return None
    read = read_corpus(data, name, n_most=n_most)
    return Corpus(name=name, labels=read.labels, vectors=Instant().encode(read.clips))


def _fill(conn: Conn, name: str, corpus: Corpus, pool: NDArray[np.int64]) -> tuple[Project, list[int]]:
    """A project with a clip for each row of the pool, embedded; no label is told."""
    project = projects.create_project(conn, name, load_recipe())
    labels.add_labels(conn, project.project_id, sorted(set(corpus.labels.tolist())))
    add_clips(conn, project.project_id, len(pool))
    rows = conn.execute("SELECT clip_id FROM clip WHERE project_id = %s ORDER BY clip_id", (project.project_id,))
    clip_ids: list[int] = [row[0] for row in rows]
    encoder_id = embeddings.use_encoder(
        conn, project.project_id, PluginSpec(name="instant"), n_dims=corpus.vectors.shape[1]
    )
    vectors = list(zip(clip_ids, corpus.vectors[pool], strict=True))
    embeddings.save_embeddings(conn, project.project_id, encoder_id, vectors)
    embeddings.set_current(conn, project.project_id, encoder_id)
    return project, clip_ids


def _answer(conn: Conn, project: Project, clip_id: int, label: str) -> None:
    given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label", label=label, heard=None)
    if save_answers(conn, project, [given]).refused:
        raise SystemExit("an answer was refused")


def _accuracy(corpus: Corpus, said: Sequence[int], test: NDArray[np.int64]) -> float:
    head = fit_linear_head(corpus.vectors[said], corpus.labels[said].tolist(), seed=0)
    if head is None:
        return 0.0
    guessed = np.array(head.labels)[head.probabilities(corpus.vectors[test]).argmax(axis=1)]
    return float((guessed == corpus.labels[test]).mean())


def _show(courses: Courses, *, n_seeds: int) -> None:
    print(f"Live queues answered truly, instant embeddings, unseen clips; mean of {n_seeds} seeds.\n")
    lines = [tuple(heading.format(goal=_GOAL_ACCURACY) for heading in _HEADINGS)]
    lines += [(corpus, strategy, *_figures(each)) for (corpus, strategy), each in courses.items()]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    lines.insert(1, tuple("-" * width for width in widths))
    for line in lines:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")
    ranked = [seconds for each in courses.values() for one in each for seconds in one.rank_s]
    if ranked:
        print(f"\na ranking took {np.median(ranked):.2f} CPU-s (median of {len(ranked)}), at most {max(ranked):.2f}")
    if ("fsdd", OURS) in courses and ("fsdd", RANDOM) in courses:
        _show_goals(courses["fsdd", OURS], courses["fsdd", RANDOM])


def _figures(each: Sequence[Course]) -> tuple[str, ...]:
    needed = _counts([one.needed(_GOAL_ACCURACY) for one in each])
    first = _counts([one.first(_GOAL_ACCURACY) for one in each])
    at = [_mean_at(each, n) for n in (50, 100, 200)]
    return (*needed, *first, *("–" if value is None else f"{value:.3f}" for value in at), f"{_last(each):.3f}")


def _counts(counts: Sequence[int | None]) -> tuple[str, str]:
    """Mean and range; a seed that never got there is said."""
    there = [n for n in counts if n is not None]
    if len(there) < len(counts):
        return f"{len(counts) - len(there)} of {len(counts)} never", f"{min(there)} to never" if there else "–"
    return f"{np.mean(there):.0f}", f"{min(there)} to {max(there)}"


def _mean_at(each: Sequence[Course], n: int) -> float | None:
    values = [one.accuracy[one.n_answers == n] for one in each]
    return None if any(len(value) == 0 for value in values) else float(np.mean(values))


def _last(each: Sequence[Course]) -> float:
    return float(np.mean([one.accuracy[-1] for one in each]))


def _show_goals(ours: Sequence[Course], by_lot: Sequence[Course]) -> None:
    needed = [one.needed(_GOAL_ACCURACY) for one in ours]
    of_random = [one.needed(_GOAL_ACCURACY) for one in by_lot]
    if None in needed:
        print(f"\nfsdd, at most {_GOAL_LABELS} labels to {_GOAL_ACCURACY:.0%}: no, not every seed got there")
        return
    mean = float(np.mean([n for n in needed if n is not None]))
    print(f"\nfsdd, at most {_GOAL_LABELS} labels to {_GOAL_ACCURACY:.0%}: {_yes(mean <= _GOAL_LABELS)} ({mean:.0f})")
    # Where random never gets there, it needs at least all that were asked.
    least = float(
        np.mean([n if n is not None else one.n_answers[-1] for n, one in zip(of_random, by_lot, strict=True)])
    )
    words = f"{mean:.0f} of {'at least ' if None in of_random else ''}{least:.0f}"
    print(f"fsdd, at most half of random's: {_yes(mean <= _GOAL_SHARE * least)} ({words})")


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


if __name__ == "__main__":
    main()
