"""Embeddings between numpy and pgvector's halfvec: 16-bit floats in the database, float32 in Python."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import psycopg
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.pq import Format
from psycopg.types import TypeInfo

from pipeline.core.errors import CatalogError
from pipeline.core.types import Float32

MAX_DIMS = 16_000


@dataclass(frozen=True, eq=False)
class HalfVec:
    """A vector float32 (d,) on its way into a halfvec column, 1 <= d <= 16000.

    Raises CatalogError for another shape and for values that 16 bits cannot hold (beyond 65504, not finite).
    """

    values: Float32

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or not 1 <= self.values.shape[0] <= MAX_DIMS:
            raise CatalogError("not a vector for halfvec", expected=f"1 to {MAX_DIMS} values", got=self.values.shape)
        with np.errstate(over="ignore"):
            is_held = bool(np.isfinite(self.values.astype(np.float16)).all())
        if not is_held:
            raise CatalogError("a value does not fit halfvec", expected="finite, at most 65504")

    def to_bytes(self) -> bytes:
        """int16 length, int16 zero, then the values as big-endian 16-bit floats: the database's own binary form."""
        return struct.pack(">HH", self.values.shape[0], 0) + self.values.astype(">f2").tobytes()


def has_halfvec(conn: psycopg.Connection[Any]) -> bool:
    """Whether pgvector with halfvec is in this database's schema public."""
    row = conn.execute("SELECT to_regtype('public.halfvec') IS NOT NULL").fetchone()
    return row is not None and bool(row[0])


def register_halfvec(conn: psycopg.Connection[Any]) -> None:
    """From now on this connection takes HalfVec and gives float32 (d,), in text and in binary, also in COPY.

    Raises CatalogError if pgvector is not in this database.
    """
    # The fully qualified name: people's connections may look elsewhere.
    info = TypeInfo.fetch(conn, "public.halfvec")
    if info is None:
        raise CatalogError(
            "the database has no halfvec",
            which=conn.info.dbname,
            expected="pgvector 0.7 or newer in schema public",
            do="have an administrator run CREATE EXTENSION vector SCHEMA public",
        )
    info.register(conn)
    for dumper in (_TextDumper, _BinaryDumper):
        # A class of this connection's own: the type has another oid in every database.
        bound = cast(type[Dumper], type(dumper.__name__, (dumper,), {"oid": info.oid}))
        conn.adapters.register_dumper(HalfVec, bound)
    for loader in (_TextLoader, _BinaryLoader):
        conn.adapters.register_loader(info.oid, loader)


class _TextDumper(Dumper):
    format = Format.TEXT

    def dump(self, obj: HalfVec) -> Buffer:
        halves = obj.values.astype(np.float16)
        return ("[" + ",".join(map(str, halves.tolist())) + "]").encode()


class _BinaryDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: HalfVec) -> Buffer:
        return obj.to_bytes()


class _TextLoader(Loader):
    format = Format.TEXT

    def load(self, data: Buffer) -> Float32:
        return np.array(bytes(data)[1:-1].split(b","), dtype=np.float32)


class _BinaryLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> Float32:
        return np.frombuffer(data, dtype=">f2", offset=4).astype(np.float32)
