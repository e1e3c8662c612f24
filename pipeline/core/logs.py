"""The program's log: one line an event, as text or as JSON, without secrets.

    2026-11-21T08:01:22.417Z INFO worker[4711] operation ended who=anna project=birds operation_id=12 outcome=done

Every process of a workspace appends to the same file, ``logs/earmark.log``, which is turned over by size. Each line is
one write under a flock, and the writer looks under that lock whether the file is still the one of this name: so no
line is torn or lost when another process turns it over, also on file systems where O_APPEND alone would not do. A file
for each process would have been simpler, but every verb is a process.

It is the standard library's logging: what other libraries warn of comes out in the same form.
"""

from __future__ import annotations

import fcntl
import json
import logging
import math
import os
import sys
import traceback
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pipeline.core.scrub import scrub_value
from pipeline.core.settings import Settings

MAX_BYTES, N_OLD_FILES = 10_000_000, 5
FILE = Path("logs") / "earmark.log"

Told = Literal["everything", "trouble", "nothing"]
"""What goes to standard error beside the file: a server's whole log, a verb's warnings, nothing of a kernel."""

_OURS = ("earmark", "pipeline", "apps")
_EVENTS = logging.getLogger("earmark")
_FIELDS = "earmark_fields"
_ORDER = ("time", "level", "program", "pid", "event", "who", "project", "operation_id", "job_id")
_LAST = ("duration_s", "outcome", "message", "logger", "traceback")
_MAX_CHARS = 20_000  # of one value: a line is for reading, and one write


def start_logging(program: str, settings: Settings, *, stderr: Told = "trouble") -> None:
    """Write this process's events into the workspace's log from now on, and to standard error as far as told.

    Calling it again replaces what was. Nothing is written where the workspace is no folder (any more).
    """
    render = _text if settings.log_format == "text" else _json
    formatter = _OneLine(program, render, job_id=settings.job_id, known=settings.secrets)
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    handlers: list[logging.Handler] = [LogFile(settings.workspace / FILE, workspace=settings.workspace)]
    if stderr != "nothing":
        shown = logging.StreamHandler(sys.stderr)
        shown.setLevel(level if stderr == "everything" else max(level, logging.WARNING))
        handlers.append(shown)
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler.formatter, _OneLine)]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    # Other libraries tell every step of theirs as information.
    root.setLevel(max(level, logging.WARNING))
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)


def tell(event: str, *, level: int = logging.INFO, message: str | None = None, **fields: Any) -> None:
    """Log one event: a steady phrase, and the facts as fields (who, project, operation_id, job_id, duration_s, …)."""
    if _EVENTS.isEnabledFor(level):
        known = {name: value for name, value in fields.items() if value is not None}
        _EVENTS.log(level, message or "", extra={_FIELDS: {"event": event, **known}})


class LogFile(logging.Handler):
    """Appends lines to a file that many processes share, and turns it over when it is full."""

    def __init__(
        self, path: Path, *, workspace: Path | None = None, max_bytes: int = MAX_BYTES, n_old: int = N_OLD_FILES
    ) -> None:
        super().__init__()
        self._path, self._workspace = path, workspace or path.parent
        self._max_bytes, self._n_old = max_bytes, n_old
        self._fd: int | None = None
        self._lock_fd: int | None = None
        self._pid = 0
        self._has_complained = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line. What hinders it is told once: a full disk must not end the work that is logged."""
        try:
            line = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
            if self._workspace.is_dir():
                self._append(line)
        except OSError as error:
            if not self._has_complained:
                self._has_complained = True
                with suppress(OSError, ValueError, AttributeError):
                    sys.stderr.write(f"earmark: cannot write the log: {self._path}; got {error.strerror}\n")
        except Exception:  # a record that cannot be put into words: logging's own edge tells it, and the work goes on
            self.handleError(record)

    def close(self) -> None:
        """Let go of the files."""
        self._forget()
        super().close()

    def _append(self, line: bytes) -> None:
        if self._pid != os.getpid():
            # A forked child shares its parent's lock, so that it would exclude nobody.
            self._forget()
            self._pid = os.getpid()
        if self._lock_fd is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock_fd = _opened(self._path.with_suffix(".lock"), os.O_RDWR)
        fcntl.flock(self._lock_fd, fcntl.LOCK_EX)
        try:
            fd = self._current()
            size = os.fstat(fd).st_size
            if size and size + len(line) > self._max_bytes:
                self._turn_over()
                fd = self._current()
            while line:
                line = line[os.write(fd, line) :]
        finally:
            fcntl.flock(self._lock_fd, fcntl.LOCK_UN)

    def _current(self) -> int:
        """The file that has the name now: another process may have turned it over."""
        if self._fd is not None:
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._fd), self._path.stat()):
                    return self._fd
            os.close(self._fd)
        self._fd = _opened(self._path, os.O_WRONLY | os.O_APPEND)
        return self._fd

    def _turn_over(self) -> None:
        names = [self._path, *(Path(f"{self._path}.{n}") for n in range(1, self._n_old + 1))]
        for older, newer in reversed(list(zip(names[1:], names, strict=False))):
            with suppress(FileNotFoundError):
                newer.replace(older)

    def _forget(self) -> None:
        for fd in (self._fd, self._lock_fd):
            if fd is not None:
                with suppress(OSError):
                    os.close(fd)
        self._fd = self._lock_fd = None


class _OneLine(logging.Formatter):
    """A record as one line whose every value went through ``scrub``."""

    def __init__(
        self, program: str, render: Callable[[dict[str, Any]], str], *, job_id: int | None, known: Collection[str]
    ) -> None:
        super().__init__()
        self._program, self._render, self._job_id, self._known = program, render, job_id, known

    def format(self, record: logging.LogRecord) -> str:
        given: dict[str, Any] = getattr(record, _FIELDS, {"event": "message", "logger": record.name})
        found = {
            "time": _moment(record.created),
            "level": record.levelname,
            "program": self._program,
            "pid": record.process,
            "job_id": self._job_id,
            **given,
            "message": record.getMessage() or None,
            "traceback": _traceback(record),
        }
        clean = scrub_value({name: value for name, value in found.items() if value is not None}, known=self._known)
        names = [*_ORDER, *(name for name in clean if name not in {*_ORDER, *_LAST}), *_LAST]
        return self._render({name: _plain(clean[name]) for name in names if name in clean})


def _text(fields: dict[str, Any]) -> str:
    head = "{time} {level} {program}[{pid}] {event}".format_map(fields)
    rest = [f"{name}={_word(value)}" for name, value in fields.items() if name not in _ORDER[:5]]
    return " ".join([_printable(head), *rest])


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    is_bare = text and text.isprintable() and not set(text) & set(' "=')
    return text if is_bare else json.dumps(_printable(text) if text.isprintable() else text)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields)


def _plain(value: Any) -> Any:
    """The value in bounds, and as JSON has it: no NaN."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else str(value)
    if isinstance(value, str) and len(value) > _MAX_CHARS:
        return f"{value[:_MAX_CHARS]} … and {len(value) - _MAX_CHARS} more"
    if isinstance(value, list | dict):
        text = json.dumps(value, default=str)
        return value if len(text) <= _MAX_CHARS else f"{text[:_MAX_CHARS]} …"
    return value


def _moment(created_s: float) -> str:
    return datetime.fromtimestamp(created_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _traceback(record: logging.LogRecord) -> str | None:
    if record.exc_info and record.exc_info[0] is not None:
        return "".join(traceback.format_exception(*record.exc_info)).strip()
    return record.stack_info


def _opened(path: Path, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, 0o600)
