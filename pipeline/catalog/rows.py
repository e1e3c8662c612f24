"""Reading what a statement gives back."""

from __future__ import annotations

from typing import Any

from psycopg import Cursor

from pipeline.core.errors import CatalogError


def scalar(cursor: Cursor[Any]) -> Any:
    """The one value of a statement that always gives one row. Raises CatalogError if it gave none."""
    row = cursor.fetchone()
    if row is None:
        raise CatalogError("a statement that gives a row gave none", which=cursor.statusmessage)
    return row[0]
