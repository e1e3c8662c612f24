"""The PostgreSQL that comes with Earmark: started when first needed, stopped by the last to leave.

A folder holds one server:

    data/          the cluster          server.json   who, password, port (0600)
    server.log     what it says         start.lock    held while one process starts or stops it
    server.lock    held by the server's own processes: free means that nothing of it is alive
    users.lock     shared by every process that uses it: whoever gets it alone may stop the server

Locks are flock locks, so that kill -9 releases them. The folder belongs on a local disk, not on a NAS.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from pipeline.catalog.embedded_cluster import (
    Access,
    account_of,
    create_cluster,
    fresh_log,
    on_free_port,
    programs,
    read_access,
    run_as,
    seen_as,
    unavailable,
)
from pipeline.core.errors import DatabaseUnavailable
from pipeline.core.logs import tell

DATABASE = "earmark"
MAX_WAIT_S = 120.0
MAX_LAUNCHES = 6

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "jit": "off",
    # Statistics of a table that fills are soon there, or statements are planned as if it were empty.
    "autovacuum_naptime": "10s",
}


@contextmanager
def hold(folder: Path) -> Generator[str]:
    """The server's URL for as long as the block lasts; who leaves last stops the server.

    Raises DatabaseUnavailable.
    """
    folder = _prepared(folder)
    users = _UsersLock(folder / "users.lock")
    try:
        yield start(folder)
    finally:
        try:
            if users.is_last():
                stop(folder)
        finally:
            users.release()


def start(folder: Path) -> str:
    """The libpq URL of the folder's server, which is made and started if need be.

    Raises DatabaseUnavailable with the end of the server's log.
    """
    folder = _prepared(folder)
    with _locked(folder / "start.lock"):
        access = read_access(folder) if (folder / "data").exists() else create_cluster(folder)
        began, is_launched = time.monotonic(), False
        for _ in range(MAX_LAUNCHES):
            if not is_running(folder):
                access, is_launched = _launch(folder, access), True
            if _answers(folder, access):
                if is_launched:
                    tell("embedded database started", port=access.port, duration_s=time.monotonic() - began)
                return access.url(DATABASE)
            # What dies at once mostly met the remains of a killed server, which take a moment to go.
            time.sleep(0.3)
    raise unavailable(folder, "the embedded database does not start")


def stop(folder: Path) -> None:
    """Return once the folder's server has stopped, or was not running; committed rows are safe.

    Raises DatabaseUnavailable if it does not stop.
    """
    if not folder.exists():
        return
    folder = _prepared(folder)
    with _locked(folder / "start.lock"):
        was_running = is_running(folder)
        # SIGINT is PostgreSQL's fast shutdown; SIGQUIT leaves at once and lets the next start recover.
        for order, patience_s in ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0)):
            pid = _pid(folder / "data")
            if pid is not None and _is_postmaster(pid, folder / "data"):
                os.kill(pid, order)
            if _gone_within(folder, patience_s):
                if was_running:
                    tell("embedded database stopped")
                return
    raise unavailable(folder, "the embedded database does not stop")


def is_running(folder: Path) -> bool:
    """Whether any process of the folder's server is alive."""
    folder = folder.resolve()
    lock = folder / "server.lock"
    if not lock.exists():
        return False
    fd = os.open(lock, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return _is_postmaster(_pid(folder / "data"), folder / "data")


class _UsersLock:
    """One process's share in the use of a server, not inherited by forked or spawned children."""

    def __init__(self, path: Path) -> None:
        self._fd: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_SH)
        os.register_at_fork(after_in_child=self._forget)

    def is_last(self) -> bool:
        """Whether nobody else holds a share; then newcomers wait until this one is released."""
        if self._fd is None:
            return False
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        if self._fd is not None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
            self._forget()

    def _forget(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _prepared(folder: Path) -> Path:
    folder = folder.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700 if os.geteuid() else 0o711)
        os.close(os.open(folder / "start.lock", os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise DatabaseUnavailable(
            "cannot use the folder of the embedded database",
            which=folder,
            got=error.strerror,
            do="choose a workspace that this account may write to",
        ) from error
    return folder


@contextmanager
def _locked(path: Path) -> Generator[None]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _launch(folder: Path, access: Access) -> Access:
    """Start the server and return without waiting; the access given back has the port it was told."""
    data = folder / "data"
    access = on_free_port(folder, access)
    account = account_of(data)
    options = [f"--{name}={value}" for name, value in (SETTINGS | {"port": str(access.port)}).items()]
    # The shell leaves at once, so that the server is nobody's child and no zombie of it can stay with us;
    # arguments go past the shell unread, so that the folder may have any name.
    command = ["/bin/sh", "-c", '"$@" &', "sh", str(programs() / "postgres"), "-D", seen_as(account, data), *options]
    lock = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _discard_stale_pid(data)
        with fresh_log(folder).open("ab") as log:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock,),
                check=True,
                **run_as(account, data),
            )
    except BlockingIOError:
        pass  # the last processes of a killed server are still leaving; the caller tries again
    except (OSError, subprocess.CalledProcessError) as error:
        raise unavailable(folder, "cannot run the embedded database") from error
    finally:
        os.close(lock)
    return access


def _answers(folder: Path, access: Access) -> bool:
    """Whether the server takes connections; False once it is dead. Raises DatabaseUnavailable after MAX_WAIT_S."""
    until = time.monotonic() + MAX_WAIT_S
    while time.monotonic() < until:
        try:
            with psycopg.connect(access.url("postgres"), connect_timeout=2, autocommit=True) as conn:
                _make_database(conn)
                return True
        except psycopg.OperationalError as error:
            if "authentication failed" in str(error):
                raise DatabaseUnavailable(
                    "the embedded database does not know its own password",
                    which=folder / "server.json",
                    do="restore that file from a backup",
                ) from None
        if not is_running(folder):
            return False
        time.sleep(0.02)
    raise unavailable(folder, "the embedded database does not answer")


def _make_database(conn: psycopg.Connection[Any]) -> None:
    if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
        conn.execute(f"CREATE DATABASE {DATABASE}".encode())


def _gone_within(folder: Path, patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while is_running(folder):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _is_postmaster(pid: int | None, data: Path) -> bool:
    """Whether this process is alive and serves this data: its number alone may be another's by now."""
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == data
    except psutil.Error:
        return False


def _discard_stale_pid(data: Path) -> None:
    # PostgreSQL would refuse to start if the number of the dead server meanwhile belongs to some other process.
    if not _is_postmaster(_pid(data), data):
        (data / "postmaster.pid").unlink(missing_ok=True)
