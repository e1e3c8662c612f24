"""Opening a file that may be anything, and saying in words what it is."""

from __future__ import annotations

import io
import os
import stat

from pipeline.core.errors import UnreadableAudio

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\xff\xfe", "text"),
    (b"\xfe\xff", "text"),
    (b"RIFF", "a damaged RIFF (WAV) file"),
    (b"FORM", "a damaged AIFF file"),
    (b"fLaC", "a damaged FLAC file"),
    (b"OggS", "a damaged Ogg file"),
    (b"ID3", "a damaged MP3 file"),
    (b"caff", "a damaged CAF file"),
    (b"\x1aE\xdf\xa3", "a damaged Matroska or WebM file"),
)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")


def open_recording(path: str) -> io.FileIO:
    """The file, open for reading; never waits, not even at a named pipe.

    ``path`` may hold any bytes (surrogateescape) and newlines. Raises UnreadableAudio if it is
    not a regular file, has no bytes, or may not be read.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
        handle = io.FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except IsADirectoryError as error:
        raise _not_a_file(path, "a folder") from error
    except (OSError, ValueError) as error:
        reason = (error.strerror or "unknown").lower() if isinstance(error, OSError) else "a path with a NUL byte"
        raise UnreadableAudio(
            "cannot open the file",
            which=file_name(path),
            got=reason,
            do="check that it is there and that you may read it",
        ) from error
    status = os.fstat(handle.fileno())
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        handle.close()
        if stat.S_ISREG(status.st_mode):
            raise UnreadableAudio(
                "no sound in the file",
                which=file_name(path),
                expected="a recording",
                got="zero bytes",
                do="copy it again from where it was recorded",
            )
        raise _not_a_file(path, next((word for is_kind, word in _KINDS if is_kind(status.st_mode)), "something else"))
    return handle


def file_name(path: str) -> str:
    """The name without its folder, printable on one line and in UTF-8: other bytes as escapes."""
    name = os.fsencode(path.rstrip("/")).rpartition(b"/")[2].decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def looks_like(head: bytes) -> str:
    """What the first bytes of a file look like, in words."""
    if not head.strip(b"\0"):
        return "nothing but zero bytes"
    if head[4:8] == b"ftyp":
        return "an MP4 or 3GP file without readable sound"
    for magic, words in _MAGIC:
        if head.startswith(magic):
            return words
    if _is_text(head):
        return "text"
    return "bytes of no known kind"


def _is_text(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut where the head ends.
        if error.start < len(head) - 4:
            return False
    return all(byte >= 32 or byte in _TEXT_CONTROLS for byte in head)


def _not_a_file(path: str, got: str) -> UnreadableAudio:
    return UnreadableAudio("not a recording", which=file_name(path), expected="a regular file", got=got)
