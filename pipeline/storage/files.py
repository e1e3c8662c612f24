"""Reading one file where it lies: its local path (downloaded if need be) and its hash."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pipeline.core.errors import StorageError
from pipeline.storage.places import is_local, path_of, printable, reason_of
from pipeline.storage.remote import download


@contextmanager
def local_copy(uri: str) -> Generator[str]:
    """A local path with the file's bytes: the file itself, or a download that goes when the block ends.

    Raises StorageError if a download fails.
    """
    if is_local(uri):
        yield path_of(uri)
        return
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        path = str(Path(folder, "download" + Path(uri).suffix))
        download(uri, path)
        yield path


def file_sha256(path: str | Path) -> bytes:
    """The SHA-256 (32 bytes) of a local file. Raises StorageError."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except (OSError, ValueError) as error:
        raise StorageError("cannot read the file", which=printable(str(path)), got=reason_of(error)) from error
