"""Datasets: what is released, frozen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.errors import CheckViolation
from psycopg.rows import TupleRow, class_row, kwargs_row
from psycopg.types.json import Jsonb

from pipeline.catalog import columns
from pipeline.catalog.rows import scalar
from pipeline.core.errors import CatalogError, NotFound
from pipeline.core.types import DatasetVersion, ReleaseItem


@dataclass(frozen=True, kw_only=True)
class ReleasableClip:
    """A clip that has a settled label, with all that ties it to others.

    ``groups`` are the keys (recording, source group, near-duplicate group) that must not straddle splits.
    """

    clip_id: int
    label: str
    confidence: float
    n_votes: int
    object_key: str
    sha256: bytes
    rate_hz: int
    n_channels: int
    n_samples: int
    recording_uri: str
    start_sample: int
    stop_sample: int
    groups: list[str]
    also: list[str]


def releasable_clips(
    conn: Connection[TupleRow], project_id: int, *, min_confidence: float, people_only: bool
) -> list[ReleasableClip]:
    """The active, not redundant clips whose consensus is an undisputed label, by clip id."""
    with conn.cursor(row_factory=class_row(ReleasableClip)) as cursor:
        return cursor.execute(
            """
            SELECT c.clip_id, l.name AS label, s.confidence, s.n_votes, c.object_key, c.sha256, c.rate_hz, c.n_channels,
              c.n_samples, r.uri AS recording_uri, c.start_sample, c.stop_sample,
              array_remove(ARRAY['recording:' || encode(r.pcm_sha256, 'hex'), 'source:' || r.source_group,
                                 'duplicate:' || d.duplicate_group_id], NULL) AS groups,
              ARRAY(SELECT m.name FROM label m WHERE m.label_id = ANY (s.also_label_ids) ORDER BY m.position) AS also
            FROM clip c JOIN consensus s USING (clip_id) JOIN label l USING (label_id)
            JOIN recording r USING (recording_id) LEFT JOIN duplicate d USING (clip_id)
            WHERE c.project_id = %(project_id)s AND c.is_active AND NOT c.is_redundant AND NOT s.is_disputed
              AND s.confidence >= %(min_confidence)s
              AND (NOT %(people_only)s OR EXISTS (
                SELECT FROM current_annotation a
                WHERE a.project_id = c.project_id AND a.clip_id = c.clip_id AND a.source = 'human'))
            ORDER BY c.clip_id
            """,
            {"project_id": project_id, "min_confidence": min_confidence, "people_only": people_only},
        ).fetchall()


def next_version(conn: Connection[TupleRow], project_id: int, name: str) -> tuple[int, int]:
    """The dataset's id and the number of its next version; the row stays locked till the transaction ends.

    Raises CatalogError for a name that a dataset cannot have.
    """
    try:
        cursor = conn.execute(
            """
            INSERT INTO dataset (project_id, name) VALUES (%s, %s)
            ON CONFLICT (project_id, name) DO UPDATE SET name = excluded.name RETURNING dataset_id
            """,
            (project_id, name),
        )
    except CheckViolation as error:
        raise CatalogError(
            "a dataset cannot have this name",
            which=repr(name),
            expected="a letter or digit, then letters, digits, dot, dash and underscore, 63 at most",
        ) from error
    dataset_id = scalar(cursor)
    version = scalar(
        conn.execute("SELECT coalesce(max(version), 0) + 1 FROM dataset_version WHERE dataset_id = %s", (dataset_id,))
    )
    return int(dataset_id), int(version)


def freeze_version(
    conn: Connection[TupleRow],
    project_id: int,
    *,
    dataset_id: int,
    version: int,
    spec: Mapping[str, Any],
    items: Sequence[ReleaseItem],
    manifest_sha256: bytes,
    operation_id: int,
) -> DatasetVersion:
    """Write the version and its items, from now on unchangeable."""
    version_id = scalar(
        conn.execute(
            """
            INSERT INTO dataset_version (project_id, dataset_id, version, spec, n_items, manifest_sha256, operation_id)
            VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING dataset_version_id
            """,
            (project_id, dataset_id, version, Jsonb(dict(spec)), len(items), manifest_sha256, operation_id),
        )
    )
    for at in range(0, len(items), columns.CHUNK_N):
        _save_items(conn, project_id, version_id, items[at : at + columns.CHUNK_N])
    return _read_version(conn, project_id, version_id)


def list_versions(conn: Connection[TupleRow], project_id: int) -> list[DatasetVersion]:
    """The project's dataset versions, newest first."""
    with conn.cursor(row_factory=class_row(DatasetVersion)) as cursor:
        return cursor.execute(
            """
            SELECT v.dataset_version_id, d.name AS dataset, v.version, v.n_items, v.manifest_sha256,
              v.created_at AS frozen_at, v.author
            FROM dataset_version v JOIN dataset d USING (dataset_id)
            WHERE v.project_id = %s ORDER BY v.dataset_version_id DESC
            """,
            (project_id,),
        ).fetchall()


def find_version(conn: Connection[TupleRow], project_id: int, name: str, version: int | None) -> DatasetVersion:
    """A version of a dataset, the latest if None. Raises NotFound."""
    for found in list_versions(conn, project_id):
        if found.dataset == name and version in (None, found.version):
            return found
    raise NotFound(
        "no such dataset version",
        which=f"{name} version {version or 'latest'}",
        do="list them by `earmark status`, or freeze one by `earmark release`",
    )


def read_items(conn: Connection[TupleRow], project_id: int, dataset_version_id: int) -> list[ReleaseItem]:
    """The frozen items of a version, by clip id."""
    with conn.cursor(row_factory=kwargs_row(_item)) as cursor:
        return cursor.execute(
            """
            SELECT clip_id, split, label, confidence, n_votes, object_key, sha256, rate_hz, n_channels, n_samples,
              recording_uri, start_sample, stop_sample, split_group AS group, also
            FROM dataset_item WHERE project_id = %s AND dataset_version_id = %s ORDER BY clip_id
            """,
            (project_id, dataset_version_id),
        ).fetchall()


def count_splits(conn: Connection[TupleRow], project_id: int, dataset_version_id: int) -> list[tuple[str, str, int]]:
    """Split, label and number of clips of a version."""
    return conn.execute(
        """
        SELECT split, label, count(*) FROM dataset_item WHERE project_id = %s AND dataset_version_id = %s
        GROUP BY split, label ORDER BY split, label
        """,
        (project_id, dataset_version_id),
    ).fetchall()


def _item(**values: Any) -> ReleaseItem:
    also: list[str] = values.pop("also")
    return ReleaseItem(**values, also=tuple(also))


def _save_items(conn: Connection[TupleRow], project_id: int, version_id: int, items: Sequence[ReleaseItem]) -> None:
    columns.execute(
        conn,
        """
        INSERT INTO dataset_item (dataset_version_id, project_id, clip_id, split, label, confidence, n_votes,
          object_key, sha256, rate_hz, n_channels, n_samples, recording_uri, start_sample, stop_sample, split_group,
          also)
        SELECT %(version_id)s, %(project_id)s, x.clip_id, x.split, x.label, x.confidence, x.n_votes, x.object_key,
          x.sha256, x.rate_hz, x.n_channels, x.n_samples, x.recording_uri, x.start_sample, x.stop_sample,
          x.split_group, ARRAY(SELECT jsonb_array_elements_text(x.also::jsonb))
        FROM unnest(
          %(clip_id)s::bigint[], %(split)s::text[], %(label)s::text[], %(confidence)s::float8[], %(n_votes)s::bigint[],
          %(object_key)s::text[], %(sha256)s::bytea[], %(rate_hz)s::bigint[], %(n_channels)s::bigint[],
          %(n_samples)s::bigint[], %(recording_uri)s::text[], %(start_sample)s::bigint[], %(stop_sample)s::bigint[],
          %(group)s::text[], %(also)s::text[])
          x (clip_id, split, label, confidence, n_votes, object_key, sha256, rate_hz, n_channels, n_samples,
             recording_uri, start_sample, stop_sample, split_group, also)
        """,
        {
            "version_id": version_id,
            "project_id": project_id,
            "clip_id": columns.ints([i.clip_id for i in items]),
            "split": columns.texts([i.split for i in items]),
            "label": columns.texts([i.label for i in items]),
            "confidence": columns.floats([i.confidence for i in items]),
            "n_votes": columns.ints([i.n_votes for i in items]),
            "object_key": columns.texts([i.object_key for i in items]),
            "sha256": columns.blobs([i.sha256 for i in items]),
            "rate_hz": columns.ints([i.rate_hz for i in items]),
            "n_channels": columns.ints([i.n_channels for i in items]),
            "n_samples": columns.ints([i.n_samples for i in items]),
            "recording_uri": columns.texts([i.recording_uri for i in items]),
            "start_sample": columns.ints([i.start_sample for i in items]),
            "stop_sample": columns.ints([i.stop_sample for i in items]),
            "group": columns.texts([i.group for i in items]),
            "also": columns.texts([json.dumps(i.also) for i in items]),
        },
    )


def _read_version(conn: Connection[TupleRow], project_id: int, version_id: int) -> DatasetVersion:
    for found in list_versions(conn, project_id):
        if found.dataset_version_id == version_id:
            return found
    raise NotFound("no such dataset version", which=version_id)
