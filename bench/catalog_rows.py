"""Made rows for the bench of the catalog: projects full of clips, by the product's own bulk paths."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from psycopg import Connection

from pipeline.catalog import annotations, clips, labels, operations, projects, recordings, reviews
from pipeline.core.settings import load_recipe
from pipeline.core.types import AudioFacts, Descriptors, Outcome, Problem, ProblemKind

N_LABELS = 20
N_CLIPS_A_RECORDING = 100
N_RECORDINGS_A_BATCH = 50  # what cut commits at once
RATE_HZ = 16_000

_SPEC: Mapping[str, Any] = {"segmenter": {"name": "made for the bench"}}
_SPEC_SHA256 = hashlib.sha256(b"made for the bench").digest()


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast rows of one kind were written: in the statements and their commits, client included."""

    what: str
    n_rows: int
    wall_s: float

    @property
    def rows_a_second(self) -> float:
        return self.n_rows / self.wall_s


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The project that is measured."""

    project_id: int
    label_ids: Mapping[str, int]
    first_clip: int
    last_clip: int
    n_fields: int

    @classmethod
    def read(cls, conn: Connection[Any], name: str) -> Corpus:
        project_id = projects.get_project(conn, name).project_id
        first, last = conn.execute(
            "SELECT min(clip_id), max(clip_id) FROM clip WHERE project_id = %s", (project_id,)
        ).fetchone() or (0, 0)
        return cls(
            project_id=project_id,
            label_ids={label.name: label.label_id for label in labels.list_labels(conn, project_id)},
            first_clip=first,
            last_clip=last,
            n_fields=max(1, (last - first) // N_CLIPS_A_RECORDING // 100),
        )

    def some_clip(self, chance: random.Random) -> int:
        """The id of a clip of the project, any."""
        return chance.randint(self.first_clip, self.last_clip)


def make_project(conn: Connection[Any], name: str) -> projects.Project:
    """A project with its label set."""
    project = projects.create_project(conn, name, load_recipe())
    labels.add_labels(conn, project.project_id, [f"label {i:02}" for i in range(N_LABELS)])
    return project


def fill(conn: Connection[Any], project: projects.Project, n_clips: int, *, n_queued: int) -> list[Pace]:
    """Put so many clips into an empty project, four of five with a label that came along; gives the paces."""
    project_id = project.project_id
    label_ids = [label.label_id for label in labels.list_labels(conn, project_id)]
    operation_id = operations.begin(conn, project_id, "ingest", {})
    rng = np.random.default_rng(project_id)
    n_recordings = -(-n_clips // N_CLIPS_A_RECORDING)
    ids, pace = _recordings(conn, project_id, 0, n_recordings, operation_id)
    carried = [
        recordings.CarriedLabel(recording_id=i, label_id=label_ids[int(rng.integers(N_LABELS))], source="folder")
        for i in ids
        if i % 5 != 0
    ]
    with conn.transaction():
        recordings.save_carried_labels(conn, project_id, carried)
        recordings.set_source_groups(conn, [(i, f"group {i % 40}") for i in ids])
    paces = [pace, _cuts(conn, project_id, ids, n_clips, operation_id, rng)]
    began = time.perf_counter()
    with conn.transaction():
        n_carried = annotations.carry_labels(conn, project_id)
    paces.append(Pace(what="annotations carried", n_rows=n_carried, wall_s=time.perf_counter() - began))
    waiting = conn.execute(
        "SELECT clip_id FROM clip WHERE project_id = %s ORDER BY md5(clip_id::text) LIMIT %s", (project_id, n_queued)
    ).fetchall()
    entries = [
        reviews.QueueEntry(clip_id=i, reason="made", proposed_label_id=label_ids[i % N_LABELS]) for (i,) in waiting
    ]
    began = time.perf_counter()
    with conn.transaction():
        reviews.replace_queue(conn, project_id, entries, operation_id=operation_id)
    paces.append(Pace(what="review queue", n_rows=len(entries), wall_s=time.perf_counter() - began))
    done = Outcome(n_input=n_recordings, n_done=n_recordings)
    operations.end(conn, project_id, operation_id, status="done", outcome=done, message=None)
    return paces


def add_clips(conn: Connection[Any], project_id: int, n_clips: int) -> Pace:
    """Cut so many clips more, of new recordings."""
    operation_id = operations.begin(conn, project_id, "cut", {})
    first = int(time.time_ns() // 1000)
    ids, _ = _recordings(conn, project_id, first, -(-n_clips // N_CLIPS_A_RECORDING), operation_id)
    pace = _cuts(conn, project_id, ids, n_clips, operation_id, np.random.default_rng(first))
    done = Outcome(n_input=len(ids), n_done=len(ids))
    operations.end(conn, project_id, operation_id, status="done", outcome=done, message=None)
    return pace


def _recordings(
    conn: Connection[Any], project_id: int, start: int, n: int, operation_id: int
) -> tuple[list[int], Pace]:
    began = time.perf_counter()
    ids: list[int] = []
    for first in range(start, start + n, 200):
        found = [
            recordings.NewRecording(
                uri=f"file:///nas/{project_id}/field {i // 100:04}/rec {i:07}.wav",
                name=f"field {i // 100:04}/rec {i:07}.wav",
                size_bytes=3_200_044,
                mtime_ns=i,
                file_sha256=_sha256(project_id, i),
                facts=_facts(project_id, i),
                problems=(),
            )
            for i in range(first, min(first + 200, start + n))
        ]
        with conn.transaction():
            ids += recordings.save_recordings(conn, project_id, found, operation_id=operation_id)
    return ids, Pace(what="recordings", n_rows=n, wall_s=time.perf_counter() - began)


def _cuts(
    conn: Connection[Any],
    project_id: int,
    ids: Sequence[int],
    n_clips: int,
    operation_id: int,
    rng: np.random.Generator,
) -> Pace:
    """Writes them batch by batch as cut does. Making the rows is not in the time: workers do that."""
    wall_s, n_made, n_rows = 0.0, 0, 0
    for first in range(0, len(ids), N_RECORDINGS_A_BATCH):
        batch = ids[first : first + N_RECORDINGS_A_BATCH]
        made = {
            i: list(_clips(project_id, i, min(N_CLIPS_A_RECORDING, n_clips - n_made - k * N_CLIPS_A_RECORDING), rng))
            for k, i in enumerate(batch)
        }
        began = time.perf_counter()
        with conn.transaction():
            projects.lock_project(conn, project_id)
            clips.save_cuts(conn, project_id, made, spec=_SPEC, spec_sha256=_SPEC_SHA256, operation_id=operation_id)
        wall_s += time.perf_counter() - began
        n_made += sum(map(len, made.values()))
        n_rows += len(made) + sum(1 + len(clip.problems) for new in made.values() for clip in new)
    return Pace(what="cuts, clips and their problems", n_rows=n_rows, wall_s=wall_s)


def _clips(project_id: int, recording_id: int, n: int, rng: np.random.Generator) -> Iterator[clips.NewClip]:
    n_samples = rng.integers(RATE_HZ // 4, RATE_HZ * 4, n).tolist()
    described = rng.normal((-23, 18, 0.2, 5000), (6, 9, 0.05, 1200), (n, 4)).tolist()
    thumbnail = rng.integers(0, 255, 64, np.uint8).tobytes()
    silent = Problem(kind=ProblemKind.SILENT, message="it holds no sound")
    for i in range(n):
        loudness, snr, silence, bandwidth = described[i]
        key = _sha256(project_id, recording_id, i)
        yield clips.NewClip(
            start_sample=i * 4 * RATE_HZ,
            stop_sample=i * 4 * RATE_HZ + n_samples[i],
            object_key=f"{key.hex()}.wav",
            sha256=key,
            rate_hz=RATE_HZ,
            n_channels=1,
            n_samples=n_samples[i],
            peak_dbfs=-3.0,
            rms_dbfs=loudness,
            thumbnail=thumbnail,
            descriptors=Descriptors(
                loudness_lufs=loudness,
                snr_db=snr,
                silence_ratio=min(1.0, max(0.0, silence)),
                clipped_ratio=0.0,
                dc_offset=0.0,
                bandwidth_hz=max(0.0, bandwidth),
            ),
            problems=(silent,) if i % 50 == 0 else (),
        )


def _facts(project_id: int, i: int) -> AudioFacts:
    return AudioFacts(
        container="WAV",
        codec="PCM_16",
        rate_hz=RATE_HZ,
        n_channels=1,
        n_samples=RATE_HZ * 4 * N_CLIPS_A_RECORDING,
        claimed_n_samples=None,
        bit_depth=16,
        pcm_sha256=_sha256(project_id, i, "pcm"),
        peak_dbfs=-3.0,
        rms_dbfs=-23.0,
        clipped_ratio=0.0,
        dc_offset=0.0,
        n_not_finite=0,
        bandwidth_hz=7_900.0,
        n_dropped_samples=0,
    )


def _sha256(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode()).digest()
