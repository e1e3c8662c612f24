"""Promises of pipeline/compute.py: real processes, really killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import psutil
import pytest

from pipeline.compute import Result, parallel_map, spread
from pipeline.core.errors import Cancelled, ComputeError, StorageError

ROOT = Path(__file__).parent.parent


def square(n: int) -> int:
    return n * n


def odd_only(n: int) -> int:
    if n % 2 == 0:
        raise StorageError("cannot read the file", which=n)
    return n


def note(n: int, *, folder: str, deadly: int | None = None) -> int:
    Path(folder, f"{n}-{os.getpid()}-{time.monotonic_ns()}").touch()
    if n == deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def deadly_if_in(n: int, *, deadly: frozenset[int]) -> int:
    if n in deadly:
        os._exit(7)
    return n


def leave(n: int) -> int:
    raise SystemExit(f"item {n} leaves")


def slow(n: int) -> int:
    time.sleep(0.05)
    return n


def unreturnable(n: int) -> object:
    return (i for i in range(n))


def thread_facts(_: int) -> tuple[int, str, str]:
    import numpy as np
    import threadpoolctl

    np.ones((8, 8)) @ np.ones((8, 8))
    return max(pool["num_threads"] for pool in threadpoolctl.threadpool_info()), os.environ["OMP_NUM_THREADS"], __name__


def values(results: list[Result[int]]) -> list[int]:
    return sorted(result.value for result in results if result.value is not None)


@pytest.mark.parametrize("n_workers", [1, 2, 16])
@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_every_item_gets_one_result(n: int, n_workers: int) -> None:
    if n > n_workers > 1:
        pytest.skip("processes have a test of their own")
    results = list(parallel_map(square, range(n), workers=n_workers))
    assert sorted((result.index, result.value) for result in results) == [(i, i * i) for i in range(n)]


def test_many_items_over_processes_get_one_result_each() -> None:
    results = list(parallel_map(square, range(20_000), workers=2))
    assert sorted((result.index, result.value) for result in results) == [(i, i * i) for i in range(20_000)]


@pytest.mark.parametrize(("n_workers", "n"), [(1, 6), (6, 6), (2, 60)])
def test_error_of_an_item_is_its_failure_and_the_others_go_on(n_workers: int, n: int) -> None:
    results = list(parallel_map(odd_only, range(n), workers=n_workers))
    assert len(results) == n
    assert values(results) == list(range(1, n, 2))
    failed = [result for result in results if result.failure]
    assert {result.index for result in failed} == set(range(0, n, 2))
    assert {result.failure.error for result in failed if result.failure} == {"StorageError"}
    assert "cannot read the file: 0" in {result.failure.message for result in failed if result.failure}


@pytest.mark.parametrize("n_workers", [1, 3, 2])
def test_item_that_leaves_the_program_is_a_failure(n_workers: int) -> None:
    results = list(parallel_map(leave, range(3), workers=n_workers))
    assert [result.failure.error for result in results if result.failure] == ["SystemExit"] * 3


def test_item_that_kills_its_process_is_found_out_and_all_others_are_done(tmp_path: Path) -> None:
    results = list(parallel_map(partial(note, folder=str(tmp_path), deadly=17), range(200), workers=2))
    assert values(results) == [n for n in range(200) if n != 17]
    (dead,) = (result for result in results if result.failure)
    assert dead.index == 17
    assert dead.failure and dead.failure.item == "17" and dead.failure.error == "WorkerDied"
    assert "SIGKILL" in dead.failure.message
    runs = Counter(path.name.split("-")[0] for path in tmp_path.iterdir())
    assert runs["17"] == 2, "once among others, once alone"
    # What was finished before the death is not done again, but for the chunks that were still under way.
    assert max(runs.values()) == 2
    assert sum(count - 1 for count in runs.values()) <= 150


def test_worker_that_dies_just_before_work_is_handed_out_costs_nothing_more() -> None:
    def is_cancelled() -> bool:
        time.sleep(0.3)
        return False

    fn = partial(deadly_if_in, deadly=frozenset({3}))
    results = list(parallel_map(fn, range(40), workers=2, is_cancelled=is_cancelled))
    assert values(results) == sorted(set(range(40)) - {3})
    assert [result.index for result in results if result.failure] == [3]


def test_several_deadly_items_are_each_found_out() -> None:
    deadly = frozenset({0, 29, 59})
    results = list(parallel_map(partial(deadly_if_in, deadly=deadly), range(60), workers=2))
    assert values(results) == sorted(set(range(60)) - deadly)
    assert {result.index for result in results if result.failure} == deadly


@pytest.mark.parametrize(("n_workers", "n"), [(1, 40), (40, 40), (2, 400)])
def test_cancelling_gives_what_is_finished_and_then_stops(n_workers: int, n: int) -> None:
    taken: list[int] = []
    started = time.monotonic()
    with pytest.raises(Cancelled, match=rf"of {n} done"):
        for result in parallel_map(
            partial(_sleep_for, each_s=0.6 if n_workers == n else 0.05),
            range(n),
            workers=n_workers,
            is_cancelled=lambda: len(taken) >= 5 or time.monotonic() - started > 0.3,
        ):
            taken.append(result.index)
    assert len(taken) < n
    assert len(set(taken)) == len(taken)


def _sleep_for(n: int, *, each_s: float) -> int:
    time.sleep(each_s if n else 0.0)
    return n


def test_cancelled_from_the_start_does_nothing(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        list(parallel_map(partial(note, folder=str(tmp_path)), range(5), workers=1, is_cancelled=lambda: True))
    assert not list(tmp_path.iterdir())


def workers_of(pid: int) -> list[psutil.Process]:
    """The workers among a process's children, without loky's resource tracker, which lives as long as we do."""
    children = psutil.Process(pid).children(recursive=True)
    return [child for child in children if any("LokyProcess" in word for word in child.cmdline())]


def test_no_worker_outlives_the_map_also_when_its_reader_leaves() -> None:
    results = parallel_map(slow, range(1000), workers=2)
    next(results)
    workers = workers_of(os.getpid())
    assert len(workers) == 2
    results.close()  # type: ignore[attr-defined]
    assert not any(worker.is_running() for worker in workers)


def test_workers_use_one_thread_each_for_linear_algebra() -> None:
    for result in parallel_map(thread_facts, range(8), workers=2):
        assert result.value is not None
        assert result.value[:2] == (1, "1")


def test_slow_reader_holds_back_the_work(tmp_path: Path) -> None:
    results = parallel_map(partial(note, folder=str(tmp_path)), range(5000), workers=2)
    next(results)
    time.sleep(0.5)
    first = len(list(tmp_path.iterdir()))
    time.sleep(0.3)
    assert len(list(tmp_path.iterdir())) == first < 100


def test_chunks_grow_by_steps_until_they_take_about_as_long_as_is_aimed_at() -> None:
    pace = spread._Pace()
    assert pace.n_items() == 1
    sizes: list[int] = []
    for _ in range(4):
        n_items = pace.n_items()
        pace.learn(n_items, elapsed_s=n_items * spread.TARGET_CHUNK_S / 100)
        sizes.append(n_items)
    assert sizes == [1, 8, 64, 100]
    pace.learn(1, elapsed_s=10 * spread.TARGET_CHUNK_S)
    assert pace.n_items() == 1


def test_value_that_cannot_travel_is_an_error_and_not_a_hang() -> None:
    with pytest.raises(ComputeError, match="could not travel"):
        list(parallel_map(unreturnable, range(50), workers=2))


PARENT = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from functools import partial
from pipeline.compute import parallel_map
from tests.test_compute import _sleep_for
for result in parallel_map(partial(_sleep_for, each_s=float(sys.argv[2])), range(100), workers=2):
    print("first", flush=True)
"""


@pytest.mark.parametrize("each_s", [0.01, 60.0])
def test_workers_leave_when_their_parent_is_killed(each_s: float) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(ROOT), str(each_s)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout and parent.stdout.readline() == "first\n"
    children = workers_of(parent.pid)
    assert len(children) == 2
    parent.kill()
    parent.communicate()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
