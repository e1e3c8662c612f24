"""A MongoDB of the workspace's own for FiftyOne.

Left to itself FiftyOne joins any database that another FiftyOne of this machine has started, whatever folder was
asked for. Ours runs below the folder, listens on loopback, and stops when its last user leaves: users hold a shared
file lock, which a killed process releases by itself.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from pipeline.core.errors import SettingsError

_START_S = 30.0
_STOP_S = 20.0


def join_database(folder: Path, *, program: Path) -> str:
    """The URI of the database below the folder, started if it does not run; left when this process ends.

    Raises SettingsError if it does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    users = (folder / "database.users").open("a")
    fcntl.flock(users, fcntl.LOCK_SH)
    with (folder / "database.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        port = _running_port(folder) or _start(folder, program)
    atexit.register(_leave, folder, users)
    return f"mongodb://127.0.0.1:{port}/"


def _leave(folder: Path, users: IO[str]) -> None:
    with suppress(OSError), (folder / "database.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # somebody else uses it
        if (found := _process(folder)) is not None:
            with suppress(psutil.Error):
                found.terminate()
                found.wait(_STOP_S)


def _running_port(folder: Path) -> int | None:
    if _process(folder) is None:
        return None
    port = int(json.loads((folder / "database.json").read_text("utf-8"))["port"])
    return port if _answers(port) else None


def _process(folder: Path) -> psutil.Process | None:
    """The mongod of this folder, if it runs."""
    try:
        process = psutil.Process(int(json.loads((folder / "database.json").read_text("utf-8"))["pid"]))
        return process if str(folder / "database") in process.cmdline() else None
    except (OSError, ValueError, KeyError, psutil.Error):
        return None


def _start(folder: Path, program: Path) -> int:
    data, log = folder / "database", folder / "database.log"
    data.mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    words = [program, "--dbpath", data, "--logpath", log, "--port", port, "--bind_ip", "127.0.0.1", "--nounixsocket"]
    nowhere = subprocess.DEVNULL
    # A session of its own: the terminal's Ctrl+C must not end it before those who write to it.
    server = subprocess.Popen(
        [str(word) for word in words], stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
    )
    (folder / "database.json").write_text(json.dumps({"pid": server.pid, "port": port}), "utf-8")
    began = time.monotonic()
    while server.poll() is None and time.monotonic() - began < _START_S:
        if _answers(port):
            return port
        time.sleep(0.05)
    server.kill()
    raise SettingsError("FiftyOne's database did not start", which=data, got=server.wait(), do=f"see {log}")


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
