"""A project with rows that no sound stands behind, and people with logins of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import psycopg

from pipeline.catalog import accounts, clips, labels, operations, projects, recordings
from pipeline.catalog.connect import connect
from pipeline.core.permissions import Duty
from pipeline.core.settings import load_recipe
from pipeline.core.types import AudioFacts, Descriptors, Problem, ProblemKind

Conn = psycopg.Connection[Any]
RATE_HZ = 16_000
PASSWORD = "only-in-tests"

_numbers = count(1)


def make_project(conn: Conn, *, name: str = "made") -> tuple[int, int]:
    """The ids of a project with the labels a, b and c, and of an operation in it."""
    project_id = projects.create_project(conn, name, load_recipe()).project_id
    labels.add_labels(conn, project_id, ["a", "b", "c"])
    return project_id, operations.begin(conn, project_id, "ingest", {})


def sha256(*parts: object) -> bytes:
    """32 bytes that belong to these parts."""
    return hashlib.sha256(repr(parts).encode()).digest()


def recording(name: str, *, take: int = 0, sound: object = None, problems: Sequence[Problem] = ()) -> Any:
    """A file as ingest finds it; another ``take`` has other bytes, equal ``sound`` the same samples."""
    facts = AudioFacts(
        container="WAV", codec="PCM_16", rate_hz=RATE_HZ, n_channels=1, n_samples=60 * RATE_HZ, claimed_n_samples=None,
        bit_depth=16, pcm_sha256=sha256(sound or (name, take)), peak_dbfs=None, rms_dbfs=-20.0, clipped_ratio=0.0,
        dc_offset=0.0, n_not_finite=0, bandwidth_hz=None, n_dropped_samples=0,
    )  # fmt: skip
    return recordings.NewRecording(
        uri=f"file:///made/{name}", name=name, size_bytes=100 + take, mtime_ns=take, file_sha256=sha256(name, take),
        facts=facts, problems=tuple(problems),
    )  # fmt: skip


def clip(position: int, *, length_s: float = 1.0, is_silent: bool = False, **described: float) -> clips.NewClip:
    """The clip that begins at so many seconds."""
    start = position * RATE_HZ
    n_samples = round(length_s * RATE_HZ)
    key = sha256("clip", position, length_s)
    return clips.NewClip(
        start_sample=start, stop_sample=start + n_samples, object_key=f"{key.hex()}.wav", sha256=key, rate_hz=RATE_HZ,
        n_channels=1, n_samples=n_samples, peak_dbfs=None, rms_dbfs=-20.0, thumbnail=bytes(8),
        descriptors=Descriptors(**described),
        problems=(Problem(kind=ProblemKind.SILENT, message="no sound"),) if is_silent else (),
    )  # fmt: skip


def save_cuts(conn: Conn, project_id: int, operation_id: int, made: dict[int, list[clips.NewClip]], spec: str) -> None:
    """Cut these recordings by a segmenter of this name."""
    clips.save_cuts(conn, project_id, made, spec={"name": spec}, spec_sha256=sha256(spec), operation_id=operation_id)


def clip_ids(conn: Conn, project_id: int) -> list[int]:
    """The active clips, by id."""
    rows = conn.execute("SELECT clip_id FROM clip WHERE project_id = %s AND is_active ORDER BY clip_id", (project_id,))
    return [row[0] for row in rows]


def fill(conn: Conn, project_id: int, operation_id: int, *, n_recordings: int, n_clips_each: int) -> list[int]:
    """The ids of new clips, so many of each of so many new recordings."""
    ids = recordings.save_recordings(
        conn, project_id, [recording(f"{i:05}.wav") for i in range(n_recordings)], operation_id=operation_id
    )
    save_cuts(conn, project_id, operation_id, {i: [clip(k) for k in range(n_clips_each)] for i in ids}, "first")
    return clip_ids(conn, project_id)


@contextmanager
def people(conn: Conn, project_id: int, duties: Sequence[Duty]) -> Iterator[list[str]]:
    """The URLs of new logins with these duties in the project; they are gone afterwards."""
    names = [f"made_{next(_numbers)}_{conn.info.dbname}" for _ in duties]
    for name, duty in zip(names, duties, strict=True):
        accounts.add_person(conn, name, accounts.verifier_of(conn, name, PASSWORD))
        accounts.grant_duty(conn, project_id, name, duty)
    try:
        yield [_login(conn, name) for name in names]
    finally:
        for name in names:
            conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (name,))
            conn.execute(f"DROP ROLE {name}".encode())


@contextmanager
def logged_in(urls: Sequence[str]) -> Iterator[list[Conn]]:
    """A connection for each login."""
    opened: list[Conn] = []
    try:
        for url in urls:
            opened.append(connect(url, application_name="tests"))
        yield opened
    finally:
        for one in opened:
            one.close()


def _login(conn: Conn, name: str) -> str:
    info = conn.info
    return urlsplit(f"postgresql://{name}:{PASSWORD}@{info.host}:{info.port}/{info.dbname}").geturl()
