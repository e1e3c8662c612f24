"""Ctrl+C, and what a system says when it ends a program: one orderly end, wherever it strikes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

_HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Told(KeyboardInterrupt):
    """Somebody told this program to end; ``number`` says by which signal."""

    def __init__(self, number: int) -> None:
        by = signal.Signals(number)
        super().__init__("" if by is signal.SIGINT else f"ended by {by.name}")
        self.number = number


@contextmanager
def listening() -> Generator[None]:
    """In this block these signals raise Told in the main thread. What nohup ignores stays ignored."""
    before = {number: signal.getsignal(number) for number in _HEARD}
    is_main = threading.current_thread() is threading.main_thread()
    heard = {number: handler for number, handler in before.items() if is_main and handler not in (signal.SIG_IGN, None)}
    leave = _Leave()
    for number in heard:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)


def end_with_stdin() -> None:
    """Kill this program when its standard input ends: a worker holds the other side, so its death is seen at once."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()


def told() -> Told | None:
    """What this program was told last since it listens; None if nothing."""
    for handler in map(signal.getsignal, _HEARD):
        if isinstance(handler, _Leave):
            return handler.told
    return None


def _end_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


class _Leave:
    """The handler. It keeps what it raises: a library's callback may swallow it, or fail of it in another way."""

    def __init__(self) -> None:
        self.told: Told | None = None

    def __call__(self, number: int, frame: object) -> None:
        self.told = Told(number)
        raise self.told
