"""How much of a demo corpus' planted truth the pipeline has found."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlparse

from pipeline.catalog import clips, duplicates, recordings, suspects
from pipeline.catalog.failures import page_failures
from pipeline.catalog.projects import Project
from pipeline.demo.truth import (
    Found,
    read_truth,
    score_copies,
    score_failures,
    score_problems,
    score_spans,
    score_suspects,
)
from pipeline.workflows.operation import Conn


def compare_with_truth(conn: Conn, project: Project) -> dict[str, Found] | None:
    """What was found of the planted truth, by what it is; None if this project holds no demo corpus.

    Raises StorageError if the truth's file is gone.
    """
    if project.truth_uri is None:
        return None
    file = Path(unquote(urlparse(project.truth_uri).path))
    root = project.truth_uri.rsplit("/", 1)[0] + "/"
    truth = read_truth(file)

    def relative(uri: str) -> str:
        return unquote(uri.removeprefix(root))

    spans: dict[str, list[tuple[float, float]]] = {}
    for uri, start_s, stop_s in clips.active_spans(conn, project.project_id):
        spans.setdefault(relative(uri), []).append((start_s, stop_s))
    groups = [[relative(uri) for uri in group] for group in duplicates.grouped_uris(conn, project.project_id)]
    problems = {relative(u): kinds for u, kinds in recordings.problems_by_uri(conn, project.project_id).items()}
    failed = page_failures(conn, project.project_id, limit=10_000)
    found = {
        "copies grouped": score_copies(truth, groups),
        "problems named": score_problems(truth, problems),
        "unreadable files reported": score_failures(truth, [relative(f.item) for f in failed if f.error != "NotSound"]),
        "sounds cut from long recordings": score_spans(truth, spans),
    }
    doubted = [relative(uri) for uri in suspects.suspect_uris(conn, project.project_id)]
    if doubted:
        found["wrong labels among the first suspects"] = score_suspects(truth, doubted)
    return found
