"""What travels to a worker and back: a chunk of items, and what became of each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pipeline.core.types import Failure

T = TypeVar("T")
R = TypeVar("R")

Chunk = Sequence[tuple[int, T]]
"""Some items, each with its index in the whole."""

ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB", "NUMBA", "NUMEXPR")
}
"""The environment in which libraries of linear algebra leave the other cores to the other workers."""


@dataclass(frozen=True, kw_only=True)
class Result(Generic[R]):
    """What became of item ``index``: its value, or the failure and None."""

    index: int
    value: R | None
    failure: Failure | None


@dataclass(frozen=True, kw_only=True)
class ChunkDone(Generic[R]):
    """The results of a chunk, and how long its worker took."""

    results: list[Result[R]]
    elapsed_s: float


class Pool(Protocol):
    """Workers that take chunks, and may die of one."""

    n_workers: int
    """How many chunks are worked on at a time; known once they began."""

    def begin(self, *, is_alone: bool = False) -> None:
        """Have living workers, just one if one item is to be tried alone. Raises ComputeError."""
        ...

    def submit(self, fn: Callable[[T], R], chunk: Chunk[T]) -> Future[ChunkDone[R]]:
        """Hand out a chunk. Raises BrokenExecutor if a worker died since ``begin``, ComputeError."""
        ...

    def has_died(self, future: Future[Any]) -> bool:
        """Whether the chunk was lost with its worker."""
        ...

    def how_it_died(self, future: Future[Any]) -> str:
        """What is known of the death, in words."""
        ...

    def suspects(self, lost: Sequence[int]) -> list[int]:
        """Which of the lost items may have killed a worker, in order of index. Asked once for each death."""
        ...

    def watch(self) -> None:
        """Raises ComputeError if what was handed out will never come back."""
        ...

    def close(self) -> None:
        """End what runs."""
        ...


def run_chunk(fn: Callable[[T], R], chunk: Chunk[T], *, mark: Callable[[int], None]) -> ChunkDone[R]:
    """Work through a chunk, in a worker. ``mark`` is told which item it is at, should the process die of it."""
    started = time.perf_counter()
    results: list[Result[R]] = []
    for index, item in chunk:
        mark(index)
        results.append(attempt(fn, index, item))
    return ChunkDone(results=results, elapsed_s=time.perf_counter() - started)


def attempt(fn: Callable[[T], R], index: int, item: T) -> Result[R]:
    """The result of one item; whatever it raises is its failure."""
    try:
        return Result(index=index, value=fn(item), failure=None)
    except (Exception, SystemExit) as error:  # this item's outermost edge: whatever it is, the others go on
        failure = Failure(item=name_of(item), error=type(error).__name__, message=str(error) or type(error).__name__)
        return Result(index=index, value=None, failure=failure)


def name_of(item: object) -> str:
    """The item in a failure."""
    return item if isinstance(item, str) else repr(item)[:200]
