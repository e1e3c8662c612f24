"""Many rows in one statement: whole columns as binary arrays, for INSERT … SELECT FROM unnest(…).

As fast as COPY, and unlike COPY it minds conflicts and is allowed under row level security.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection, Cursor
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format
from psycopg.rows import TupleRow

from pipeline.catalog.halfvec import HalfVec
from pipeline.core.errors import CatalogError
from pipeline.core.types import Float32

CHUNK_N = 20_000
"""Rows that one statement takes: some 10 MB, far below what a parameter may hold."""

_INT8, _FLOAT8, _TEXT, _BYTEA = 20, 701, 25, 17  # PostgreSQL's own numbers of these types, the same everywhere


@dataclass(frozen=True, eq=False)
class Column:
    """One column of n values on its way; in the statement it needs its type: ``%(name)s::bigint[]``."""

    data: bytes


def ints(values: Sequence[int | None]) -> Column:
    """For bigint[]."""
    is_null = _are_null(values)
    filled = values if is_null is None else [value or 0 for value in values]
    return _fixed(np.array(filled, np.int64), is_null, np.dtype(">i8"), _INT8)


def floats(values: Sequence[float | None]) -> Column:
    """For double precision[]."""
    return _fixed(np.array(values, np.float64), _are_null(values), np.dtype(">f8"), _FLOAT8)


def texts(values: Sequence[str | None]) -> Column:
    """For text[]."""
    return _varied([None if value is None else value.encode() for value in values], _TEXT)


def blobs(values: Sequence[bytes | None]) -> Column:
    """For bytea[]."""
    return _varied(values, _BYTEA)


def halfvecs(conn: Connection[TupleRow], vectors: Sequence[Float32]) -> Column:
    """For halfvec[], from float32 (d,) each. Raises CatalogError for what 16 bits cannot hold, or without pgvector."""
    info = conn.adapters.types.get("halfvec")
    if info is None:
        raise CatalogError("the database has no halfvec", which=conn.info.dbname)
    return _varied([HalfVec(vector).to_bytes() for vector in vectors], info.oid)


def execute(conn: Connection[TupleRow], statement: LiteralString, parameters: Mapping[str, Any]) -> Cursor[TupleRow]:
    """Run a statement some of whose parameters are columns. It is planned for the tables as they are now.

    A statement prepared while its tables were empty would read them from end to end when they are full.
    """
    cursor = conn.cursor()
    cursor.adapters.register_dumper(Column, _ColumnDumper)
    return cursor.execute(statement, parameters, prepare=False)


class _ColumnDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Column) -> Buffer:
        return obj.data


def _are_null(values: Sequence[object]) -> NDArray[np.bool_] | None:
    """Which are None, bool (n,); None if there is not one."""
    return np.array([value is None for value in values], bool) if None in values else None


def _fixed(values: NDArray[Any], is_null: NDArray[np.bool_] | None, dtype: np.dtype[Any], oid: int) -> Column:
    rows = np.empty(len(values), dtype=[("length", ">i4"), ("value", dtype)])
    rows["length"] = dtype.itemsize
    rows["value"] = values
    if is_null is None:
        return Column(_head(len(values), oid, has_null=False) + rows.tobytes())
    rows["length"][is_null] = -1
    raw = rows.view(np.uint8).reshape(len(values), -1)
    is_kept = np.ones(raw.shape, bool)
    is_kept[is_null, 4:] = False  # a null is its length -1 and nothing more
    return Column(_head(len(values), oid, has_null=True) + raw[is_kept].tobytes())


def _varied(values: Sequence[bytes | None], oid: int) -> Column:
    lengths = np.array([-1 if value is None else len(value) for value in values], ">i4")
    head = _head(len(values), oid, has_null=None in values)
    if len(values) and (lengths == lengths[0]).all() and lengths[0] > 0:
        joined = np.frombuffer(b"".join(value or b"" for value in values), np.uint8).reshape(len(values), -1)
        return Column(head + np.hstack([lengths.view(np.uint8).reshape(-1, 4), joined]).tobytes())
    packed = lengths.tobytes()
    parts = [head]
    for i, value in enumerate(values):
        parts.append(packed[4 * i : 4 * i + 4])
        parts.append(value or b"")
    return Column(b"".join(parts))


def _head(n: int, oid: int, *, has_null: bool) -> bytes:
    """Dimensions, whether there are nulls, the elements' type; then the length and the lower bound of the one."""
    return struct.pack(">iiIii", 1, has_null, oid, n, 1) if n else struct.pack(">iiI", 0, 0, oid)
