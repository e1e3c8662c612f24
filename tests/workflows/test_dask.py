"""The main job over a Dask cluster gives the rows that it gives without one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import psycopg
import pytest

from pipeline.catalog.labels import add_labels
from pipeline.catalog.projects import create_project
from pipeline.core.settings import load_recipe
from pipeline.core.types import Workers
from pipeline.storage import Store
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest
from tests.workflows.conftest import SPEAKERS

N_DIGITS = 200
RECORDINGS = """
    SELECT uri, name, size_bytes, mtime_ns, file_sha256, container, codec, rate_hz, n_channels, n_samples, pcm_sha256,
           peak_dbfs, rms_dbfs, clipped_ratio, dc_offset
    FROM recording WHERE project_id = %s ORDER BY uri
"""
CLIPS = """
    SELECT r.uri, c.start_sample, c.stop_sample, c.object_key, c.sha256, c.rate_hz, c.n_channels, c.n_samples,
           c.peak_dbfs, c.rms_dbfs, c.thumbnail, e.vector::text
    FROM clip c JOIN recording r USING (recording_id) JOIN embedding e USING (clip_id)
    WHERE c.project_id = %s ORDER BY r.uri, c.start_sample
"""


@pytest.fixture
def scheduler() -> Iterator[str]:
    """The address of a scheduler with four worker processes on this machine."""
    with distributed.LocalCluster(
        n_workers=4, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield str(cluster.scheduler_address)


@pytest.fixture
def many_digits(test_data: Path, tmp_path: Path) -> Path:
    """A folder with 200 spoken digits and a text that claims to be one."""
    folder = tmp_path / "many"
    folder.mkdir()
    for path in sorted((test_data / "fsdd").glob("*.wav"))[:N_DIGITS]:
        shutil.copy2(path, folder)
    (folder / "broken.wav").write_text("no sound at all")
    return folder


def test_rows_are_equal_with_and_without_a_cluster(
    conn: psycopg.Connection[Any], scheduler: str, many_digits: Path, tmp_path: Path
) -> None:
    near = _rows(conn, "near", many_digits, Store((tmp_path / "near").as_uri()), workers=1)
    far = _rows(conn, "far", many_digits, Store((tmp_path / "far").as_uri()), workers=scheduler)
    for here, there in zip(near, far, strict=True):
        assert len(here) >= 1
        assert here == there
    assert len(near[0]) == len(near[1]) == N_DIGITS


def _rows(
    conn: psycopg.Connection[Any], name: str, folder: Path, store: Store, *, workers: Workers
) -> tuple[list[Any], list[Any], list[Any]]:
    """Recordings, clips with their embeddings, and failures, after the main job with these workers."""
    project = create_project(conn, name, load_recipe())
    add_labels(conn, project.project_id, [])
    ingested = ingest(conn, project, str(folder), labels=LabelRules(name_pattern=SPEAKERS), workers=workers)
    assert (ingested.n_done, len(ingested.failed)) == (N_DIGITS, 1)
    assert cut(conn, project, store, workers=workers).n_done == N_DIGITS
    assert embed(conn, project, store, workers=workers).n_done == N_DIGITS
    recordings = conn.execute(RECORDINGS.encode(), (project.project_id,)).fetchall()
    clips = conn.execute(CLIPS.encode(), (project.project_id,)).fetchall()
    return recordings, clips, [(failure.item, failure.error, failure.message) for failure in ingested.failed]
