"""Workers on this machine: loky, joblib's process pool.

Its workers are fresh processes (no fork), so that they share neither locks nor database connections with us. The death
of one ends them all; a mark in a folder tells which item each of them was at.
"""

from __future__ import annotations

import os
import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from pipeline.compute.chunk import ONE_THREAD, Chunk, ChunkDone, run_chunk
from pipeline.core.errors import ComputeError

T = TypeVar("T")
R = TypeVar("R")


class LocalPool:
    """So many processes of this machine."""

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers
        self._marks: tempfile.TemporaryDirectory[str] | None = None
        self._executor: Any = None

    def begin(self, *, is_alone: bool = False) -> None:
        from joblib.externals.loky import ProcessPoolExecutor

        self._end_workers()
        self._marks = self._marks or tempfile.TemporaryDirectory(prefix="earmark-map-")
        # The environment is set before a worker imports anything: numpy reads it once, on import.
        self._executor = ProcessPoolExecutor(
            1 if is_alone else self.n_workers, env=ONE_THREAD, initializer=_begin_worker, initargs=(os.getpid(),)
        )

    def submit(self, fn: Callable[[T], R], chunk: Chunk[T]) -> Future[ChunkDone[R]]:
        try:
            return self._executor.submit(_run_marked, fn, chunk, str(self._folder))
        except OSError as error:
            raise ComputeError(
                "cannot start worker processes", got=error.strerror, do="run with fewer workers, or with one"
            ) from error

    def has_died(self, future: Future[Any]) -> bool:
        from joblib.externals.loky.process_executor import BrokenProcessPool

        return isinstance(future.exception(), BrokenProcessPool)

    def how_it_died(self, future: Future[Any]) -> str:
        codes = re.search(r"\{(.*)\}", str(future.exception()))
        return f" ({codes[1]})" if codes else ""

    def suspects(self, lost: Sequence[int]) -> list[int]:
        self._end_workers()  # those that live still write marks
        paths = list(self._folder.iterdir())
        found = sorted(set(lost) & {int.from_bytes(path.read_bytes(), "little") for path in paths})
        for path in paths:
            path.unlink()
        return found

    def watch(self) -> None:
        """Nothing to fear: loky itself tells of every death."""

    def close(self) -> None:
        self._end_workers()
        if self._marks is not None:
            self._marks.cleanup()

    @property
    def _folder(self) -> Path:
        if self._marks is None:
            raise RuntimeError("a pool begins before it is given work")
        return Path(self._marks.name)

    def _end_workers(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, kill_workers=True)
            self._executor = None


def _run_marked(fn: Callable[[T], R], chunk: Chunk[T], marks: str) -> ChunkDone[R]:
    path = Path(marks, str(os.getpid()))
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        return run_chunk(fn, chunk, mark=lambda index: _write_mark(fd, index))
    finally:
        os.close(fd)
        path.unlink()


def _write_mark(fd: int, index: int) -> None:
    os.pwrite(fd, index.to_bytes(8, "little"), 0)


def _begin_worker(parent: int) -> None:
    # Ctrl+C reaches every process of the terminal; the parent decides what becomes of the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()


def _leave_with(parent: int) -> None:
    """End this worker once its parent is gone, also by kill -9 and in the middle of an item."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
