"""One parallel map: with progress, cancelling, and items that may kill their process.

Items travel in chunks of about TARGET_CHUNK_S of work, found by measuring.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pipeline.compute.chunk import ChunkDone, Pool, Result, attempt, name_of
from pipeline.compute.dask_pool import DaskPool
from pipeline.compute.local_pool import LocalPool
from pipeline.core.errors import Cancelled, ComputeError
from pipeline.core.types import Failure, Workers

T = TypeVar("T")
R = TypeVar("R")

TARGET_CHUNK_S = 0.7
MAX_GROWTH = 8
POLL_S = 0.2
MAX_DEATHS_IN_A_ROW = 3


def parallel_map(
    fn: Callable[[T], R],
    items: Sequence[T],
    *,
    workers: Workers,
    is_cancelled: Callable[[], bool] | None = None,
) -> Iterator[Result[R]]:
    """One result for every item, in the order of finishing.

    What ``fn`` raises for an item becomes that item's failure; an item that kills its process becomes the failure
    WorkerDied and the others go on. ``fn`` is a module's function or a functools.partial of one. ``is_cancelled`` is
    asked in the caller's thread. The next work is handed out as results are taken, so that a slow consumer holds few
    of them in memory.

    ``workers`` is a number of local processes or a Dask scheduler's address. With one local worker, or no more items
    than local workers, it runs in this process, at once but unprotected. Dask may begin an item again whose worker
    was lost; what is yielded is one result all the same. A chunk under way on a Dask worker outlives a cancel.
    Raises Cancelled after what is finished; ComputeError if workers cannot be started or reached.
    """
    cancelled = is_cancelled or _never
    if isinstance(workers, str):
        return _Map(fn, items, DaskPool(workers), cancelled).run()
    if workers <= 1 or len(items) <= 1:
        return _in_this_thread(fn, items, cancelled)
    if len(items) <= workers:
        return _in_threads(fn, items, cancelled)
    return _Map(fn, items, LocalPool(workers), cancelled).run()


def _in_this_thread(fn: Callable[[T], R], items: Sequence[T], is_cancelled: Callable[[], bool]) -> Iterator[Result[R]]:
    for index, item in enumerate(items):
        if is_cancelled():
            raise _cancelled(index, len(items))
        yield attempt(fn, index, item)


def _in_threads(fn: Callable[[T], R], items: Sequence[T], is_cancelled: Callable[[], bool]) -> Iterator[Result[R]]:
    pool = ThreadPoolExecutor(len(items))
    try:
        running = {pool.submit(attempt, fn, index, item) for index, item in enumerate(items)}
        while running:
            finished, running = wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
            if running and is_cancelled():
                raise _cancelled(len(items) - len(running), len(items))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@dataclass
class _Pace:
    """How long an item takes, learnt from the chunks that came back."""

    s_per_item: float | None = None
    n_items_before: int = 1

    def learn(self, n_items: int, elapsed_s: float) -> None:
        now = elapsed_s / n_items
        self.s_per_item = now if self.s_per_item is None else 0.7 * self.s_per_item + 0.3 * now
        self.n_items_before = max(self.n_items_before, n_items)

    def n_items(self) -> int:
        """How many items make a chunk. It grows by steps: the first items may have been the easy ones."""
        if self.s_per_item is None:
            return 1
        return min(self.n_items_before * MAX_GROWTH, math.ceil(TARGET_CHUNK_S / max(self.s_per_item, 1e-9)))


@dataclass
class _Map(Generic[T, R]):
    """The state of one map over the workers of a pool."""

    fn: Callable[[T], R]
    items: Sequence[T]
    pool: Pool
    is_cancelled: Callable[[], bool]
    waiting: list[int] = field(default_factory=list[int])
    n_done: int = 0
    n_deaths_in_a_row: int = 0
    pace: _Pace = field(default_factory=_Pace)

    def run(self) -> Iterator[Result[R]]:
        self.waiting = list(reversed(range(len(self.items))))
        try:
            while self.waiting:
                for result in self._until_a_death():
                    self.n_done += 1
                    yield result
        finally:
            self.pool.close()

    def _until_a_death(self) -> Iterator[Result[R]]:
        """Results of the waiting items until none waits or a worker dies; then of the items that may have killed it."""
        self.pool.begin()
        running: dict[Future[ChunkDone[R]], list[int]] = {}
        lost: list[int] = []
        is_open = True
        while running or (is_open and self.waiting):
            # After a death nothing more is handed out: what still runs comes back, or is lost as well.
            is_open = is_open and self._fill(running)
            for future in self._finished(running):
                if self.pool.has_died(future):
                    is_open = False
                    lost += running.pop(future)
                else:
                    yield from self._taken(future, running.pop(future))
            if running or self.waiting:
                self._stop_if_asked()
        if not is_open:
            yield from self._after_a_death(lost)

    def _fill(self, running: dict[Future[ChunkDone[R]], list[int]]) -> bool:
        """Hand out twice as many chunks as workers, so that nobody idles while the caller commits a result.

        False if the pool takes no more because a worker died meanwhile.
        """
        while self.waiting and len(running) < 2 * self.pool.n_workers:
            chunk = self._next_chunk()
            try:
                running[self._submit(chunk)] = chunk
            except BrokenExecutor:
                self.waiting += reversed(chunk)
                return False
        return True

    def _finished(self, running: dict[Future[ChunkDone[R]], list[int]]) -> list[Future[ChunkDone[R]]]:
        """Those that ended, in the order of handing out; none after POLL_S, so that a person's wish is heard."""
        finished, _ = wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED)
        if not finished:
            self.pool.watch()
        return [future for future in running if future in finished]

    def _taken(self, future: Future[ChunkDone[R]], chunk: list[int]) -> Iterator[Result[R]]:
        error = future.exception()
        if isinstance(error, ComputeError):
            raise error
        if error is not None:
            raise ComputeError("a chunk of work could not travel to a worker or back", got=str(error)) from error
        done = future.result()
        self.n_deaths_in_a_row = 0
        self.pace.learn(len(chunk), done.elapsed_s)
        yield from done.results

    def _after_a_death(self, lost: list[int]) -> Iterator[Result[R]]:
        """Try the items that were being worked on alone, one by one; all other lost ones wait again."""
        suspects = self.pool.suspects(lost)
        self.n_deaths_in_a_row += 1
        if not suspects and self.n_deaths_in_a_row >= MAX_DEATHS_IN_A_ROW:
            raise ComputeError(
                "the worker processes die before they begin",
                do="run with one worker to see the cause, free some memory",
            )
        self.waiting += sorted(set(lost) - set(suspects), reverse=True)
        while suspects:
            self._stop_if_asked()
            yield from self._alone(suspects.pop(0))

    def _alone(self, index: int) -> Iterator[Result[R]]:
        self.pool.begin(is_alone=True)
        future = self._submit([index])
        while not wait([future], timeout=POLL_S).done:
            self._stop_if_asked()
            self.pool.watch()
        if not self.pool.has_died(future):
            yield from self._taken(future, [index])
            return
        message = (
            f"the process that worked on this died{self.pool.how_it_died(future)}: "
            "it may need more memory, or crash its decoder"
        )
        failure = Failure(item=name_of(self.items[index]), error="WorkerDied", message=message)
        yield Result(index=index, value=None, failure=failure)

    def _next_chunk(self) -> list[int]:
        # Small at the end, so that all workers finish together.
        most = max(1, len(self.waiting) // (2 * self.pool.n_workers))
        return [self.waiting.pop() for _ in range(min(most, self.pace.n_items()))]

    def _submit(self, chunk: list[int]) -> Future[ChunkDone[R]]:
        return self.pool.submit(self.fn, [(index, self.items[index]) for index in chunk])

    def _stop_if_asked(self) -> None:
        if self.is_cancelled():
            raise _cancelled(self.n_done, len(self.items))


def _cancelled(n_done: int, n: int) -> Cancelled:
    return Cancelled("stopped on request", got=f"{n_done} of {n} done", do="run it again to go on")


def _never() -> bool:
    return False
