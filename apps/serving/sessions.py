"""Who is signed in: a table in the server's memory, so that a restart or a sign-out ends a session for good."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

IDLE_S = 60 * 60.0
LONGEST_S = 12 * 60 * 60.0
_ID_BYTES = 32
_MAX_SESSIONS = 2_000
_MAX_SESSIONS_A_PERSON = 20


class Closeable(Protocol):
    """A websocket that is open."""

    def close(self, code: int | None = None, reason: str | None = None) -> None: ...


@dataclass(kw_only=True, eq=False)
class SignedIn:
    """One browser of one person. ``url`` opens the database as that person, so it is never printed."""

    session_id: str = field(repr=False)
    person: str
    url: str = field(repr=False)
    began_s: float
    seen_s: float
    is_over: bool = False
    kernels: set[str] = field(default_factory=set[str])
    sockets: set[Closeable] = field(default_factory=set[Closeable])


class Sessions:
    """The sessions that are neither idle for too long nor too old. ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float], *, idle_s: float = IDLE_S, longest_s: float = LONGEST_S) -> None:
        self._clock, self._idle_s, self._longest_s = clock, idle_s, longest_s
        self._by_id: dict[str, SignedIn] = {}

    @property
    def longest_s(self) -> float:
        """How old a session becomes."""
        return self._longest_s

    def begin(self, person: str, url: str) -> tuple[SignedIn, list[SignedIn]]:
        """A new session, and those that make way for it because nobody needs so many."""
        now_s = self._clock()
        session = SignedIn(
            session_id=secrets.token_urlsafe(_ID_BYTES), person=person, url=url, began_s=now_s, seen_s=now_s
        )
        own = [other for other in self._by_id.values() if other.person == person]
        surplus = _oldest(own, len(own) - _MAX_SESSIONS_A_PERSON + 1)
        surplus = surplus or _oldest(self._by_id.values(), len(self._by_id) - _MAX_SESSIONS + 1)
        self._by_id[session.session_id] = session
        return session, [other for other in surplus if self.forget(other)]

    def find(self, session_id: str) -> SignedIn | None:
        """The live session of this id; looking does not keep it alive."""
        session = self._by_id.get(session_id)
        return session if session is not None and self.is_live(session) else None

    def is_live(self, session: SignedIn) -> bool:
        """Whether it is neither ended nor expired."""
        now_s = self._clock()
        is_young = now_s - session.began_s < self._longest_s and now_s - session.seen_s < self._idle_s
        return is_young and not session.is_over

    def touch(self, session: SignedIn) -> None:
        """Note that the person did something."""
        if self.is_live(session):
            session.seen_s = self._clock()

    def forget(self, session: SignedIn) -> bool:
        """End it; False if it had ended before. Its kernels and sockets are for the caller to close."""
        session.is_over = True
        return self._by_id.pop(session.session_id, None) is not None

    def expired(self) -> list[SignedIn]:
        """Those whose time is over, forgotten by this call."""
        over = [session for session in self._by_id.values() if not self.is_live(session)]
        return [session for session in over if self.forget(session)]

    def all(self) -> list[SignedIn]:
        """Every session that was not forgotten."""
        return list(self._by_id.values())


def _oldest(sessions: Iterable[SignedIn], n: int) -> list[SignedIn]:
    return sorted(sessions, key=lambda session: session.seen_s)[: max(0, n)]
