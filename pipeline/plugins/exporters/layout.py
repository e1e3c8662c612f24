"""Where the files of a dataset version lie in its folder, and how they are written: shared by all exporters."""

from __future__ import annotations

import hashlib
import os
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from pipeline.core.errors import StorageError
from pipeline.core.types import ReleaseItem

_MAX_NAME = 80
_MAX_BYTES = 240  # with the hash below what a folder's name may have
_HASH_DIGITS = (6, 12)
_RESERVED = {"con", "prn", "aux", "nul"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789"}


def audio_paths(items: Sequence[ReleaseItem]) -> list[str]:
    """The path of each item's sound under the folder, as in ``audio/train/dog/clip_000123.wav``."""
    folders = label_folders(item.label for item in items)
    return [
        f"audio/{safe_name(item.split)}/{folders[item.label]}/clip_{item.clip_id:06d}{_extension(item)}"
        for item in items
    ]


def label_folders(labels: Iterable[str]) -> dict[str, str]:
    """A folder name for each label that any file system takes, different for different labels.

    Labels that are fine stay as they are; those that had to be changed, and those that differ
    only in case, carry a piece of their hash.
    """
    distinct = sorted(set(labels))
    names = {label: safe_name(label) for label in distinct}
    n_sharing: dict[str, int] = {}
    for name in names.values():
        n_sharing[name.casefold()] = n_sharing.get(name.casefold(), 0) + 1
    folders = names
    for n_digits in _HASH_DIGITS:
        folders = {
            label: name if name == label and n_sharing[name.casefold()] == 1 else f"{name}-{_hash(label)[:n_digits]}"
            for label, name in names.items()
        }
        # A label may be named just like the folder of another one.
        if len({folder.casefold() for folder in folders.values()}) == len(folders):
            break
    return folders


def demand_no_others(folder: Path, below: str, paths: Sequence[str], *, found: str) -> None:
    """Return if no other files than ``paths`` lie in the folder's subfolder ``below``.

    Raises StorageError, saying that ``found`` were: whoever reads the folder would take them along.
    """
    own = {folder / path for path in paths}
    for path in (folder / below).rglob("*"):
        if path not in own and not path.name.startswith(".") and not path.is_dir():
            raise StorageError(f"the folder holds {found}", which=path, do="choose an empty folder")


def write_file(path: Path, data: bytes) -> Path:
    """The path, after the bytes stand there whole: written beside it and moved into place. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        written = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            written.chmod(0o644)
            written.replace(path)
        finally:
            written.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError("cannot write a file", which=path, got=error.strerror or str(error)) from error
    return path


def safe_name(text: str) -> str:
    kept = "".join(
        letter if letter.isalnum() or letter in "-_ .&+" else "_" for letter in unicodedata.normalize("NFC", text)
    )
    kept = kept[:_MAX_NAME].encode()[:_MAX_BYTES].decode(errors="ignore").strip(" .")
    return f"_{kept}" if not kept or kept.split(".")[0].casefold() in _RESERVED else kept


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _extension(item: ReleaseItem) -> str:
    return PurePosixPath(item.object_key).suffix.lower() or ".wav"
