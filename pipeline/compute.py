"""One parallel map: over local processes, with progress, cancelling, and items that may kill their process.

Built on loky, joblib's process pool: its workers are fresh processes (no fork), so that they share neither locks nor
database connections with us. Items travel in chunks of about TARGET_CHUNK_S of work, found by measuring.
"""

from __future__ import annotations

import os
import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pipeline.core.errors import Cancelled, ComputeError
from pipeline.core.types import Failure, Workers

T = TypeVar("T")
R = TypeVar("R")

TARGET_CHUNK_S = 0.7
MAX_GROWTH = 8
POLL_S = 0.2
MAX_DEATHS_IN_A_ROW = 3
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB", "NUMBA", "NUMEXPR")
}


@dataclass(frozen=True, kw_only=True)
class Result(Generic[R]):
    """What became of item ``index``: its value, or the failure and None."""

    index: int
    value: R | None
    failure: Failure | None


def parallel_map(
    fn: Callable[[T], R],
    items: Sequence[T],
    *,
    workers: Workers,
    chunk_cost: Callable[[T], float] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> Iterator[Result[R]]:
    """One result for every item, in the order of finishing.

    What ``fn`` raises for an item becomes that item's failure; an item that kills its process becomes the failure
    WorkerDied and the others go on. ``fn`` is a module's function or a functools.partial of one. ``chunk_cost`` says
    what an item costs relative to the others (its duration); ``is_cancelled`` is asked in the caller's thread.
    The next work is handed out as results are taken, so that a slow consumer holds few of them in memory.

    With one worker, or no more items than workers, it runs in this process, at once but unprotected.
    Raises Cancelled after what is finished; ComputeError if workers cannot be started.
    """
    cancelled = is_cancelled or _never
    if isinstance(workers, str):
        raise ComputeError("a Dask cluster is not served yet", which=workers)
    if workers <= 1 or len(items) <= 1:
        return _in_this_thread(fn, items, cancelled)
    if len(items) <= workers:
        return _in_threads(fn, items, cancelled)
    return _Map(fn, items, workers, chunk_cost or _alike, cancelled).run()


def _in_this_thread(fn: Callable[[T], R], items: Sequence[T], is_cancelled: Callable[[], bool]) -> Iterator[Result[R]]:
    for index, item in enumerate(items):
        if is_cancelled():
            raise _cancelled(index, len(items))
        yield _attempt(fn, index, item)


def _in_threads(fn: Callable[[T], R], items: Sequence[T], is_cancelled: Callable[[], bool]) -> Iterator[Result[R]]:
    pool = ThreadPoolExecutor(len(items))
    try:
        running = {pool.submit(_attempt, fn, index, item) for index, item in enumerate(items)}
        while running:
            finished, running = wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
            if running and is_cancelled():
                raise _cancelled(len(items) - len(running), len(items))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _attempt(fn: Callable[[T], R], index: int, item: T) -> Result[R]:
    try:
        return Result(index=index, value=fn(item), failure=None)
    except (Exception, SystemExit) as error:  # this item's outermost edge: whatever it is, the others go on
        failure = Failure(item=_name(item), error=type(error).__name__, message=str(error) or type(error).__name__)
        return Result(index=index, value=None, failure=failure)


@dataclass
class _Pace:
    """How long one unit of cost takes, learnt from the chunks that came back."""

    s_per_cost: float | None = None
    n_items_before: int = 1

    def learn(self, cost: float, elapsed_s: float, n_items: int) -> None:
        now = elapsed_s / max(cost, 1e-9)
        self.s_per_cost = now if self.s_per_cost is None else 0.7 * self.s_per_cost + 0.3 * now
        self.n_items_before = max(self.n_items_before, n_items)

    def is_full(self, cost: float, n_items: int) -> bool:
        """Whether a chunk has enough. It grows by steps: the first items may have been the easy ones."""
        if self.s_per_cost is None or n_items >= self.n_items_before * MAX_GROWTH:
            return True
        return cost * self.s_per_cost >= TARGET_CHUNK_S


@dataclass
class _Map(Generic[T, R]):
    """The state of one map over processes."""

    fn: Callable[[T], R]
    items: Sequence[T]
    n_workers: int
    cost: Callable[[T], float]
    is_cancelled: Callable[[], bool]
    waiting: list[int] = field(default_factory=list[int])
    n_done: int = 0
    n_deaths_in_a_row: int = 0
    pace: _Pace = field(default_factory=_Pace)

    def run(self) -> Iterator[Result[R]]:
        self.waiting = list(reversed(range(len(self.items))))
        with tempfile.TemporaryDirectory(prefix="earmark-map-") as marks:
            while self.waiting:
                for result in self._until_a_death(Path(marks)):
                    self.n_done += 1
                    yield result

    def _until_a_death(self, marks: Path) -> Iterator[Result[R]]:
        """Results of the waiting items until none waits or a worker dies; then of the items that may have killed it."""
        pool = _pool(self.n_workers)
        running: dict[Future[_ChunkDone[R]], list[int]] = {}
        try:
            while self.waiting or running:
                is_open = self._fill(pool, running, marks)
                finished, _ = wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED)
                for future in [future for future in finished if not _has_died(future)]:
                    yield from self._taken(future, running.pop(future))
                if not is_open or any(_has_died(future) for future in running):
                    break
                if (self.waiting or running) and self.is_cancelled():
                    raise _cancelled(self.n_done, len(self.items))
            lost = [index for chunk in running.values() for index in chunk]
        finally:
            pool.shutdown(wait=True, kill_workers=True)
        if lost:
            yield from self._after_a_death(lost, marks)

    def _fill(self, pool: Executor, running: dict[Future[_ChunkDone[R]], list[int]], marks: Path) -> bool:
        """Hand out twice as many chunks as workers, so that nobody idles while the caller commits a result.

        False if the pool takes no more because a worker died meanwhile.
        """
        while self.waiting and len(running) < 2 * self.n_workers:
            chunk = self._next_chunk()
            try:
                running[self._submit(pool, chunk, marks)] = chunk
            except BrokenExecutor:
                self.waiting += reversed(chunk)
                return False
            except OSError as error:
                raise ComputeError(
                    "cannot start worker processes", got=error.strerror, do="run with fewer workers, or with one"
                ) from error
        return True

    def _taken(self, future: Future[_ChunkDone[R]], chunk: list[int]) -> Iterator[Result[R]]:
        error = future.exception()
        if error is not None:
            raise ComputeError("a chunk of work could not travel to a worker or back", got=str(error)) from error
        done = future.result()
        self.n_deaths_in_a_row = 0
        self.pace.learn(sum(self.cost(self.items[index]) for index in chunk), done.elapsed_s, len(chunk))
        yield from done.results

    def _after_a_death(self, lost: list[int], marks: Path) -> Iterator[Result[R]]:
        """Try the items that were being worked on alone, one by one; all other lost ones wait again."""
        suspects = sorted(set(lost) & {_marked(path) for path in marks.iterdir()})
        for path in marks.iterdir():
            path.unlink()
        self.n_deaths_in_a_row += 1
        if not suspects and self.n_deaths_in_a_row >= MAX_DEATHS_IN_A_ROW:
            raise ComputeError(
                "the worker processes die before they begin",
                do="run with one worker to see the cause, free some memory",
            )
        self.waiting += sorted(set(lost) - set(suspects), reverse=True)
        while suspects:
            if self.is_cancelled():
                raise _cancelled(self.n_done, len(self.items))
            yield from self._alone(suspects.pop(0), marks)

    def _alone(self, index: int, marks: Path) -> Iterator[Result[R]]:
        pool = _pool(1)
        try:
            future = self._submit(pool, [index], marks)
            while not wait([future], timeout=POLL_S).done:
                if self.is_cancelled():
                    raise _cancelled(self.n_done, len(self.items))
            if not _has_died(future):
                yield from self._taken(future, [index])
                return
            yield Result(index=index, value=None, failure=_died(self.items[index], future))
        finally:
            pool.shutdown(wait=True, kill_workers=True)

    def _next_chunk(self) -> list[int]:
        # Small at the end, so that all workers finish together.
        most = max(1, len(self.waiting) // (2 * self.n_workers))
        chunk = [self.waiting.pop()]
        cost = self.cost(self.items[chunk[0]])
        while self.waiting and len(chunk) < most and not self.pace.is_full(cost, len(chunk)):
            chunk.append(self.waiting.pop())
            cost += self.cost(self.items[chunk[-1]])
        return chunk

    def _submit(self, pool: Executor, chunk: list[int], marks: Path) -> Future[_ChunkDone[R]]:
        return pool.submit(_run_chunk, self.fn, [(index, self.items[index]) for index in chunk], str(marks))


@dataclass(frozen=True, kw_only=True)
class _ChunkDone(Generic[R]):
    results: list[Result[R]]
    elapsed_s: float


def _run_chunk(fn: Callable[[T], R], chunk: list[tuple[int, T]], marks: str) -> _ChunkDone[R]:
    """Work through a chunk, in a worker. A mark tells which item it is at, should the process die of it."""
    started = time.perf_counter()
    path = Path(marks, str(os.getpid()))
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        results: list[Result[R]] = []
        for index, item in chunk:
            os.pwrite(fd, index.to_bytes(8, "little"), 0)
            results.append(_attempt(fn, index, item))
    finally:
        os.close(fd)
        path.unlink()
    return _ChunkDone(results=results, elapsed_s=time.perf_counter() - started)


def _marked(path: Path) -> int:
    return int.from_bytes(path.read_bytes(), "little")


def _pool(n_workers: int) -> Any:
    from joblib.externals.loky import ProcessPoolExecutor

    # The environment is set before a worker imports anything: numpy reads it once, on import.
    return ProcessPoolExecutor(n_workers, env=ONE_THREAD, initializer=_begin_worker, initargs=(os.getpid(),))


def _begin_worker(parent: int) -> None:
    # Ctrl+C reaches every process of the terminal; the parent decides what becomes of the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()


def _leave_with(parent: int) -> None:
    """End this worker once its parent is gone, also by kill -9 and in the middle of an item."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _has_died(future: Future[Any]) -> bool:
    from joblib.externals.loky.process_executor import BrokenProcessPool

    return future.done() and isinstance(future.exception(), BrokenProcessPool)


def _died(item: object, future: Future[Any]) -> Failure:
    codes = re.search(r"\{(.*)\}", str(future.exception()))
    how = f" ({codes[1]})" if codes else ""
    return Failure(
        item=_name(item),
        error="WorkerDied",
        message=f"the process that worked on this died{how}: it may need more memory, or crash its decoder",
    )


def _cancelled(n_done: int, n: int) -> Cancelled:
    return Cancelled("stopped on request", got=f"{n_done} of {n} done", do="run it again to go on")


def _name(item: object) -> str:
    return item if isinstance(item, str) else repr(item)[:200]


def _alike(item: object) -> float:
    return 1.0


def _never() -> bool:
    return False
