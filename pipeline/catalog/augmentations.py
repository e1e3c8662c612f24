"""Augmentations: clips made from clips, each with its parent, its full spec and its seed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.errors import CheckViolation
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from pipeline.core.errors import CatalogError, NotFound
from pipeline.core.plugin_spec import PluginSpec


@dataclass(frozen=True, kw_only=True)
class AugmentationRow:
    """An augmentation as a list shows it. ``n_written`` of its ``n_clips`` lie in the store as files."""

    augmentation_id: int
    name: str
    spec: dict[str, Any]
    n_clips: int
    n_written: int
    author: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewAugmentedClip:
    """An augmented clip as augment makes it: of which parent, by what, and what came out."""

    clip_id: int
    position: int
    spec: Mapping[str, Any]
    seed: int
    sha256: bytes
    rate_hz: int
    n_channels: int
    n_samples: int


@dataclass(frozen=True, kw_only=True)
class AugmentedClip:
    """An augmented clip with all that rebuilds it. ``object_key`` is None until its file is written."""

    augmented_clip_id: int
    augmentation: str
    clip_id: int
    position: int
    spec: dict[str, Any]
    seed: int
    sha256: bytes
    rate_hz: int
    n_channels: int
    n_samples: int
    object_key: str | None


def use_augmentation(
    conn: Connection[TupleRow], project_id: int, name: str, *, spec: Mapping[str, Any], operation_id: int
) -> int:
    """The id of the augmentation ``name``, made if there is none.

    Raises CatalogError if one of this name was made by another spec, or the name cannot be had.
    """
    spec_sha256 = PluginSpec(name="augment", params=spec).sha256()
    try:
        conn.execute(
            """
            INSERT INTO augmentation (project_id, name, spec, spec_sha256, operation_id) VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (project_id, name) DO NOTHING
            """,
            (project_id, name, Jsonb(dict(spec)), spec_sha256, operation_id),
        )
    except CheckViolation as error:
        raise CatalogError(
            "an augmentation cannot have this name",
            which=repr(name[:80]),
            expected="a letter or digit, then letters, digits, dot, dash and underscore, 63 at most",
        ) from error
    row = conn.execute(
        "SELECT augmentation_id, spec_sha256, spec FROM augmentation WHERE project_id = %s AND name = %s",
        (project_id, name),
    ).fetchone()
    if row is None:
        raise NotFound("no such augmentation", which=name)
    if row[1] != spec_sha256:
        differing = sorted(key for key in {*spec, *row[2]} if spec.get(key) != row[2].get(key))
        raise CatalogError(
            "an augmentation of this name was made by another spec",
            which=name,
            got=f"another {', '.join(differing)}",
            do="choose another name, or give the same spec to complete it",
        )
    return int(row[0])


def find_augmentation(conn: Connection[TupleRow], project_id: int, name: str) -> AugmentationRow:
    """The augmentation of this name. Raises NotFound, naming those there are."""
    rows = list_augmentations(conn, project_id)
    for row in rows:
        if row.name == name:
            return row
    names = ", ".join(row.name for row in rows)
    raise NotFound(
        "no augmentation of this name",
        which=name,
        expected=f"one of {names}" if names else "an augmentation",
        do="make it by `earmark augment`",
    )


def list_augmentations(conn: Connection[TupleRow], project_id: int) -> list[AugmentationRow]:
    """The project's augmentations, newest first."""
    with conn.cursor(row_factory=class_row(AugmentationRow)) as cursor:
        return cursor.execute(
            """
            SELECT a.augmentation_id, a.name, a.spec, count(x.augmented_clip_id) AS n_clips,
              count(x.object_key) AS n_written, a.author, a.created_at
            FROM augmentation a LEFT JOIN augmented_clip x USING (augmentation_id)
            WHERE a.project_id = %s GROUP BY a.augmentation_id ORDER BY a.augmentation_id DESC
            """,
            (project_id,),
        ).fetchall()


def made_already(conn: Connection[TupleRow], augmentation_id: int) -> set[tuple[int, int]]:
    """Clip id of the parent and position of every augmented clip there is."""
    rows = conn.execute("SELECT clip_id, position FROM augmented_clip WHERE augmentation_id = %s", (augmentation_id,))
    return {(row[0], row[1]) for row in rows}


def save_augmented(
    conn: Connection[TupleRow], project_id: int, augmentation_id: int, made: Sequence[NewAugmentedClip]
) -> None:
    """Keep what was made; what another run made meanwhile stays as it is."""
    conn.cursor().executemany(
        """
        INSERT INTO augmented_clip (augmentation_id, project_id, clip_id, position, spec, seed, sha256, rate_hz,
          n_channels, n_samples)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (augmentation_id, clip_id, position) DO NOTHING
        """,
        [
            (
                augmentation_id,
                project_id,
                clip.clip_id,
                clip.position,
                Jsonb(dict(clip.spec)),
                clip.seed,
                clip.sha256,
                clip.rate_hz,
                clip.n_channels,
                clip.n_samples,
            )
            for clip in made
        ],
    )


def augmented_clips(conn: Connection[TupleRow], project_id: int, name: str) -> list[AugmentedClip]:
    """The clips of an augmentation, by parent and position; empty if there is none of this name."""
    with conn.cursor(row_factory=class_row(AugmentedClip)) as cursor:
        return cursor.execute(
            """
            SELECT x.augmented_clip_id, a.name AS augmentation, x.clip_id, x.position, x.spec, x.seed, x.sha256,
              x.rate_hz, x.n_channels, x.n_samples, x.object_key
            FROM augmented_clip x JOIN augmentation a USING (augmentation_id)
            WHERE x.project_id = %s AND a.name = %s ORDER BY x.clip_id, x.position
            """,
            (project_id, name),
        ).fetchall()


def augmented_clip(conn: Connection[TupleRow], project_id: int, augmented_clip_id: int) -> AugmentedClip | None:
    """One augmented clip, None if this person sees no such one."""
    with conn.cursor(row_factory=class_row(AugmentedClip)) as cursor:
        return cursor.execute(
            """
            SELECT x.augmented_clip_id, a.name AS augmentation, x.clip_id, x.position, x.spec, x.seed, x.sha256,
              x.rate_hz, x.n_channels, x.n_samples, x.object_key
            FROM augmented_clip x JOIN augmentation a USING (augmentation_id)
            WHERE x.project_id = %s AND x.augmented_clip_id = %s
            """,
            (project_id, augmented_clip_id),
        ).fetchone()


def note_written(conn: Connection[TupleRow], written: Collection[tuple[int, str]]) -> None:
    """Note where the files of augmented clips lie: id and key in the store."""
    conn.cursor().executemany(
        "UPDATE augmented_clip SET object_key = %s WHERE augmented_clip_id = %s", [(key, i) for i, key in written]
    )


def clips_to_augment(conn: Connection[TupleRow], project_id: int) -> list[int]:
    """The ids of all active clips that are not redundant, in order."""
    rows = conn.execute(
        "SELECT clip_id FROM clip WHERE project_id = %s AND is_active AND NOT is_redundant ORDER BY clip_id",
        (project_id,),
    )
    return [row[0] for row in rows]


def tied_clips(conn: Connection[TupleRow], project_id: int, clip_ids: Collection[int]) -> set[int]:
    """The clips that share a recording's sound, a source group or a near-duplicate group with one of these.

    These themselves as well: whatever must not lie in another split than they do.
    """
    rows = conn.execute(
        """
        WITH tie AS (
          SELECT c.clip_id, unnest(array_remove(ARRAY['recording:' || encode(r.pcm_sha256, 'hex'),
            'source:' || r.source_group, 'duplicate:' || d.duplicate_group_id], NULL)) AS key
          FROM clip c JOIN recording r USING (recording_id) LEFT JOIN duplicate d USING (clip_id)
          WHERE c.project_id = %s)
        SELECT DISTINCT clip_id FROM tie WHERE key IN (SELECT key FROM tie WHERE clip_id = ANY(%s))
        """,
        (project_id, list(clip_ids)),
    )
    return {row[0] for row in rows} | set(clip_ids)
