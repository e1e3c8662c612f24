"""What is known of clips as columns: numbers and texts that a selection may weigh, bound or balance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection
from psycopg.rows import TupleRow

from pipeline.core.errors import NotFound
from pipeline.core.types import Float32

NUMBERS = (
    *("duration_s", "peak_dbfs", "rms_dbfs", "loudness_lufs", "snr_db", "silence_ratio", "clipped_ratio"),
    *("dc_offset", "bandwidth_hz"),
)
TEXTS = ("recording", "source_group")
LABEL, PREDICTION, CONFIDENCE = "label", "prediction", "confidence"
COLUMNS = (LABEL, PREDICTION, CONFIDENCE, *NUMBERS, *TEXTS)

Column = NDArray[np.float64] | NDArray[np.object_]


def read_columns(
    conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int], names: Sequence[str]
) -> dict[str, Column]:
    """The named columns, entry i for clip ``clip_ids[i]``: float64 with NaN, or texts with None, where nothing is.

    ``label`` is a person's latest answer, else what came with the files; ``prediction`` and ``confidence`` are the
    model's, else what the review queue proposed. Raises NotFound for a column that there is not.
    """
    if unknown := [name for name in names if name not in COLUMNS]:
        raise NotFound("no such column of clips", which=", ".join(unknown), expected=f"one of {', '.join(COLUMNS)}")
    asked, found = list(clip_ids), dict[str, Column]()
    if {*names} & {*NUMBERS, *TEXTS}:
        rows = _known_of_clips(conn, project_id, asked)
        for place, name in enumerate((*NUMBERS, *TEXTS)):
            found[name] = _column([row[place] for row in rows], is_text=name in TEXTS)
    if LABEL in names:
        labels = _labels(conn, project_id)
        found[LABEL] = _column([labels.get(clip_id) for clip_id in asked], is_text=True)
    if {PREDICTION, CONFIDENCE} & {*names}:
        said = _predictions(conn, project_id)
        found[PREDICTION] = _column([said.get(clip_id, (None, None))[0] for clip_id in asked], is_text=True)
        found[CONFIDENCE] = _column([said.get(clip_id, (None, None))[1] for clip_id in asked], is_text=False)
    return {name: found[name] for name in names}


def read_some_vectors(conn: Connection[TupleRow], project_id: int, encoder_id: int, clip_ids: Sequence[int]) -> Float32:
    """The embeddings float32 (m, d), rows of unit length, of those of these clips that have one, redundant or not."""
    rows = conn.execute(
        "SELECT vector FROM embedding WHERE project_id = %s AND encoder_id = %s AND clip_id = ANY(%s) ORDER BY clip_id",
        (project_id, encoder_id, list(clip_ids)),
    ).fetchall()
    vectors = np.stack([row[0] for row in rows]) if rows else np.zeros((0, 0), np.float32)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True) if rows else np.ones((0, 1), np.float32)
    return (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)


def selection_detail(conn: Connection[TupleRow], project_id: int, name: str) -> dict[str, Any]:
    """What the run that made this selection wrote of it; empty for none, or while it runs."""
    row = conn.execute(
        """
        SELECT o.detail FROM selection s JOIN operation_outcome o USING (operation_id)
        WHERE s.project_id = %s AND s.name = %s
        """,
        (project_id, name),
    ).fetchone()
    return {} if row is None else row[0]


def _known_of_clips(conn: Connection[TupleRow], project_id: int, clip_ids: list[int]) -> list[TupleRow]:
    return conn.execute(
        """
        SELECT c.duration_s, c.peak_dbfs, c.rms_dbfs, c.loudness_lufs, c.snr_db, c.silence_ratio, c.clipped_ratio,
          c.dc_offset, c.bandwidth_hz, r.name, r.source_group
        FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked (clip_id, position)
        JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
        WHERE c.project_id = %s ORDER BY asked.position
        """,
        (clip_ids, project_id),
    ).fetchall()


def _labels(conn: Connection[TupleRow], project_id: int) -> dict[int, str]:
    rows = conn.execute(
        """
        SELECT DISTINCT ON (a.clip_id) a.clip_id, l.name FROM current_annotation a JOIN label l USING (label_id)
        WHERE a.project_id = %s AND a.source <> 'model'
        ORDER BY a.clip_id, a.source <> 'human', a.created_at DESC
        """,
        (project_id,),
    )
    return dict(rows.fetchall())


def _predictions(conn: Connection[TupleRow], project_id: int) -> dict[int, tuple[str, float | None]]:
    rows = conn.execute(
        """
        SELECT DISTINCT ON (p.clip_id) p.clip_id, l.name, p.confidence
        FROM (
          SELECT a.clip_id, a.label_id, a.confidence, a.created_at, 0 AS rank FROM current_annotation a
          WHERE a.project_id = %(p)s AND a.source = 'model' AND a.label_id IS NOT NULL
          UNION ALL
          SELECT v.clip_id, v.proposed_label_id, v.proposed_confidence, v.created_at, 1 FROM review v
          WHERE v.project_id = %(p)s AND v.proposed_label_id IS NOT NULL
        ) p JOIN label l USING (label_id)
        ORDER BY p.clip_id, p.rank, p.created_at DESC
        """,
        {"p": project_id},
    )
    return {clip_id: (name, confidence) for clip_id, name, confidence in rows}


def _column(values: list[Any], *, is_text: bool) -> Column:
    if is_text:
        texts = np.empty(len(values), dtype=object)
        texts[:] = values
        return texts
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
