"""FiftyOne's brain on embeddings, on its own MongoDB in a folder that goes with the run."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pipeline.core.types import Float32


def has_brain() -> bool:
    """Whether FiftyOne is installed."""
    return importlib.util.find_spec("fiftyone") is not None


@contextmanager
def own_database() -> Iterator[None]:
    """FiftyOne may be used within; its MongoDB is gone before its folder is. Nothing may have imported it before."""
    with tempfile.TemporaryDirectory(prefix="earmark-bench-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("FIFTYONE_DATABASE_DIR", folder)
        os.environ.setdefault("FIFTYONE_DO_NOT_TRACK", "true")
        os.environ.setdefault("FIFTYONE_DATABASE_VALIDATION", "false")
        try:
            yield
        finally:
            _stop()


def find_unique(vectors: Float32, k: int) -> list[int]:
    """Its choice of the k most unique of the rows float32 (n, d)."""
    with _index(vectors) as (index, row_of):
        index.find_unique(k)
        return [row_of[sample_id] for sample_id in index.unique_ids]


def near_duplicates(vectors: Float32, distances: Sequence[float]) -> list[list[int]]:
    """The rows that it would drop as near duplicates at each of the cosine distances."""
    with _index(vectors) as (index, row_of):
        dropped: list[list[int]] = []
        for distance in distances:
            index.find_duplicates(thresh=distance)
            dropped.append([row_of[sample_id] for sample_id in index.duplicate_ids])
        return dropped


@contextmanager
def _index(vectors: Float32) -> Iterator[tuple[Any, dict[str, int]]]:
    import fiftyone as fo
    import fiftyone.brain as fob

    logging.getLogger("fiftyone").setLevel(logging.ERROR)
    dataset = fo.Dataset()
    try:
        dataset.add_samples([fo.Sample(filepath=f"/{row}.png") for row in range(len(vectors))], progress=False)
        row_of = {sample_id: row for row, sample_id in enumerate(dataset.values("id"))}
        index = fob.compute_similarity(
            dataset, embeddings=vectors.astype("float64"), backend="sklearn", metric="cosine"
        )
        yield index, row_of
    finally:
        dataset.delete()


def _stop() -> None:
    if "fiftyone" not in sys.modules:
        return
    from fiftyone.core.odm import database

    if database._db_service is not None:
        database._db_service.stop()
