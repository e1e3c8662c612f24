"""Verbs of the command line that run beside a page, in a process group of their own, and what came of them.

``python -m apps.jobs VERBS`` is that process: it runs the verbs, a JSON list of lists of words, one after the other.
Voila ends a page's kernel when the page is left; the verbs go on.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Any

Verb = tuple[str, Sequence[str]]
"""A verb of the command line and its words."""


class Job:
    """Verbs that were started.

    ``error`` is the sentence of what stopped them, ``is_cancelled`` whether that was a person; ``results`` are the
    JSON objects that they printed.
    """

    def __init__(self, process: subprocess.Popen[bytes], out: IO[bytes], err: IO[bytes]) -> None:
        self.pid = process.pid
        self.error: str | None = None
        self.is_cancelled = False
        self.results: list[dict[str, Any]] = []
        self._ended = threading.Event()
        # Its end is waited for, so that it does not stay as a zombie.
        threading.Thread(target=self._follow, args=(process, out, err), daemon=True).start()

    @property
    def is_running(self) -> bool:
        """Whether the last verb has not ended yet; while True, error and results say nothing."""
        return not self._ended.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Whether it ended within this time."""
        return self._ended.wait(timeout_s)

    def _follow(self, process: subprocess.Popen[bytes], out: IO[bytes], err: IO[bytes]) -> None:
        status = process.wait()
        with out, err:
            printed, complained = _lines(out), _lines(err)
        self.results = [result for line in printed if (result := _json_object(line)) is not None]
        if status:
            told = [result for result in self.results if "error" in result]
            words = [result["message"] for result in told] or complained or [_silent_end(status)]
            self.error = str(words[-1])
            self.is_cancelled = bool(told) and told[-1]["error"] == "Cancelled"
        self._ended.set()


def start_verbs(verbs: Sequence[Verb], *, project: str, environ: Mapping[str, str]) -> Job:
    """The job that runs these verbs in this project, started."""
    # The words come last, so that none of them is read as an option of ours.
    commands = [[verb, "--project", project, "--json", *words] for verb, words in verbs]
    # Files, not pipes: nobody may be left to read them, and a full pipe would stop the work.
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  the Job closes them
    process = subprocess.Popen(
        [sys.executable, "-m", "apps.jobs", json.dumps(commands)],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        start_new_session=True,  # Jupyter ends a kernel together with its process group
    )
    return Job(process, out, err)


def main() -> int:
    """Run the verbs that the first argument names; the status of the first that failed, else 0."""
    for words in json.loads(sys.argv[1]):
        status = subprocess.run([sys.executable, "-m", "pipeline.cli", *words], check=False).returncode
        if status:
            return status if status > 0 else 128 - status
    return 0


def _lines(file: IO[bytes]) -> list[str]:
    file.seek(0)
    return [line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]


def _json_object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _silent_end(status: int) -> str:
    how = f"by signal {-status}" if status < 0 else f"by signal {status - 128}" if status > 128 else "without a word"
    return f"the work ended {how} before it was finished; start it again, it goes on from the last commit"


if __name__ == "__main__":
    sys.exit(main())
