"""Workers of a Dask cluster, wherever they are: named by their scheduler's address.

Dask itself gives the chunks of a dead worker to others and gives a chunk up when several workers died of it. Nothing
but messages passes between the machines; the recordings and the store must be reachable from the workers.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar, cast

from pipeline.compute.chunk import ONE_THREAD, Chunk, ChunkDone, run_chunk
from pipeline.core.errors import ComputeError

T = TypeVar("T")
R = TypeVar("R")

CONNECT_S = 10.0
WORKERLESS_S = 30.0
MUST_MATCH = ("earmark", "distributed", "dask", "numpy")


class DaskPool:
    """The cluster behind a scheduler's address like tcp://host:8786. It goes on when we leave."""

    def __init__(self, address: str) -> None:
        self.n_workers = 0
        self._address = address
        self._client: Any = None
        self._executor: Any = None
        self._had_workers_at = 0.0

    def begin(self, *, is_alone: bool = False) -> None:
        # Dask replaces dead workers by itself, so one connection serves from the beginning to the end.
        if self._client is None:
            self._client = _connect(self._address)
            self._executor = self._client.get_executor(pure=False)
            _demand_same_versions(self._client, self._address)
            self._had_workers_at = time.monotonic()
        if not is_alone:
            self.n_workers = max(1, self._count_threads(wait_s=CONNECT_S))

    def submit(self, fn: Callable[[T], R], chunk: Chunk[T]) -> Future[ChunkDone[R]]:
        import cloudpickle

        # Packed by us, so that Dask neither looks into the items nor stumbles over a value that cannot travel.
        try:
            packed = cloudpickle.dumps((fn, list(chunk)))
            far: Future[bytes] = self._executor.submit(_run_packed, packed)
        except Exception as error:  # pickle raises whatever an item's class likes
            raise ComputeError("a chunk of work could not travel to a worker or back", got=str(error)) from error
        return _unpacked(far)

    def has_died(self, future: Future[Any]) -> bool:
        from distributed import KilledWorker

        return not future.cancelled() and isinstance(future.exception(), KilledWorker)

    def how_it_died(self, future: Future[Any]) -> str:
        n_deaths = getattr(future.exception(), "allowed_failures", 0) + 1
        return f" ({n_deaths} workers of the Dask cluster, one after the other)"

    def suspects(self, lost: Sequence[int]) -> list[int]:
        return sorted(lost)

    def watch(self) -> None:
        if self._client.status in ("closing", "closed"):
            raise _lost(self._address)
        if self._client.status != "running":
            return  # it tries to come back, and closes if it cannot
        n_threads = self._count_threads()
        if n_threads:
            self.n_workers, self._had_workers_at = n_threads, time.monotonic()  # a cluster may grow and shrink
        elif time.monotonic() - self._had_workers_at > WORKERLESS_S:
            raise _workerless(self._address)

    def close(self) -> None:
        if self._client is None:
            return
        client, self._client = self._client, None
        try:
            if client.status == "running":
                self._executor.shutdown(wait=False)
            client.close(timeout=CONNECT_S)
        except (OSError, TimeoutError):
            logging.getLogger(__name__).info("the Dask scheduler at %s was gone before us", self._address)

    def _count_threads(self, *, wait_s: float = 0.0) -> int:
        """Threads of the workers now; with ``wait_s`` after the first one came. Raises ComputeError."""
        try:
            if wait_s:
                self._client.wait_for_workers(1, timeout=wait_s)
            threads: Mapping[str, int] = self._client.nthreads()
        except TimeoutError as error:
            raise _workerless(self._address) from error
        except OSError as error:
            raise _lost(self._address) from error
        return sum(threads.values())


def _run_packed(packed: bytes) -> bytes:
    """Work through a chunk, in a thread of a Dask worker."""
    import cloudpickle
    from threadpoolctl import threadpool_limits

    os.environ.update(ONE_THREAD)  # for libraries that are loaded from here on; those loaded are told as well
    fn, chunk = cast("tuple[Callable[[Any], Any], Chunk[Any]]", cloudpickle.loads(packed))
    with threadpool_limits(limits=1):
        return cloudpickle.dumps(run_chunk(fn, chunk, mark=_unmarked))


def _unmarked(index: int) -> None:
    """No folder is shared by all machines, so there is nowhere to leave a mark."""


def _unpacked(far: Future[bytes]) -> Future[ChunkDone[Any]]:
    """The future of a chunk from the future of its bytes."""
    near: Future[ChunkDone[Any]] = Future()
    far.add_done_callback(lambda done: _hand_on(done, near))
    return near


def _hand_on(far: Future[bytes], near: Future[ChunkDone[Any]]) -> None:
    import cloudpickle

    if far.cancelled():
        near.set_exception(ComputeError("the Dask scheduler dropped the work", do="run it again to go on"))
        return
    error = far.exception()
    if error is None:
        try:
            near.set_result(cloudpickle.loads(far.result()))
        except Exception as unpacking:  # pickle raises whatever a value's class likes
            near.set_exception(unpacking)
    else:
        near.set_exception(error)


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise ComputeError("Dask is not installed", which=address, do="pip install distributed") from error
    try:
        return Client(address, timeout=CONNECT_S, set_as_default=False, name="earmark")
    except (OSError, TimeoutError, ValueError, TypeError, ImportError) as error:
        raise ComputeError(
            "cannot reach the Dask scheduler",
            which=address,
            got=str(error).splitlines()[0] if str(error) else type(error).__name__,
            do="check that it runs (dask scheduler) and that EARMARK_WORKERS is the address that it prints",
        ) from error


def _demand_same_versions(client: Any, address: str) -> None:
    """Raises ComputeError if a machine of the cluster has other versions than this one of what both must understand."""
    versions = client.get_versions(packages=list(MUST_MATCH))
    here = _versions_of(versions["client"])
    for name, facts in {"its scheduler": versions["scheduler"], **versions["workers"]}.items():
        there = _versions_of(facts)
        for package, version in here.items():
            # A scheduler only passes packed work on: it needs neither Earmark nor numpy.
            is_needed = name != "its scheduler" or package in ("distributed", "dask")
            if is_needed and there.get(package) != version:
                raise ComputeError(
                    "the Dask cluster has another version of what it shares with us",
                    which=f"{package} on {name} of {address}",
                    expected=version,
                    got=there.get(package) or "none",
                    do="install the same Earmark there",
                )


def _versions_of(facts: Mapping[str, Any]) -> dict[str, str | None]:
    packages = facts["packages"]
    python = ".".join(packages["python"].split(".")[:2])
    return {"python": python, **{name: packages.get(name) for name in MUST_MATCH}}


def _lost(address: str) -> ComputeError:
    return ComputeError("the Dask scheduler is gone", which=address, do="start it, then run this again to go on")


def _workerless(address: str) -> ComputeError:
    return ComputeError(
        "the Dask cluster has no workers", which=address, do=f"start some: dask worker {address}, then run this again"
    )
