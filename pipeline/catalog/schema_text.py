"""The schema that the migrations make, as text: ``python -m pipeline.catalog.schema_text`` writes docs/schema.sql."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pipeline.catalog import embedded
from pipeline.catalog.connect import connect
from pipeline.catalog.migrate import dump_schema, migrate


def schema_text() -> str:
    """The schema of a database made from nothing. Takes seconds: a server is started for it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded.hold(Path(folder)) as url,
        connect(url, application_name="earmark schema") as conn,
    ):
        migrate(conn)
        return dump_schema(conn)


if __name__ == "__main__":
    sys.stdout.write(schema_text())
