"""What the whole of ingest and cut costs, database and store included, with so many workers."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from bench.timing import Cost, cpu_s
from pipeline.core.settings import load_recipe, load_settings
from pipeline.workflows.cut import cut
from pipeline.workflows.ingest import ingest
from pipeline.workflows.workspace import Workspace, open_workspace


def ingest_and_cut(folder: Path, workspace: Path, *, n_workers: int) -> Cost:
    """The cost of bringing in and cutting every file of the folder, in a workspace of its own, which is new.

    The embedded database's own CPU time is counted, its start is not. Raises RuntimeError if a file failed.
    """
    settings = load_settings(workspace=workspace, environ={})
    with open_workspace(settings, application_name="earmark bench") as opened:
        project = opened.create_project(load_recipe())
        cpu_before_s, wall_before_s = cpu_s() + _database_cpu_s(opened), time.perf_counter()
        outcomes = (
            ingest(opened.conn, project, folder.as_uri(), workers=n_workers),
            cut(opened.conn, project, opened.store, workers=n_workers),
        )
        wall_s = time.perf_counter() - wall_before_s
        spent_s = cpu_s() + _database_cpu_s(opened) - cpu_before_s
    if any(outcome.failed for outcome in outcomes) or not outcomes[1].n_done:
        raise RuntimeError(f"not every file came through, so that the times mean nothing: {outcomes}")
    return Cost(cpu_s=spent_s, wall_s=wall_s)


def _database_cpu_s(opened: Workspace) -> float:
    """CPU seconds of the server and of its processes, those that have ended too."""
    server = psutil.Process(opened.conn.info.backend_pid).parent()
    if server is None:
        return 0.0
    times = server.cpu_times()
    ended_s = times.children_user + times.children_system
    alive_s = sum(sum(child.cpu_times()[:2]) for child in server.children())
    return times.user + times.system + ended_s + alive_s
