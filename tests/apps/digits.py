"""A small project of real spoken digits, some of them twice: embedded, de-duplicated, with a map."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import soundfile

from apps.session import Session
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.deduplicate import deduplicate
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest
from tests.apps.made import Made, new_database, open_made

N_DIGITS = 24
COPIES = {
    "0_george_90.wav": ("0_george_0.wav", 0.5),
    "0_george_91.wav": ("0_george_0.wav", 0.7),
    "1_jackson_90.wav": ("1_jackson_0.wav", 0.6),
    "7_theo_90.wav": ("2_theo_0.wav", 0.5),
}
"""A quieter copy by its file name: of which recording, and how much quieter. The last one has a wrong label."""


def write_digits(folder: Path, test_data: Path) -> Path:
    """N_DIGITS different recordings LABEL_SPEAKER_TAKE.wav and the COPIES."""
    folder.mkdir(parents=True, exist_ok=True)
    speakers = ("george", "jackson", "theo", "lucas")
    names = [f"{digit}_{speaker}_{take}.wav" for digit in range(3) for speaker in speakers for take in range(2)]
    for name in names[:N_DIGITS]:
        (folder / name).write_bytes((test_data / "fsdd" / name).read_bytes())
    for name, (original, gain) in COPIES.items():
        samples, rate_hz = soundfile.read(folder / original)
        soundfile.write(folder / name, gain * samples, rate_hz)
    return folder


def fill_with_digits(session: Session, test_data: Path) -> None:
    """Bring them in with their labels; cut, embed and de-duplicate them."""
    conn, project, store = session.workspace.conn, session.project, session.workspace.store
    folder = write_digits(session.workspace.settings.workspace / "digits", test_data)
    ingest(conn, project, str(folder), labels=LabelRules(name_pattern="{label}_{group}_{take}.wav"), workers=1)
    cut(conn, project, store, workers=1)
    embed(conn, project, store, workers=1)
    deduplicate(conn, project, store)


@contextmanager
def make_digits(server_url: str, template: str, folder: Path, test_data: Path) -> Iterator[Made]:
    """The project, made once for tests that each take a copy or undo what they did."""
    with new_database(server_url, template) as url:
        with open_made(url, folder) as session:
            fill_with_digits(session, test_data)
        yield Made(server_url=server_url, database=urlsplit(url).path.strip("/"), folder=folder)
