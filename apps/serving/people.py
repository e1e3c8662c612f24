"""Whether a name and a password are right: PostgreSQL itself is asked, by signing in as that person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pipeline.core.errors import DatabaseUnavailable

MAX_NAME_BYTES = 63
MAX_PASSWORD_CHARACTERS = 1024
_CONNECT_TIMEOUT_S = 8
# A login is what the person gives and nothing else: no password file, no service, no certificate of the server's.
_NOT_OF_A_PLACE = ("user", "password", "passfile", "service", "sslkey", "sslcert", "sslpassword", "require_auth")


def place_of(url: str) -> dict[str, str]:
    """Where the database is, without whoever's login stands in the URL."""
    return {
        name: str(value)
        for name, value in conninfo_to_dict(url).items()
        if value is not None and name not in _NOT_OF_A_PLACE
    }


class People:
    """Those who have a login in the database at ``place`` (libpq parameters, as from ``place_of``)."""

    def __init__(self, place: Mapping[str, str]) -> None:
        self._place = dict(place)

    def sign_in(self, name: str, password: str) -> str | None:
        """The URL that opens the database as this person; None if name or password are not right. Blocks.

        Raises DatabaseUnavailable while the database answers nobody.
        """
        if not _is_sound(name, password):
            return None
        login: dict[str, Any] = {**self._place, "user": name, "password": password}
        try:
            # SCRAM and nothing else: a server that trusts its neighbours would let in anybody under any name.
            with psycopg.connect(
                **login,
                require_auth="scram-sha-256",
                gssencmode="disable",
                passfile="/dev/null",
                connect_timeout=_CONNECT_TIMEOUT_S,
                application_name="earmark sign-in",
                autocommit=True,
            ) as conn:
                # The name as the server knows it; it must be the one that was given.
                is_same = conn.info.user == name
        except psycopg.OperationalError as error:
            self._demand_answer(str(error))
            return None
        except (psycopg.Error, ValueError, UnicodeError):
            return None
        return self._url(name, password) if is_same else None

    def _demand_answer(self, reason: str) -> None:
        is_full = "too many" in reason or "connection slots" in reason
        ping = pq.PGconn.ping(make_conninfo(**self._place, connect_timeout=_CONNECT_TIMEOUT_S).encode())
        if ping != pq.Ping.OK or is_full:
            raise DatabaseUnavailable("the database does not answer", do="wait a moment")

    def _url(self, name: str, password: str) -> str:
        rest = {**self._place, "require_auth": "scram-sha-256"}
        port, database = rest.pop("port", "5432"), rest.pop("dbname", "")
        host = rest.pop("host", "localhost")
        if host.startswith("/") or "," in host or ":" in host:
            # A folder of sockets, several hosts or IPv6: these do not fit between @ and :.
            rest |= {"host": host, "port": port}
            where = ""
        else:
            where = f"{host}:{port}"
        who = f"{quote(name, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{who}@{where}/{quote(database, safe='')}?{urlencode(rest, quote_via=quote)}"


def _is_sound(name: str, password: str) -> bool:
    """Whether it could be a login at all. An empty password would make libpq look for one elsewhere."""
    if not name or not password or len(password) > MAX_PASSWORD_CHARACTERS:
        return False
    if "\0" in password or len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES:
        return False
    return name.isprintable()
