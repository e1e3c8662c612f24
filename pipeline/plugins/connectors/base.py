"""What a connector is: a copy of the clips in another program, and the edits that people make there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pipeline.core.types import Audio, Float32

FLAG_TAG = "flag"
"""The tag that stands for a flag; every other tag stands for the selection of its name."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a project's copy lies: the ``name`` of its set there, and a ``folder`` of this machine for its files.

    ``owner`` tells whose copy it is, so that one workspace never writes over another's.
    """

    name: str
    folder: Path
    owner: str


@dataclass(frozen=True, kw_only=True)
class ClipCopy:
    """One clip as the other program shows it.

    ``label`` is the current answer, people's first, ``answered_by`` its author; ``proposed_label`` a model's.
    ``vector`` float32 (d,) is the clip's embedding, ``place`` its point on the map.
    """

    clip_id: int
    image_path: str
    audio_path: str
    recording: str
    start_s: float
    duration_s: float
    label: str | None = None
    answered_by: str | None = None
    proposed_label: str | None = None
    proposed_confidence: float | None = None
    scores: Mapping[str, float]
    tags: tuple[str, ...] = ()
    vector: Float32 | None = None
    place: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What people changed of one clip there since it was pushed or pulled; UTC."""

    clip_id: int
    label_before: str | None
    label: str | None
    tags_before: frozenset[str]
    tags: frozenset[str]
    edited_at: datetime

    @property
    def is_relabelled(self) -> bool:
        return self.label != self.label_before


@dataclass(frozen=True, kw_only=True)
class PushReport:
    """What a push wrote. ``n_kept`` clips were edited there and not yet pulled: they were left as they are.

    ``brain`` says what became of each finding that the other program makes itself, by its name there.
    """

    n_added: int
    n_changed: int
    n_removed: int
    n_unchanged: int
    n_kept: int
    brain: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def n_writes(self) -> int:
        return self.n_added + self.n_changed + self.n_removed


class Connector(Protocol):
    """Carries clips to another program and people's edits back. The copy there is disposable."""

    def preflight(self) -> None:
        """Return, within 3 s, if the other program can be used. Raises SettingsError, which says what to do."""
        ...

    def image(self, audio: Audio) -> tuple[bytes, str]:
        """The picture of a clip and its suffix, like ``.png``. The same clip gives the same bytes."""
        ...

    def image_version(self) -> str:
        """Differs when the same clip would get another picture."""
        ...

    def push(self, place: Place, clips: Sequence[ClipCopy], *, labels: Sequence[str]) -> PushReport:
        """Let the copy hold exactly these clips, apart from those edited there; pushing twice writes nothing.

        People there choose from ``labels``. Raises SettingsError if the place is another's.
        """
        ...

    def pull(self, place: Place) -> list[Edit]:
        """The edits not yet settled, by clip id; none if nothing was ever pushed. Changes nothing."""
        ...

    def settle(self, place: Place, edits: Sequence[Edit]) -> None:
        """Count the edits as pulled: what they say is what later ones are compared with."""
        ...

    def serve(self, place: Place, *, port: int, folders: Sequence[Path]) -> None:
        """Show the copy, and files of these folders alone, to people of this machine until interrupted.

        Raises NotFound before the first push, SettingsError if it cannot be served.
        """
        ...
