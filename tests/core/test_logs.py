"""The log: one line an event whatever stands in it, no secret in any, and no line lost among processes."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import SettingsError
from pipeline.core.logs import FILE, LogFile, start_logging, tell
from pipeline.core.scrub import HIDDEN, scrub
from pipeline.core.settings import Settings, load_settings
from tests.conftest import ROOT

SECRETS = {
    "address": ("postgresql://anna:s3cr/t@pass@db.lab:5432/earmark", "s3cr/t@pass"),
    "conninfo": ("host=db password=hunter2-x user=anna", "hunter2-x"),
    "quoted conninfo": ("host=db password='two words' user=anna", "two words"),
    "statement": ("ALTER ROLE anna PASSWORD 'abc def'", "abc def"),
    "header": ("Authorization: Bearer abcdef.ghijkl-mnop", "abcdef.ghijkl-mnop"),
    "basic": ("GET / with Basic YW5uYTpodW50ZXIy", "YW5uYTpodW50ZXIy"),
    "cookie": ("Cookie: earmark=zzz111; other=yyy222", "yyy222"),
    "set-cookie": ("Set-Cookie: sid=qqq333; HttpOnly", "qqq333"),
    "dict": ("{'aws_secret_access_key': 'abc/DEF+123', 'region': 'eu'}", "abc/DEF+123"),
    "json": ('{"token": "t-0-k-3-n", "n": 1}', "t-0-k-3-n"),
    "query": ("https://b.s3/x.wav?X-Amz-Signature=feed0123&part=2", "feed0123"),
    "key id": ("denied for AKIAIOSFODNN7EXAMPLE today", "AKIAIOSFODNN7EXAMPLE"),
    "bare secret key": (
        "tried wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY twice",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    ),
    "verifier": ("SCRAM-SHA-256$4096:c2FsdA==$a2V5:a2V5", "c2FsdA=="),
    "web token": ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.sflKxw", "eyJzdWIiOiJhIn0"),
    "private key": ("-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----", "MIIabc"),
    "environment": ("the driver said swordfish, politely", "swordfish"),
}
HARMLESS = (
    "postgresql://anna@db.lab:5432/earmark",
    "sftp://anna@nas/takes/dog bark.wav: no such file",
    "the embedded database does not know its own password; restore that file from a backup",
    "file:///data/2026/a:b/take 1.wav",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "a key of the store is missing: ab/cd/ef",
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    environ = {"EARMARK_LOG": "json", "FSSPEC_SMB_PASSWORD": "swordfish"}
    return load_settings(workspace=tmp_path, environ=environ)


@pytest.fixture(autouse=True)
def root_logger_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.captureWarnings(False)
    for name in ("earmark", "pipeline", "apps"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def lines_of(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (settings.workspace / FILE).read_text("utf-8").splitlines()]


def test_every_event_is_a_line_of_json_with_who_and_what(settings: Settings) -> None:
    start_logging("test", settings, stderr="nothing")
    tell("operation ended", who="anna", operation_id=3, job_id=None, duration_s=1.23456789, outcome="done")
    logging.getLogger("some.library").warning("two\nlines of %s", "it")
    ended, warned = lines_of(settings)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", ended.pop("time"))
    assert ended == {
        "level": "INFO",
        "program": "test",
        "pid": os.getpid(),
        "event": "operation ended",
        "who": "anna",
        "operation_id": 3,
        "duration_s": 1.234568,
        "outcome": "done",
    }
    assert (warned["message"], warned["logger"], warned["level"]) == ("two\nlines of it", "some.library", "WARNING")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_hostile_text_stays_within_its_line(
    settings: Settings, log_format: Any, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # pytest's own handlers would keep it for the report, which a parallel run cannot hand on.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    start_logging("test", replace(settings, log_format=log_format), stderr="everything")
    hostile = "a\nb\rc\x85d\u2028e\x1b[31mf\x00g\udc80h\u202ei"
    tell(f"event {hostile}", who=hostile, message=hostile)
    logging.getLogger("pipeline").warning(hostile)
    written = (settings.workspace / FILE).read_text("utf-8")
    assert len(written.splitlines()) == 2 and written.endswith("\n")
    assert all(line.isprintable() for line in written.splitlines())
    assert len(capfd.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS.keys())
def test_secret_comes_out_of_no_field_message_or_traceback(
    settings: Settings, capfd: Any, text: str, secret: str, log_format: Any
) -> None:
    start_logging("test", replace(settings, log_format=log_format), stderr="everything")
    tell(
        text, who=text, project=text, outcome=text, message=text, spec={"deep": [text, {text: 1}]}, error=OSError(text)
    )
    try:
        raise ValueError(text) from OSError(text)
    except ValueError:
        logging.getLogger("some.library").exception("failed: %s", text, stack_info=True)
    written = (settings.workspace / FILE).read_text("utf-8") + capfd.readouterr().err
    assert len(written.splitlines()) == 4
    assert secret not in written and json.dumps(secret)[1:-1] not in written
    assert written.count("ValueError") >= 2, "the traceback itself must stay"


def test_value_under_a_secret_name_is_hidden_whatever_it_is(settings: Settings) -> None:
    start_logging("test", settings, stderr="nothing")
    tell("asked", password="x1", spec={"api_key": ["x2"], "session-id": {"a": "x3"}, "n_labels": 4})
    (asked,) = lines_of(settings)
    assert (asked["password"], asked["spec"]) == (HIDDEN, {"api_key": HIDDEN, "session-id": HIDDEN, "n_labels": 4})


@pytest.mark.parametrize("text", HARMLESS)
def test_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert scrub(text) == text


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from pipeline.core import logs
from pipeline.core.settings import load_settings
logs.MAX_BYTES = int(sys.argv[3])
path = Path(sys.argv[1])
handler = logs.LogFile(path / logs.FILE, workspace=path, max_bytes=int(sys.argv[3]), n_old=99)
logs.start_logging("writer", load_settings(workspace=path, environ={"EARMARK_LOG": "json"}), stderr="nothing")
root = logs.logging.getLogger()
shown = root.handlers[-1]
handler.setFormatter(shown.formatter)
root.removeHandler(shown)
root.addHandler(handler)
for number in range(10_000):
    logs.tell("written", who=sys.argv[2], number=number, filling="x" * (number % 97))
"""


@pytest.mark.parametrize("max_bytes", [10**9, 60_000], ids=["one file", "turned over all the time"])
def test_two_processes_that_write_ten_thousand_lines_each_lose_and_tear_none(tmp_path: Path, max_bytes: int) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, who, str(max_bytes)], cwd=ROOT) for who in "ab"]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    files = list((tmp_path / FILE).parent.glob("earmark.log*"))
    # The oldest first, so that each writer's lines come in the order in which they were written.
    files.sort(key=lambda path: -int(path.suffix[1:]) if path.suffix[1:].isdigit() else 1)
    lines = [json.loads(line) for path in files for line in path.read_text("ascii").splitlines()]
    for who in "ab":
        assert [line["number"] for line in lines if line["who"] == who] == list(range(10_000))
    assert len(files) == 1 if max_bytes > 10**6 else all(path.stat().st_size <= max_bytes for path in files)


def test_full_file_is_turned_over_and_the_oldest_goes(tmp_path: Path) -> None:
    handler = LogFile(tmp_path / "earmark.log", max_bytes=100, n_old=2)
    for number in range(10):
        handler.emit(logging.makeLogRecord({"msg": f"{number}" * 60}))
    handler.close()
    kept = {path.name: path.read_text()[0] for path in tmp_path.glob("earmark.log*")}
    assert kept == {"earmark.log": "9", "earmark.log.1": "8", "earmark.log.2": "7"}


def test_log_is_for_its_owner_alone(settings: Settings) -> None:
    start_logging("test", settings, stderr="nothing")
    tell("begun")
    folder = (settings.workspace / FILE).parent
    assert [path.stat().st_mode & 0o777 for path in (folder, settings.workspace / FILE)] == [0o700, 0o600]


def test_forked_child_writes_whole_lines_beside_its_parent(settings: Settings) -> None:
    start_logging("test", settings, stderr="nothing")
    tell("before")
    child = os.fork()
    if child == 0:
        try:
            for number in range(2_000):
                tell("child", number=number)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    for number in range(2_000):
        tell("parent", number=number)
    assert os.waitpid(child, 0)[1] == 0
    lines = lines_of(settings)
    assert {line["pid"] for line in lines if line["event"] == "child"} == {child}
    for who in ("parent", "child"):
        assert [line["number"] for line in lines if line["event"] == who] == list(range(2_000))


def test_log_that_cannot_be_written_is_told_once_and_hinders_nothing(settings: Settings, capfd: Any) -> None:
    (settings.workspace / "logs").write_text("a file where the folder should be")
    start_logging("test", settings, stderr="nothing")
    tell("one")
    tell("two")
    assert capfd.readouterr().err.count("cannot write the log") == 1


def test_nothing_is_made_where_there_is_no_workspace(settings: Settings) -> None:
    absent = replace(settings, workspace=settings.workspace / "absent")
    start_logging("test", absent, stderr="nothing")
    tell("begun")
    assert not absent.workspace.exists()


def test_level_and_form_come_from_the_environment(tmp_path: Path, capfd: Any) -> None:
    settings = load_settings(workspace=tmp_path, environ={"EARMARK_LOG_LEVEL": "WARNING"})
    start_logging("test", settings, stderr="everything")
    tell("quiet")
    tell("loud", level=logging.WARNING, message='says "so"', outcome="failed")
    line = capfd.readouterr().err.strip()
    assert line == (tmp_path / FILE).read_text("utf-8").strip()
    assert re.sub(r"^\S+", "T", line) == rf'T WARNING test[{os.getpid()}] loud outcome=failed message="says \"so\""'
    for wrong in ({"EARMARK_LOG": "xml"}, {"EARMARK_LOG_LEVEL": "loud"}):
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            load_settings(environ=wrong)
