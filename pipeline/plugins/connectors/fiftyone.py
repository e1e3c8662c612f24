"""Connector fiftyone: clips as spectrograms in FiftyOne's App, people's labels and tags back from it.

FiftyOne knows no sound: a clip is its spectrogram, and a panel of ours plays it. Edits are what differs from what was
last pushed or pulled, kept beside each clip there. Every write demands that the clip was not modified since it was
read, so that an edit made in that moment stays.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from importlib import import_module
from pathlib import Path
from typing import Any

from pipeline.core.errors import NotFound, SettingsError
from pipeline.core.types import Audio
from pipeline.plugins.connectors.base import ClipCopy, Edit, Place, PushReport
from pipeline.plugins.connectors.fiftyone_brain import methods_in, run_brain
from pipeline.plugins.connectors.fiftyone_database import join_database
from pipeline.plugins.connectors.fiftyone_preflight import demand_fiftyone, mongod_program
from pipeline.plugins.connectors.fiftyone_samples import (
    FIELDS,
    Seen,
    add_missing,
    change_stale,
    is_edited,
    read_seen,
    remove_gone,
    settle_base,
    sha256_of,
)

ROOT = Path(__file__).parents[3]
PANEL = Path(__file__).parent / "fiftyone_panel"
_MOST_RADIO_BUTTONS = 12
_NOT_HANDED_ON = ("EARMARK_", "PG", "AWS_", "JUPYTER")  # the App's server shows any file, its own environment too


@dataclass(frozen=True, kw_only=True)
class Fiftyone:
    """Shows clips in FiftyOne: ``n_mels`` pixels high, ``range_db`` from the loudest shade to the faintest.

    ``brain`` names what FiftyOne's brain finds in them beside our own findings, with commas: uniqueness,
    visualization, mistakenness, similarity; clips nearer than ``alike_distance`` (cosine) then sound alike.
    """

    n_mels: int = 128
    range_db: float = 80.0
    brain: str = ""
    alike_distance: float = 0.02

    def __post_init__(self) -> None:
        if not 16 <= self.n_mels <= 512:
            raise ValueError(f"n_mels must be 16 to 512, not {self.n_mels}")
        if not 10 <= self.range_db <= 140:
            raise ValueError(f"range_db must be 10 to 140, not {self.range_db}")
        if not 0 < self.alike_distance < 2:
            raise ValueError(f"alike_distance must lie between 0 and 2, not {self.alike_distance}")
        methods_in(self.brain)

    def preflight(self) -> None:
        """Return, within 3 s, if FiftyOne and its database can be used. Raises SettingsError."""
        demand_fiftyone(database_uri=os.environ.get("FIFTYONE_DATABASE_URI"))

    def image(self, audio: Audio) -> tuple[bytes, str]:
        """The log-mel spectrogram as PNG."""
        # It brings signal processing along, which a refusal must not wait for.
        from pipeline.plugins.connectors.spectrogram_image import spectrogram_png

        return spectrogram_png(audio, n_mels=self.n_mels, range_db=self.range_db), ".png"

    def image_version(self) -> str:
        """Differs when the same clip would get another picture."""
        return f"1-{self.n_mels}-{self.range_db:g}"

    def push(self, place: Place, clips: Sequence[ClipCopy], *, labels: Sequence[str]) -> PushReport:
        """Let the dataset of FiftyOne hold exactly these clips, apart from those edited there; offer these labels.

        Raises SettingsError if a dataset of that name is not ours.
        """
        fo = _fiftyone(place)
        dataset = fo.load_dataset(place.name) if fo.dataset_exists(place.name) else _made(fo, place)
        if dataset.info.get("earmark") != place.owner:
            raise SettingsError(
                "FiftyOne has a dataset of this name that is not of this workspace",
                which=place.name,
                do="rename or delete it there (`fiftyone datasets`)",
            )
        by_clip = {seen.clip_id: seen for seen in read_seen(dataset)}
        wanted = {clip.clip_id: (clip, sha256_of(clip)) for clip in clips}
        untouched = {clip_id: seen for clip_id, seen in by_clip.items() if not is_edited(seen)}
        missing = [pair for clip_id, pair in wanted.items() if clip_id not in by_clip]
        stale = [
            (untouched[i], *pair) for i, pair in wanted.items() if i in untouched and untouched[i].sha256 != pair[1]
        ]
        gone = [seen for clip_id, seen in untouched.items() if clip_id not in wanted]
        n_added = add_missing(fo, dataset, missing)
        n_changed = change_stale(fo, dataset, stale)
        n_removed = remove_gone(dataset, gone)
        _offer_labels(dataset, labels)
        brain = run_brain(dataset, clips, methods_in(self.brain), alike_distance=self.alike_distance)
        n_edited_meanwhile = len(stale) - n_changed + len(gone) - n_removed
        return PushReport(
            n_added=n_added,
            n_changed=n_changed,
            n_removed=n_removed,
            n_unchanged=len(untouched) - len(stale) - len(gone),
            n_kept=len(by_clip) - len(untouched) + n_edited_meanwhile,
            brain=brain,
        )

    def pull(self, place: Place) -> list[Edit]:
        """The edits of the dataset that are not settled, by clip id; none if there is no dataset of ours."""
        dataset = _ours(place)
        return [] if dataset is None else [_edit(seen) for seen in read_seen(dataset) if is_edited(seen)]

    def settle(self, place: Place, edits: Sequence[Edit]) -> None:
        """Count the edits as pulled; what was modified again since is another edit."""
        dataset = _ours(place)
        if dataset is not None:
            settle_base(dataset, edits)

    def serve(self, place: Place, *, port: int, folders: Sequence[Path]) -> None:
        """Serve the App on this machine only, with our panel, until interrupted; files come from these folders alone.

        Raises NotFound before the first push, SettingsError if the port is taken or the App ends by itself.
        """
        _demand_free(port)
        shutil.copytree(PANEL, place.folder / "plugins" / "earmark", dirs_exist_ok=True)
        if _ours(place) is None:
            raise NotFound(
                "nothing was published to FiftyOne yet", which=place.name, do="run `earmark fiftyone publish`"
            )
        words = [sys.executable, "-m", "pipeline.plugins.connectors.fiftyone_server", str(port)]
        environ = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_HANDED_ON)}
        server = subprocess.Popen([*words, *map(str, folders)], cwd=ROOT, env=environ, start_new_session=True)
        try:
            status = server.wait()
        finally:
            server.terminate()
            server.wait()
        raise SettingsError("FiftyOne's App ended by itself", got=f"status {status}", do="see what it said above")


def _demand_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SettingsError("this port is taken", which=port, do="give another one with --port") from error


def _fiftyone(place: Place) -> Any:
    """FiftyOne, imported now: that takes seconds. Its files lie under the place, unless a notebook came first."""
    for name, value in (
        ("FIFTYONE_PLUGINS_DIR", str(place.folder / "plugins")),
        ("FIFTYONE_DATASET_ZOO_DIR", str(place.folder / "zoo")),
        ("FIFTYONE_MODEL_ZOO_DIR", str(place.folder / "zoo")),
        ("FIFTYONE_DEFAULT_DATASET_DIR", str(place.folder)),
        ("FIFTYONE_DATABASE_VALIDATION", "false"),
        ("FIFTYONE_DO_NOT_TRACK", "true"),
        ("FIFTYONE_SHOW_PROGRESS_BARS", "false"),
        # Its own words go to standard output, where --json promises one object.
        ("FIFTYONE_LOGGING_LEVEL", "ERROR"),
        ("FIFTYONE_LOGGING_DESTINATION", "stdout,stderr"),
    ):
        os.environ.setdefault(name, value)
    if "fiftyone" not in sys.modules and not os.environ.get("FIFTYONE_DATABASE_URI"):
        os.environ["FIFTYONE_DATABASE_URI"] = join_database(place.folder, program=mongod_program())
    # importlib_metadata, which other libraries bring along, puts itself in the place of Python's own and raises for
    # fields that a package leaves out; FiftyOne's import expects None, as Python gives it.
    if "importlib_metadata" not in sys.modules:
        import fiftyone as fo

        return fo
    adapters: Any = import_module("importlib_metadata._adapters")
    strict = adapters.Message.__getitem__
    adapters.Message.__getitem__ = Message.__getitem__
    try:
        import fiftyone as fo
    finally:
        adapters.Message.__getitem__ = strict
    return fo


def _ours(place: Place) -> Any:
    """The dataset of the place, None if there is none of this workspace."""
    fo = _fiftyone(place)
    if not fo.dataset_exists(place.name):
        return None
    dataset = fo.load_dataset(place.name)
    return dataset if dataset.info.get("earmark") == place.owner else None


def _made(fo: Any, place: Place) -> Any:
    dataset = fo.Dataset(place.name, persistent=True)
    for name, kind, embedded in FIELDS:
        extra = {"embedded_doc_type": getattr(fo, embedded)} if embedded else {}
        dataset.add_sample_field(name, getattr(fo, kind), **extra)
    dataset.create_index("clip_id", unique=True)
    dataset.info["earmark"] = place.owner
    dataset.save()
    return dataset


def _offer_labels(dataset: Any, labels: Sequence[str]) -> None:
    """The label set as what the App's own annotation lets people choose from."""
    if not labels:
        return
    component = "radio" if len(labels) <= _MOST_RADIO_BUTTONS else "dropdown"
    wanted = {"type": "classification", "component": component, "classes": list(labels), "attributes": []}
    if dataset.label_schemas.get("label") != wanted:
        dataset.update_label_schema("label", wanted)
    if "label" not in dataset.active_label_schemas:
        dataset.activate_label_schemas("label")


def _edit(seen: Seen) -> Edit:
    return Edit(
        clip_id=seen.clip_id,
        label_before=seen.base_label,
        label=seen.label,
        tags_before=seen.base_tags,
        tags=seen.tags,
        edited_at=seen.modified_at,
    )
