"""Which clips are nearest to a vector: by pgvector, under row level security."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.sql import SQL, Literal

from pipeline.catalog.halfvec import HalfVec
from pipeline.catalog.rows import scalar
from pipeline.core.errors import NotFound
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Float32

INDEX_ABOVE_N = 20_000
"""Up to so many embeddings looking at every one takes about a tenth of a second and is exact: an index would cost more
than it gives."""


@dataclass(frozen=True, kw_only=True)
class ServingEncoder:
    """The encoder whose embeddings serve."""

    encoder_id: int
    spec: PluginSpec
    n_dims: int


@dataclass(frozen=True, kw_only=True)
class FoundClip:
    """A clip that a search gives. ``cosine`` -1 to 1: how near its embedding is to what was asked for."""

    clip_id: int
    recording_name: str
    start_s: float
    duration_s: float
    is_redundant: bool
    cosine: float


def serving_encoder(conn: Connection[TupleRow], project_id: int) -> ServingEncoder:
    """The project's current encoder. Raises NotFound before the first embed."""
    row = conn.execute(
        "SELECT encoder_id, spec, n_dims FROM encoder WHERE project_id = %s AND is_current", (project_id,)
    ).fetchone()
    if row is None:
        raise NotFound("no embeddings in this project yet", do="run `earmark embed` first")
    return ServingEncoder(encoder_id=row[0], spec=PluginSpec.from_json(row[1]), n_dims=row[2])


def nearest_clips(
    conn: Connection[TupleRow],
    project_id: int,
    encoder: ServingEncoder,
    vector: Float32,
    *,
    n: int,
    without: Collection[int] = (),
    with_redundant: bool = False,
) -> list[FoundClip]:
    """The ``n`` active clips nearest to ``vector`` float32 (d,), nearest first.

    By the encoder's HNSW index if it has one (``index_embeddings``), else by looking at every embedding.
    """
    # An index knows vectors by their length and one encoder, so that both must stand in the statement.
    statement = SQL(
        """
        SELECT e.clip_id, r.name AS recording_name, c.start_sample::float8 / r.rate_hz AS start_s, c.duration_s,
          c.is_redundant, 1 - (e.vector::halfvec({n_dims}) <=> %(vector)s::halfvec({n_dims})) AS cosine
        FROM embedding e JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
        WHERE e.encoder_id = {encoder_id} AND e.project_id = %(project_id)s AND c.is_active
          AND (%(with_redundant)s OR NOT c.is_redundant) AND e.clip_id <> ALL(%(without)s)
        ORDER BY e.vector::halfvec({n_dims}) <=> %(vector)s::halfvec({n_dims}) LIMIT %(n)s
        """
    ).format(n_dims=Literal(encoder.n_dims), encoder_id=Literal(encoder.encoder_id))
    asked = {
        "vector": HalfVec(vector),
        "project_id": project_id,
        "with_redundant": with_redundant,
        "without": list(without),
        "n": n,
    }
    with conn.transaction(), conn.cursor(row_factory=class_row(FoundClip)) as cursor:
        if has_index(conn, encoder):
            # Else the index gives its 40 nearest, and hardly any may be left of this project's active clips.
            conn.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        return cursor.execute(statement, asked, prepare=False).fetchall()


def index_embeddings(
    conn: Connection[TupleRow], project_id: int, encoder_id: int, *, above_n: int = INDEX_ABOVE_N
) -> bool:
    """Give an encoder of more than ``above_n`` embeddings its HNSW index, and drop those of the project's others.

    Gives whether one was made now. Raises psycopg's InsufficientPrivilege for less than a researcher.
    """
    count = "SELECT count(*) FROM embedding WHERE encoder_id = %s AND project_id = %s"
    if int(scalar(conn.execute(count, (encoder_id, project_id)))) <= above_n:
        return False
    return bool(scalar(conn.execute("SELECT index_embeddings(%s)", (encoder_id,))))


def has_index(conn: Connection[TupleRow], encoder: ServingEncoder) -> bool:
    """Whether an HNSW index serves this encoder."""
    found = conn.execute(
        """
        SELECT EXISTS (SELECT FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'embedding'
          AND indexdef LIKE '%% USING hnsw %%' AND indexdef LIKE %s)
        """,
        (f"%encoder_id = {encoder.encoder_id})%",),
    )
    return bool(scalar(found))


def vectors_of(
    conn: Connection[TupleRow], project_id: int, encoder_id: int, clip_ids: Sequence[int]
) -> dict[int, Float32]:
    """The embeddings float32 (d,), of unit length, of those of the clips that have one; active or not."""
    rows = conn.execute(
        "SELECT clip_id, vector FROM embedding WHERE encoder_id = %s AND project_id = %s AND clip_id = ANY(%s)",
        (encoder_id, project_id, list(clip_ids)),
    ).fetchall()
    return {row[0]: row[1] / max(float(np.linalg.norm(row[1])), 1e-12) for row in rows}


def found_clips(conn: Connection[TupleRow], project_id: int, cosines: Sequence[tuple[int, float]]) -> list[FoundClip]:
    """The clips of pairs of clip id and cosine, in the order given."""
    with conn.cursor(row_factory=class_row(FoundClip)) as cursor:
        return cursor.execute(
            """
            SELECT c.clip_id, r.name AS recording_name, c.start_sample::float8 / r.rate_hz AS start_s, c.duration_s,
              c.is_redundant, asked.cosine
            FROM unnest(%s::bigint[], %s::float8[]) WITH ORDINALITY AS asked (clip_id, cosine, position)
            JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
            WHERE c.project_id = %s ORDER BY asked.position
            """,
            ([clip_id for clip_id, _ in cosines], [cosine for _, cosine in cosines], project_id),
        ).fetchall()
