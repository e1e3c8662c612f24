"""Naming places: local paths, their URIs, and what may not stand in an address."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from pipeline.core.errors import StorageError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
# A colon in the host's place is followed by a port or, else, by a password, in which any character may stand.
_PASSWORD = re.compile(r"://(?!arn:)[^/?#@:\[]*:(?!\d*(?:[/?#]|$))(.*)@", re.DOTALL)
_TOKEN = re.compile(r"[?&][^=&]*(?:signature|credential|token|password|secret|sig)=([^&]+)", re.IGNORECASE)


def is_local(uri: str) -> bool:
    """Whether this is a path or a file:// URI."""
    return not _SCHEME.match(uri) or uri.startswith("file:/")


def uri_of(path: str | Path) -> str:
    """The file:// URI of a local path; every byte of its name survives."""
    return "file://" + quote(os.fsencode(_absolute(str(path))))


def path_of(uri: str) -> str:
    """The absolute local path of a path or a file:// URI. Raises StorageError for any other URI, and for nothing."""
    if not uri.strip():
        # Mostly a variable that was not set; the current folder would be the wrong one.
        raise StorageError("no folder is named", expected="a path or a URI, . for this folder", got=repr(uri))
    if not is_local(uri):
        raise StorageError("not a local file", which=uri, expected="a path or a file:// URI")
    if not uri.startswith("file:/"):
        return _absolute(uri)
    return _absolute(os.fsdecode(unquote_to_bytes(re.sub(r"^file:(//(localhost)?(?=/))?", "", uri))))


def refuse_password(uri: str) -> None:
    """Raises StorageError if a password stands in the URI: it would come to stand in logs, rows and manifests."""
    if match := _PASSWORD.search(uri) or _TOKEN.search(uri):
        shown = f"{uri[: match.start(1)]}…{uri[match.end(1) :]}"
        raise StorageError("a password stands in the address", which=shown, do="set it as in FSSPEC_SFTP_PASSWORD")


def _absolute(path: str) -> str:
    # Not Path.resolve: a link that people name stays as they name it, wherever it leads tomorrow.
    return os.path.abspath(path)  # noqa: PTH100


def printable(name: str) -> str:
    """The name with what a screen cannot show written as escapes: control characters, broken UTF-8."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)


def reason_of(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
