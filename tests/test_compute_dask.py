"""Promises of a map over a Dask cluster: real worker processes, really killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import distributed
import pytest

from pipeline.compute import Result, dask_pool, parallel_map
from pipeline.core.errors import Cancelled, ComputeError, StorageError

N_WORKERS = 4
NO_DASHBOARD = "127.0.0.1:0"  # its status page cannot be left out: any free port, for this machine only


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Four worker processes and their scheduler on this machine, nothing served to others."""
    with distributed.LocalCluster(
        n_workers=N_WORKERS, threads_per_worker=1, host="127.0.0.1", dashboard_address=NO_DASHBOARD
    ) as cluster:
        yield cluster


@pytest.fixture
def address(cluster: Any) -> str:
    """The scheduler's address, all its workers alive (a test before this one may have killed some)."""
    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        client.wait_for_workers(N_WORKERS, timeout=60)
    return str(cluster.scheduler_address)


def slow_pid(n: int, *, each_s: float) -> tuple[int, int]:
    time.sleep(each_s)
    return n, os.getpid()


def odd_only(n: int) -> int:
    if n % 2 == 0:
        raise StorageError("cannot read the file", which=n)
    return n


def note(n: int, *, folder: str, deadly: int | None = None, each_s: float = 0.0) -> int:
    Path(folder, f"{n}-{os.getpid()}-{time.monotonic_ns()}").touch()
    time.sleep(each_s)
    if n == deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def unreturnable(n: int) -> object:
    return (i for i in range(n))


def threads_used(_: int) -> int:
    import numpy as np
    import threadpoolctl

    np.ones((8, 8)) @ np.ones((8, 8))
    return max(pool["num_threads"] for pool in threadpoolctl.threadpool_info())


def values(results: list[Result[int]]) -> list[int]:
    return sorted(result.value for result in results if result.value is not None)


@pytest.mark.parametrize("n", [0, 1, 3, 2_000])
def test_every_item_gets_one_result(address: str, n: int) -> None:
    results = list(parallel_map(partial(slow_pid, each_s=0.0), range(n), workers=address))
    assert sorted((result.index, result.value[0]) for result in results if result.value) == [(i, i) for i in range(n)]
    assert not any(result.value and result.value[1] == os.getpid() for result in results)


def test_worker_killed_by_pid_loses_no_item_and_doubles_none(address: str) -> None:
    pids: set[int] = set()
    killed: int | None = None
    results: list[Result[tuple[int, int]]] = []
    for result in parallel_map(partial(slow_pid, each_s=0.02), range(300), workers=address):
        results.append(result)
        if result.value is not None:
            pids.add(result.value[1])
        if killed is None and len(results) >= 60:
            killed = min(pids)
            os.kill(killed, signal.SIGKILL)
    assert killed is not None
    assert [result.failure for result in results if result.failure] == []
    assert sorted(result.index for result in results) == list(range(300))
    assert all(result.value is not None and result.value[0] == result.index for result in results)
    assert len(pids) >= N_WORKERS


def test_error_of_an_item_is_its_failure_and_the_others_go_on(address: str) -> None:
    results = list(parallel_map(odd_only, range(60), workers=address))
    assert values(results) == list(range(1, 60, 2))
    failed = {result.index: result.failure for result in results if result.failure}
    assert set(failed) == set(range(0, 60, 2))
    assert {failure.error for failure in failed.values()} == {"StorageError"}
    assert failed[0].message == "cannot read the file: 0"


def test_item_that_kills_its_worker_is_found_out_and_all_others_are_done_once(address: str, tmp_path: Path) -> None:
    fn = partial(note, folder=str(tmp_path), deadly=17, each_s=0.01)
    results = list(parallel_map(fn, range(120), workers=address))
    assert values(results) == [n for n in range(120) if n != 17]
    assert len(results) == 120
    (dead,) = (result for result in results if result.failure)
    assert dead.index == 17
    assert dead.failure and (dead.failure.item, dead.failure.error) == ("17", "WorkerDied")
    assert "workers of the Dask cluster" in dead.failure.message


def test_cancelling_gives_what_is_finished_then_stops_and_leaves_the_cluster_idle(address: str) -> None:
    taken: list[int] = []
    with pytest.raises(Cancelled, match="of 400 done"):
        for result in parallel_map(
            partial(slow_pid, each_s=0.02), range(400), workers=address, is_cancelled=lambda: len(taken) >= 5
        ):
            taken.append(result.index)
    assert 5 <= len(taken) < 400
    assert len(set(taken)) == len(taken)
    with distributed.Client(address, set_as_default=False) as client:
        assert until(lambda: not any(client.processing().values()), at_most_s=10)


def test_connection_is_closed_at_the_end_also_when_the_reader_leaves(cluster: Any, address: str) -> None:
    results = parallel_map(partial(slow_pid, each_s=0.01), range(500), workers=address)
    next(results)
    assert our_clients(cluster)
    results.close()  # type: ignore[attr-defined]
    assert until(lambda: not our_clients(cluster), at_most_s=10)


def test_slow_reader_holds_back_the_work(address: str, tmp_path: Path) -> None:
    results = parallel_map(partial(note, folder=str(tmp_path)), range(5000), workers=address)
    next(results)
    time.sleep(0.5)
    first = len(list(tmp_path.iterdir()))
    time.sleep(0.3)
    assert len(list(tmp_path.iterdir())) == first < 200
    results.close()  # type: ignore[attr-defined]


def test_workers_use_one_thread_each_for_linear_algebra(address: str) -> None:
    assert {result.value for result in parallel_map(threads_used, range(8), workers=address)} == {1}


def test_value_that_cannot_travel_is_an_error_and_not_a_hang(address: str) -> None:
    with pytest.raises(ComputeError, match="could not travel"):
        list(parallel_map(unreturnable, range(50), workers=address))


def test_item_that_cannot_travel_is_an_error_and_not_a_hang(address: str) -> None:
    with pytest.raises(ComputeError, match="could not travel"):
        list(parallel_map(str, [threading.Lock(), threading.Lock()], workers=address))


def test_scheduler_out_of_reach_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_pool, "CONNECT_S", 0.5)
    with pytest.raises(ComputeError, match=r"cannot reach the Dask scheduler: tcp://127.0.0.1:9; .*check that it runs"):
        list(parallel_map(odd_only, range(3), workers="tcp://127.0.0.1:9"))


def test_address_of_another_kind_is_told_in_words() -> None:
    with pytest.raises(ComputeError, match=r"cannot reach the Dask scheduler: gopher://127.0.0.1:9"):
        list(parallel_map(odd_only, range(3), workers="gopher://127.0.0.1:9"))


def test_cluster_without_workers_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_pool, "CONNECT_S", 1.0)
    with (
        distributed.LocalCluster(
            n_workers=0, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=NO_DASHBOARD
        ) as empty,
        pytest.raises(ComputeError, match=r"has no workers: tcp://.*dask worker tcp://"),
    ):
        list(parallel_map(odd_only, range(3), workers=empty.scheduler_address))


def test_cluster_that_loses_all_workers_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_pool, "WORKERLESS_S", 0.5)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=NO_DASHBOARD
    ) as cluster:
        results = parallel_map(partial(slow_pid, each_s=0.05), range(500), workers=cluster.scheduler_address)
        next(results)
        cluster.scale(0)
        with pytest.raises(ComputeError, match="has no workers"):
            list(results)


def test_scheduler_that_leaves_in_between_is_told_in_words() -> None:
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=NO_DASHBOARD
    ) as cluster:
        results = parallel_map(partial(slow_pid, each_s=0.05), range(500), workers=cluster.scheduler_address)
        next(results)
        cluster.close()
        with pytest.raises(ComputeError, match=r"scheduler is gone|dropped the work"):
            list(results)


def test_cluster_with_other_versions_is_refused_in_words(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_pool, "MUST_MATCH", ("distributed", "a-package-that-is-nowhere"))
    list(parallel_map(odd_only, range(3), workers=address))
    versions_of, calls = dask_pool._versions_of, count()

    def newer_here(facts: Any) -> dict[str, str | None]:
        return versions_of(facts) | ({"distributed": "2099.1"} if next(calls) == 0 else {})

    monkeypatch.setattr(dask_pool, "_versions_of", newer_here)
    with pytest.raises(ComputeError, match=r"distributed on its scheduler of tcp.*expected 2099\.1, got 20"):
        list(parallel_map(odd_only, range(3), workers=address))


def our_clients(cluster: Any) -> list[str]:
    return [name for name in list(cluster.scheduler.clients) if "earmark" in name]


def until(is_so: Any, *, at_most_s: float) -> bool:
    """Whether it became so in time."""
    end = time.monotonic() + at_most_s
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.1)
    return False
