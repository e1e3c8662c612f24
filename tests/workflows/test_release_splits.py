"""Splits of a release: what a copy that is left out connects stays together all the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg
import soundfile

from pipeline.catalog import datasets
from pipeline.catalog.labels import add_labels
from pipeline.catalog.projects import Project
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import AnswerGiven
from pipeline.storage import Store
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.cut import cut
from pipeline.workflows.deduplicate import deduplicate
from pipeline.workflows.ingest import ingest
from pipeline.workflows.release import release

Conn = psycopg.Connection[Any]
CLIP_S = 2.0


def test_recording_of_a_redundant_copy_stays_on_the_side_of_the_clip_that_it_copies(
    conn: Conn, project: Project, store: Store, test_data: Path, tmp_path: Path
) -> None:
    """Clip a of one file; its copy, softer, and then clip c in another: a and c share nothing but by the copy."""
    scenes = [p for p in sorted((test_data / "esc10").rglob("*.*")) if p.suffix in (".ogg", ".wav", ".flac")]
    sounds = [soundfile.read(path, dtype="float32") for path in (scenes[0], scenes[-1], scenes[len(scenes) // 2])]
    (a, c, other), rate_hz = [_piece(samples, rate) for samples, rate in sounds], sounds[0][1]
    folder = tmp_path / "chain"
    folder.mkdir()
    for name, sound in (("a.wav", a), ("copy_and_c.wav", np.concatenate([a * 0.5, c])), ("other.wav", other)):
        soundfile.write(folder / name, sound, rate_hz)
    ingest(conn, project, str(folder))
    cut(conn, project, store, segmenter=PluginSpec(name="fixed", params={"length_s": CLIP_S}))
    deduplicate(conn, project, store)
    left = conn.execute(
        """
        SELECT c.clip_id, r.name FROM clip c JOIN recording r USING (recording_id)
        WHERE c.is_active AND NOT c.is_redundant ORDER BY r.name, c.start_sample
        """
    ).fetchall()
    assert len(left) == 3 and [name for _, name in left][-1] == "other.wav"
    add_labels(conn, project.project_id, ["x"])
    given = [
        AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label", label="x", heard=None)
        for clip_id, _ in left
    ]
    save_answers(conn, project, given)
    halves = dataclasses.replace(project.recipe, split_fractions={"train": 0.5, "validation": 0.0, "test": 0.5})
    version = release(conn, dataclasses.replace(project, recipe=halves), "chain").version
    items = datasets.read_items(conn, project.project_id, version.dataset_version_id)
    by_clip = {item.clip_id: item for item in items}
    first, second, apart = (by_clip[clip_id] for clip_id, _ in left)
    assert (first.group, first.split) == (second.group, second.split)
    assert first.group != apart.group and first.split != apart.split


def _piece(samples: Any, rate_hz: int) -> Any:
    """The loudest two seconds, mono."""
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    n = round(CLIP_S * rate_hz)
    starts = range(0, max(1, len(mono) - n), rate_hz // 4)
    at = max(starts, key=lambda start: float(np.square(mono[start : start + n]).sum()))
    return mono[at : at + n]
