"""Promises of pipeline/catalog/embedded.py: a real server, really killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from pipeline.catalog import embedded
from pipeline.core.errors import DatabaseUnavailable

ROOT = Path(__file__).parent.parent.parent

HOLD = """
import signal, sys
from pathlib import Path
from pipeline.catalog import embedded
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is born without it
with embedded.hold(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cluster for all tests here, in a folder that a shell would stumble over; tests leave it stopped."""
    folder = tmp_path_factory.mktemp("embedded") / 'a lab\'s "work" $(space)' / "database"
    yield folder
    embedded.stop(folder)


def holder(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split("\n")[0])


def test_server_lives_as_long_as_it_is_held(folder: Path) -> None:
    assert not embedded.is_running(folder)
    with embedded.hold(folder) as url, psycopg.connect(url) as conn:
        assert embedded.is_running(folder)
        assert conn.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert conn.execute("SHOW data_checksums").fetchone() == ("on",)
        assert conn.execute("SHOW fsync").fetchone() == ("on",)
        conn.execute("CREATE EXTENSION vector")
    assert not embedded.is_running(folder)


def test_start_twice_gives_the_same_server_and_url(folder: Path) -> None:
    with embedded.hold(folder) as url:
        first = postmaster(folder)
        assert embedded.start(folder) == url
        assert postmaster(folder) == first


def test_password_is_demanded_and_kept_private(folder: Path) -> None:
    with embedded.hold(folder) as url:
        password = urlsplit(url).password
        assert password and len(password) >= 24
        for wrong in ("wrong", ""):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(url.replace(password, wrong))
    for name in ("server.json", "server.log"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert password not in (folder / "server.log").read_text()
    assert not list(folder.glob("password*"))


def test_only_this_machine_can_reach_it(folder: Path) -> None:
    with embedded.hold(folder) as url, psycopg.connect(url) as conn:
        assert conn.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert conn.execute("SHOW unix_socket_directories").fetchone() == ("",)


def test_author_is_the_person_and_the_server_is_not_root(folder: Path) -> None:
    with embedded.hold(folder) as url, psycopg.connect(url) as conn:
        assert conn.execute("SELECT session_user").fetchone() == (urlsplit(url).username,)
        owner = (folder / "data").stat().st_uid
        assert owner != 0
        assert os.geteuid() in (0, owner)


def test_killed_server_starts_again_with_every_committed_row(folder: Path) -> None:
    with embedded.hold(folder) as url:
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("CREATE TABLE survivor AS SELECT generate_series(1, 1000) AS n")
            os.kill(postmaster(folder), signal.SIGKILL)
        assert embedded.start(folder) == url
        with psycopg.connect(url, autocommit=True) as conn:
            assert conn.execute("SELECT count(*) FROM survivor").fetchone() == (1000,)
            conn.execute("DROP TABLE survivor")


def test_pid_of_a_dead_server_that_now_belongs_to_another_does_no_harm(folder: Path) -> None:
    with embedded.hold(folder):
        remains = (folder / "data" / "postmaster.pid").read_text().split("\n", 1)[1]
    with subprocess.Popen(["sleep", "60"], user=(folder / "data").stat().st_uid, cwd="/") as other:
        (folder / "data" / "postmaster.pid").write_text(f"{other.pid}\n{remains}")
        with embedded.hold(folder) as url, psycopg.connect(url) as conn:
            assert conn.execute("SELECT 1").fetchone() == (1,)
        assert other.poll() is None
        other.kill()


def test_taken_port_is_left_to_its_holder(folder: Path) -> None:
    with embedded.hold(folder) as url:
        port = urlsplit(url).port
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with embedded.hold(folder) as other:
            assert urlsplit(other).port != port
    with embedded.hold(folder) as again:
        assert again == other


def test_processes_starting_at_once_share_one_server_and_the_last_stops_it(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    holders = [holder(folder) for _ in range(4)]
    urls = {answer(process) for process in holders}
    assert len(urls) == 1
    server = postmaster(folder)
    for process in holders[:-1]:
        process.communicate("")
        assert process.returncode == 0
        assert embedded.is_running(folder)
    assert postmaster(folder) == server
    holders[-1].communicate("")
    assert not embedded.is_running(folder)


def test_killed_user_does_not_keep_the_server_from_stopping(folder: Path) -> None:
    killed, last = holder(folder), holder(folder)
    assert answer(killed) == answer(last)
    killed.kill()
    killed.communicate()
    assert embedded.is_running(folder)
    last.communicate("")
    assert not embedded.is_running(folder)


def test_forked_and_spawned_children_do_not_hold_the_server(folder: Path) -> None:
    context = multiprocessing.get_context("fork")
    with embedded.hold(folder):
        forked = context.Process(target=time.sleep, args=(60,))
        forked.start()
        spawned = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        assert not embedded.is_running(folder)
        # Nobody holds it any more: the next one in is also the last one out.
        with embedded.hold(folder):
            pass
        assert not embedded.is_running(folder)
    finally:
        for child in (forked, spawned):
            child.kill()
        forked.join()
        spawned.wait()


def test_forked_child_of_a_killed_user_does_not_keep_the_server_from_stopping(folder: Path) -> None:
    forking = HOLD.replace("print(url", "import os; child = os.fork(); child or time.sleep(60); print(child")
    killed = subprocess.Popen([sys.executable, "-c", forking, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    child = int(answer(killed))
    killed.kill()
    try:
        with embedded.hold(folder):
            os.kill(child, 0)
        assert not embedded.is_running(folder)
    finally:
        os.kill(child, signal.SIGKILL)
        killed.communicate()


def test_ctrl_c_in_the_terminal_stops_its_user_first_and_then_the_server(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    assert answer(process), "it started the server, so that the server is of its terminal's session if of any"
    with embedded.hold(folder) as url, psycopg.connect(url, autocommit=True) as conn:
        os.killpg(process.pid, signal.SIGINT)
        assert "KeyboardInterrupt" in process.communicate()[1]
        time.sleep(0.3)
        assert conn.execute("SELECT 1").fetchone() == (1,)
    assert not embedded.is_running(folder)


def test_interrupted_creation_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "halfway"
    (folder / "data.new").mkdir(parents=True)
    (folder / "data.new" / "PG_VERSION").write_text("18")
    with embedded.hold(folder) as url, psycopg.connect(url) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_broken_cluster_is_refused_with_the_end_of_the_log(folder: Path) -> None:
    with embedded.hold(folder):
        pass
    control, hidden = folder / "data" / "global" / "pg_control", folder / "data" / "global" / "hidden"
    control.rename(hidden)
    try:
        with pytest.raises(DatabaseUnavailable, match=r"does not start.*pg_control"):
            embedded.start(folder)
    finally:
        hidden.rename(control)


def test_stop_of_what_never_ran_does_nothing(tmp_path: Path) -> None:
    embedded.stop(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
    assert not embedded.is_running(tmp_path / "nothing")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for whom the server runs as somebody else")
def test_folders_above_may_be_closed_to_the_account_of_the_server(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with embedded.hold(closed / "database") as url, psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CHECKPOINT")
        assert conn.execute("SELECT pg_reload_conf()").fetchone() == (True,)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_it_works_for_a_normal_person(open_folder: Path) -> None:
    folder = open_folder / "database"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    # Forked, because nobody may be unable to read the interpreter itself.
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            with embedded.hold(folder) as url, psycopg.connect(url) as conn:
                os.write(writer, conn.info.user.encode())
        except BaseException as error:
            os.write(writer, repr(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 2000) == b"nobody"
    assert (folder / "data").stat().st_uid == 65534
    assert not embedded.is_running(folder)
