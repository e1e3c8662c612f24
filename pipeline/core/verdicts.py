"""What a reviewer decides about a doubtful clip, and what that makes of its label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from pipeline.core.errors import CatalogError, SettingsError
from pipeline.core.types import Answer, AnswerGiven, Heard

Doubt = Literal["suspect", "flagged", "disputed"]
"""Why a clip is doubted: the other clips say another label, a person raised a flag, people disagree."""
Verdict = Literal["confirmed", "relabelled", "none_of_these", "unsure", "bad_audio", "withdrawn"]

_ANSWERS: dict[Verdict, Answer] = {
    "confirmed": "label",
    "relabelled": "label",
    "none_of_these": "none_of_these",
    "bad_audio": "bad_audio",
    "withdrawn": "withdrawn",
}


class SettledMeanwhile(CatalogError):
    """Another verdict stands on the clip already."""


@dataclass(frozen=True, kw_only=True)
class VerdictGiven:
    """One verdict. ``verdict_id`` is made by the browser, so that sending twice saves once.

    ``given`` is the label that the clip had, ``suggested`` another that it may have; ``label`` is the one that it has
    from now on, of confirmed and relabelled only. ``score`` is how suspicious it was (catalog/suspects.py).
    ``supersedes`` is the verdict that withdrawn takes back. Raises SettingsError where these do not fit.
    """

    verdict_id: UUID
    clip_id: int
    doubt: Doubt
    verdict: Verdict
    given: str | None = None
    suggested: str | None = None
    label: str | None = None
    score: float | None = None
    supersedes: UUID | None = None
    heard: Heard | None = None
    picture: str | None = None

    def __post_init__(self) -> None:
        if (self.verdict in ("confirmed", "relabelled")) != (self.label is not None):
            raise SettingsError("verdict and label do not fit", got=f"{self.verdict} with label {self.label!r}")
        if self.verdict == "confirmed" and self.label != self.given:
            raise SettingsError("what is confirmed is the given label", expected=self.given, got=self.label)
        if (self.verdict == "withdrawn") != (self.supersedes is not None):
            raise SettingsError("withdrawn names the verdict that it takes back, and nothing else does")

    @property
    def annotation(self) -> AnswerGiven | None:
        """The reviewer's last word that goes with it; None for unsure, which settles nothing."""
        if self.verdict == "unsure":
            return None
        return AnswerGiven(
            annotation_id=self.verdict_id,
            clip_id=self.clip_id,
            answer=_ANSWERS[self.verdict],
            label=self.label,
            heard=self.heard,
            supersedes=self.supersedes,
            screen="flags",
            picture=self.picture,
            settles=self.verdict != "withdrawn",
        )
