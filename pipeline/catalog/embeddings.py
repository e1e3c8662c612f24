"""Encoders, the embeddings that they made, and the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from pipeline.catalog import columns
from pipeline.catalog.clips import ClipSound
from pipeline.catalog.rows import scalar
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Float32

_CHUNK_N = 5_000  # vectors are long


@dataclass(frozen=True, kw_only=True)
class ClipVectors:
    """Active clips with their embeddings: row i of ``vectors`` float32 (n, d) belongs to clip ``clip_ids[i]``."""

    clip_ids: list[int]
    vectors: Float32


@dataclass(frozen=True, kw_only=True)
class ClipPlaces:
    """Clips with their places: row i of ``places`` float32 (n, 2), in [-1, 1], belongs to clip ``clip_ids[i]``."""

    clip_ids: list[int]
    places: Float32


def use_encoder(conn: Connection[TupleRow], project_id: int, spec: PluginSpec, *, n_dims: int) -> int:
    """The encoder's id, made if it is new. It is not yet the current one: see ``set_current``."""
    return int(
        scalar(
            conn.execute(
                """
                INSERT INTO encoder (project_id, spec, spec_sha256, n_dims) VALUES (%s, %s, %s, %s)
                ON CONFLICT (project_id, spec_sha256) DO UPDATE SET n_dims = excluded.n_dims
                RETURNING encoder_id
                """,
                (project_id, Jsonb(spec.to_json()), spec.sha256(), n_dims),
            )
        )
    )


def set_current(conn: Connection[TupleRow], project_id: int, encoder_id: int) -> None:
    """Let this encoder's embeddings serve from now on; the others are kept."""
    conn.execute(
        "UPDATE encoder SET is_current = false WHERE project_id = %s AND is_current AND encoder_id <> %s",
        (project_id, encoder_id),
    )
    conn.execute("UPDATE encoder SET is_current = true WHERE encoder_id = %s AND NOT is_current", (encoder_id,))


def current_encoder(conn: Connection[TupleRow], project_id: int) -> int | None:
    """The id of the encoder that serves, None before the first embed."""
    row = conn.execute("SELECT encoder_id FROM encoder WHERE project_id = %s AND is_current", (project_id,)).fetchone()
    return None if row is None else row[0]


def clips_to_embed(conn: Connection[TupleRow], project_id: int, encoder_id: int) -> list[ClipSound]:
    """The active clips without an embedding by this encoder, by id."""
    rows = conn.execute(
        """
        SELECT clip_id, object_key, sha256, rate_hz, duration_s FROM clip c
        WHERE project_id = %s AND is_active
          AND NOT EXISTS (SELECT FROM embedding e WHERE e.encoder_id = %s AND e.clip_id = c.clip_id)
        ORDER BY clip_id
        """,
        (project_id, encoder_id),
    )
    return [ClipSound(clip_id=r[0], object_key=r[1], sha256=r[2], rate_hz=r[3], duration_s=r[4]) for r in rows]


def count_embedded(conn: Connection[TupleRow], project_id: int, encoder_id: int) -> int:
    """How many active clips have an embedding by this encoder."""
    cursor = conn.execute(
        """
        SELECT count(*) FROM embedding e JOIN clip c USING (clip_id)
        WHERE e.encoder_id = %s AND e.project_id = %s AND c.is_active
        """,
        (encoder_id, project_id),
    )
    return int(scalar(cursor))


def read_places(conn: Connection[TupleRow], encoder_id: int) -> ClipPlaces:
    """The encoder's whole map, by clip id: clips that rest or are redundant too."""
    rows = conn.execute(
        "SELECT clip_id, x, y FROM map_point WHERE encoder_id = %s ORDER BY clip_id", (encoder_id,)
    ).fetchall()
    return ClipPlaces(
        clip_ids=[row[0] for row in rows], places=np.array([row[1:3] for row in rows], np.float32).reshape(-1, 2)
    )


def save_embeddings(
    conn: Connection[TupleRow], project_id: int, encoder_id: int, vectors: Sequence[tuple[int, Float32]]
) -> None:
    """Keep pairs of clip id and vector float32 (d,); a clip embedded already is left alone."""
    for at in range(0, len(vectors), _CHUNK_N):
        chunk = vectors[at : at + _CHUNK_N]
        columns.execute(
            conn,
            """
            INSERT INTO embedding (encoder_id, clip_id, project_id, vector)
            SELECT %(encoder_id)s, x.clip_id, %(project_id)s, x.vector
            FROM unnest(%(clip_id)s::bigint[], %(vector)s::halfvec[]) x (clip_id, vector)
            ON CONFLICT (encoder_id, clip_id) DO NOTHING
            """,
            {
                "encoder_id": encoder_id,
                "project_id": project_id,
                "clip_id": columns.ints([clip_id for clip_id, _ in chunk]),
                "vector": columns.halfvecs(conn, [vector for _, vector in chunk]),
            },
        )


def read_vectors(
    conn: Connection[TupleRow], project_id: int, encoder_id: int, *, with_redundant: bool = True
) -> ClipVectors:
    """The active clips that have an embedding by this encoder, by clip id."""
    rows = conn.execute(
        """
        SELECT e.clip_id, e.vector FROM embedding e JOIN clip c USING (clip_id)
        WHERE e.encoder_id = %s AND e.project_id = %s AND c.is_active AND (%s OR NOT c.is_redundant)
        ORDER BY e.clip_id
        """,
        (encoder_id, project_id, with_redundant),
    ).fetchall()
    vectors = np.stack([row[1] for row in rows]) if rows else np.zeros((0, 0), np.float32)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True) if rows else np.ones((0, 1), np.float32)
    unit = (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)  # half precision loosens unit length
    return ClipVectors(clip_ids=[row[0] for row in rows], vectors=unit)


def save_map(
    conn: Connection[TupleRow], project_id: int, encoder_id: int, clip_ids: Sequence[int], places: Float32
) -> None:
    """Replace the map of this encoder: place ``places[i]`` float32 (2,) for clip ``clip_ids[i]``."""
    conn.execute("DELETE FROM map_point WHERE encoder_id = %s", (encoder_id,))
    add_places(conn, project_id, encoder_id, clip_ids, places)


def add_places(
    conn: Connection[TupleRow], project_id: int, encoder_id: int, clip_ids: Sequence[int], places: Float32
) -> None:
    """Put clips on the map of this encoder beside those that are there; one that has a place keeps it."""
    for at in range(0, len(clip_ids), columns.CHUNK_N):
        chunk = places[at : at + columns.CHUNK_N]
        columns.execute(
            conn,
            """
            INSERT INTO map_point (encoder_id, clip_id, project_id, x, y)
            SELECT %(encoder_id)s, x.clip_id, %(project_id)s, x.x, x.y
            FROM unnest(%(clip_id)s::bigint[], %(x)s::float8[], %(y)s::float8[]) x (clip_id, x, y)
            ON CONFLICT (encoder_id, clip_id) DO NOTHING
            """,
            {
                "encoder_id": encoder_id,
                "project_id": project_id,
                "clip_id": columns.ints(clip_ids[at : at + columns.CHUNK_N]),
                "x": columns.floats(chunk[:, 0].tolist()),
                "y": columns.floats(chunk[:, 1].tolist()),
            },
        )


@dataclass(frozen=True, kw_only=True)
class MapPoints:
    """The map as a screen draws it; entry i of every list belongs to one clip.

    ``categories`` are the clips' labels (people's answer first, else what the files carried), None without.
    """

    clip_ids: list[int]
    places: Float32
    names: list[str]
    categories: list[str | None]
    is_redundant: list[bool]


def read_map(conn: Connection[TupleRow], project_id: int) -> MapPoints:
    """The current encoder's map of the active clips, by clip id; empty before the first embed."""
    rows = conn.execute(
        """
        SELECT m.clip_id, m.x, m.y, r.name, answer.label, c.is_redundant
        FROM encoder e JOIN map_point m USING (encoder_id) JOIN clip c USING (clip_id)
        JOIN recording r USING (recording_id)
        LEFT JOIN LATERAL (
          SELECT l.name AS label FROM current_annotation a JOIN label l USING (label_id)
          WHERE a.project_id = c.project_id AND a.clip_id = c.clip_id
          ORDER BY a.source <> 'human', a.created_at DESC LIMIT 1
        ) answer ON true
        WHERE e.project_id = %s AND e.is_current AND c.is_active ORDER BY m.clip_id
        """,
        (project_id,),
    ).fetchall()
    return MapPoints(
        clip_ids=[row[0] for row in rows],
        places=np.array([row[1:3] for row in rows], np.float32).reshape(-1, 2),
        names=[row[3] for row in rows],
        categories=[row[4] for row in rows],
        is_redundant=[row[5] for row in rows],
    )
