"""The verb serve: the dashboards until Ctrl+C, on this machine only, or with --accounts for people who sign in."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import psutil
import typer

from apps.serving.people import place_of
from pipeline.cli.context import ProjectOption, WorkspaceOption, command, opened, out
from pipeline.core.errors import EarmarkError, SettingsError
from pipeline.workflows.workspace import Workspace

ROOT = Path(__file__).parent.parent.parent
SERVING = ROOT / "apps" / "serving"
DEFAULT_PORT = 8866
PAGES = ("home", "recordings", "curate", "review", "flags", "team", "releases", "activity")
_PATIENCE_S = 60.0
_OF_A_LOGIN = ("PG", "EARMARK_DATABASE", "EARMARK_ACT", "EARMARK_JOB")


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """How people who sign in are served: where to listen, under which names, how safely, and for how long."""

    host: str = "127.0.0.1"
    allowed_hosts: tuple[str, ...] = ()
    certfile: Path | None = None
    keyfile: Path | None = None
    idle_s: float = 60 * 60
    longest_s: float = 12 * 60 * 60

    @property
    def words(self) -> list[str]:
        """The server's arguments."""
        words = ["--host", self.host, "--idle", str(self.idle_s), "--longest", str(self.longest_s)]
        for name in self.allowed_hosts:
            words += ["--allow-host", name]
        for option, path in (("--certfile", self.certfile), ("--keyfile", self.keyfile)):
            words += [] if path is None else [option, str(path.absolute())]
        return words


def serve(
    port: Annotated[int, typer.Option(help="Port of the dashboards; without --accounts a free one if it is taken.")] = (
        DEFAULT_PORT
    ),
    is_shared: Annotated[bool, typer.Option("--accounts", help="People sign in by their accounts.")] = False,
    host: Annotated[str, typer.Option(help="With --accounts: the address to listen on.")] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None, typer.Option(help="With --accounts: a name by which people reach this server; may repeat.")
    ] = None,
    certfile: Annotated[Path | None, typer.Option(help="With --accounts: certificate for https.")] = None,
    keyfile: Annotated[Path | None, typer.Option(help="With --accounts: its key, if in a file of its own.")] = None,
    idle_min: Annotated[float, typer.Option(help="With --accounts: minutes without a deed that end a session.")] = 60,
    longest_h: Annotated[float, typer.Option(help="With --accounts: hours after which a session ends anyway.")] = 12,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
) -> None:
    """Open the dashboards; Ctrl+C stops everything. Without --accounts nobody signs in, on this machine only."""
    if is_shared:
        with opened(workspace, project) as space:
            accounts = Accounts(
                host=host,
                allowed_hosts=tuple(allow_host or ()),
                certfile=certfile,
                keyfile=keyfile,
                idle_s=60 * idle_min,
                longest_s=3600 * longest_h,
            )
            serve_accounts(space, accounts, port=port)
        return
    with command(workspace, project) as context:
        if host != "127.0.0.1" or certfile is not None or keyfile is not None or allow_host:
            raise SettingsError(
                "without --accounts only this machine is served",
                expected="--host, --allow-host, --certfile and --keyfile together with --accounts",
            )
        serve_workspace(context.workspace, port=port)


def serve_workspace(workspace: Workspace, *, port: int) -> None:
    """Serve until Ctrl+C or SIGTERM, then leave nothing running. Raises EarmarkError if the server does not come up."""
    port = free_port(port)
    with dashboards(workspace, port=port) as server:
        out.print(f"\n[bold]Earmark[/bold] is up: http://127.0.0.1:{port}/   (Ctrl+C stops it)")
        for page in PAGES:
            out.print(f"  {page:<11} {page_url(port, page)}")
        _wait_for_end(server)


def serve_accounts(workspace: Workspace, accounts: Accounts, *, port: int) -> None:
    """Serve people who sign in until Ctrl+C or SIGTERM. Raises SettingsError, EarmarkError as ``dashboards``."""
    for which, path in (("certificate", accounts.certfile), ("key", accounts.keyfile)):
        if path is not None and not path.is_file():
            raise SettingsError(f"there is no file for the {which}", which=path)
    if accounts.keyfile is not None and accounts.certfile is None:
        raise SettingsError("a key alone makes no https", do="give --certfile too")
    with dashboards(workspace, port=port, accounts=accounts) as server, _worker(workspace):
        scheme = "http" if accounts.certfile is None else "https"
        name = next(iter(accounts.allowed_hosts), accounts.host)
        out.print(f"\n[bold]Earmark[/bold] is up: {scheme}://{name}:{port}/   (Ctrl+C stops it)")
        if accounts.certfile is None and not _is_loopback(accounts.host):
            out.print("[red]Passwords travel unencrypted: give --certfile and --keyfile, or use a tunnel.[/red]")
        _wait_for_end(server)


@contextmanager
def dashboards(
    workspace: Workspace, *, port: int, accounts: Accounts | None = None
) -> Generator[subprocess.Popen[bytes]]:
    """Voila serving this workspace; at the end the server and all its kernels are gone.

    With ``accounts`` it knows where the database is but no login; each kernel gets that of who asked for the page.
    """
    words = ["--port", str(port)]
    if accounts is not None:
        words += ["--accounts", json.dumps(place_of(workspace.url)), *accounts.words]
    # A session of its own: the terminal's Ctrl+C reaches us alone, and we end the others in order.
    log = workspace.settings.workspace / "dashboards.log"
    with log.open("wb") as written:
        server = subprocess.Popen(
            [sys.executable, "-m", "apps.serving", *words],
            env=_environ(workspace, has_login=accounts is None),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
        try:
            _wait_until_up(server, "127.0.0.1" if accounts is None else accounts.host, port, log)
            yield server
        finally:
            _end_all(server)


def _environ(workspace: Workspace, *, has_login: bool) -> dict[str, str]:
    settings = workspace.settings
    # PG…: libpq's own variables may hold a password too.
    inherited = {k: v for k, v in os.environ.items() if has_login or not k.startswith(_OF_A_LOGIN)}
    return {
        **inherited,
        **({"EARMARK_DATABASE_URL": workspace.url} if has_login else {}),
        "EARMARK_WORKSPACE": str(settings.workspace),
        "EARMARK_STORE": workspace.store.uri,
        "EARMARK_PROJECT": settings.project,
        "EARMARK_WORKERS": str(settings.workers),
        "JUPYTER_PATH": os.pathsep.join(filter(None, [str(SERVING), os.environ.get("JUPYTER_PATH")])),
    }


@contextmanager
def _worker(workspace: Workspace) -> Generator[None]:
    """A worker beside the embedded database, which nobody else administers: people's own logins cannot start one."""
    if not workspace.is_embedded:
        yield
        return
    folder = workspace.settings.workspace
    with (folder / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "worker", "--workspace", str(folder)],
            env=_environ(workspace, has_login=True),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        _end_all(worker)


def _wait_for_end(server: subprocess.Popen[bytes]) -> None:
    try:
        server.wait()
    except KeyboardInterrupt:
        out.print("stopping …")


def page_url(port: int, page: str) -> str:
    """The address of a dashboard."""
    return f"http://127.0.0.1:{port}/voila/render/{page}.ipynb"


def free_port(wanted: int) -> int:
    """The port wanted if it is free, else one that is."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EarmarkError("no free port on this machine", which=wanted, do="stop another server and try again")


def _wait_until_up(server: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
    began = time.monotonic()
    near = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    while time.monotonic() - began < _PATIENCE_S:
        if server.poll() is not None:
            last = log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise EarmarkError("the dashboards did not start", got=last or server.returncode, do=f"see {log}")
        try:
            socket.create_connection((near, port), timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise EarmarkError(
        "the dashboards did not start", expected=f"an answer within {_PATIENCE_S:.0f} s", do=f"see {log}"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _end_all(server: subprocess.Popen[bytes]) -> None:
    try:
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for process in family:
            with suppress(psutil.NoSuchProcess):
                end(process)
        _, family = psutil.wait_procs(family, timeout=3)
    server.wait()
