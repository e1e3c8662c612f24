"""Quality: how far people agree, how reliable each of them is, and who answers faster than one can hear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.catalog import agreement as rows
from pipeline.catalog import gold
from pipeline.catalog.agreement import FastAnswer, PersonsAnswer, PersonsPace
from pipeline.catalog.gold import GoldClip
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import Project, duty_of
from pipeline.core.permissions import demand
from pipeline.curation.agreement import (
    Alpha,
    Answers,
    agreement_by_pair,
    alpha_by_value,
    as_answers,
    disputed_clips,
    krippendorff_alpha,
)
from pipeline.curation.annotator_quality import AnnotatorQuality, dawid_skene
from pipeline.curation.intervals import share_interval
from pipeline.workflows.operation import Conn

NONE_OF_THESE, BAD_AUDIO = "none of these", "bad audio"
_VALUES = {"none_of_these": NONE_OF_THESE, "bad_audio": BAD_AUDIO}
_LEAST_JUDGED_N = 10
"""With fewer answers to compare nothing is said of a person."""


@dataclass(frozen=True, kw_only=True)
class LabelAgreement:
    """How far people agree where this label applies; ``n_said``: so many answers about shared clips name it."""

    label: str
    alpha: Alpha
    n_said: int


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two people: of ``n_shared`` clips that both answered, of ``n_same`` they said the same."""

    one: str
    other: str
    n_shared: int
    n_same: int
    alpha: Alpha


@dataclass(frozen=True, kw_only=True)
class Confused:
    """What a person says instead of what it is: in this share of the clips that are ``label``."""

    label: str
    said: str
    share: float


@dataclass(frozen=True, kw_only=True)
class PersonQuality:
    """One person. ``accuracy`` by Dawid and Skene, None below ``_LEAST_JUDGED_N`` answers that can be compared.

    ``gold_low`` to ``gold_high``: where the share of gold met lies (90 %). ``most_confused``: their commonest mistake.
    """

    person: str
    n_answers: int
    n_judged: int
    accuracy: float | None
    most_confused: Confused | None
    n_gold: int
    n_gold_met: int
    gold_low: float
    gold_high: float
    median_response_ms: float | None
    n_too_fast: int
    n_unheard: int
    n_hasty: int
    latest_at: datetime


@dataclass(frozen=True, kw_only=True)
class DisputedClip:
    """A clip about which people disagree, and who says what."""

    clip_id: int
    said: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class TeamReport:
    """Everything about several people's answers. ``n_shared`` of ``n_answered`` clips have answers of several."""

    n_answered: int
    n_shared: int
    alpha: Alpha
    labels: list[LabelAgreement]
    pairs: list[Pair]
    people: list[PersonQuality]
    disputed: list[DisputedClip]
    gold: list[GoldClip]
    fast: list[FastAnswer]


def team_report(conn: Conn, project: Project, *, seed: int = 0) -> TeamReport:
    """The report as of now. *Unsure* says nothing about a clip and counts neither for nor against agreement.

    Raises NotPermitted.
    """
    demand(duty_of(conn, project.project_id), "quality", actor=conn.info.user, project=project.name)
    everything = rows.answers_of_people(conn, project.project_id)
    said = [answer for answer in everything if answer.answer != "unsure"]
    names = [*(label.name for label in list_labels(conn, project.project_id)), NONE_OF_THESE, BAD_AUDIO]
    people = sorted({answer.author for answer in said})
    answers = _numbered(said, names, people)
    gold_clips = gold.list_gold(conn, project.project_id)
    of_gold = {clip.clip_id: names.index(clip.label or NONE_OF_THESE) for clip in gold_clips}
    quality = dawid_skene(answers, n_people=len(people), n_values=len(names), gold=of_gold)
    alpha = krippendorff_alpha(answers, seed=seed)
    disputed = set(disputed_clips(answers))
    return TeamReport(
        n_answered=len({answer.clip_id for answer in said}),
        n_shared=alpha.n_clips,
        alpha=alpha,
        labels=_by_label(answers, names, seed),
        pairs=[
            Pair(
                one=people[pair.people[0]],
                other=people[pair.people[1]],
                n_shared=pair.alpha.n_clips,
                n_same=pair.n_same,
                alpha=pair.alpha,
            )
            for pair in agreement_by_pair(answers, seed=seed)
        ],
        people=[_person(pace, said, people, names, quality, of_gold) for pace in rows.paces(conn, project.project_id)],
        disputed=_disputed(said, disputed),
        gold=gold_clips,
        fast=rows.fast_answers(conn, project.project_id),
    )


def _numbered(said: Sequence[PersonsAnswer], names: Sequence[str], people: Sequence[str]) -> Answers:
    of_name = {name: number for number, name in enumerate(names)}
    of_person = {person: number for number, person in enumerate(people)}
    return as_answers([(a.clip_id, of_person[a.author], of_name[_value(a)]) for a in said])


def _value(answer: PersonsAnswer) -> str:
    return answer.label or _VALUES[answer.answer]


def _by_label(answers: Answers, names: Sequence[str], seed: int) -> list[LabelAgreement]:
    """Labels that were said of a clip with several answers, the least agreed on first."""
    n_of_clip: dict[int, int] = {}
    for clip in answers.clips.tolist():
        n_of_clip[clip] = n_of_clip.get(clip, 0) + 1
    n_said = [0] * len(names)
    for clip, value in zip(answers.clips.tolist(), answers.values.tolist(), strict=True):
        n_said[value] += n_of_clip[clip] > 1
    alphas = alpha_by_value(answers, len(names), seed=seed)
    found = [
        LabelAgreement(label=name, alpha=alpha, n_said=n)
        for name, alpha, n in zip(names, alphas, n_said, strict=True)
        if n
    ]
    return sorted(found, key=lambda label: (label.alpha.alpha is None, label.alpha.alpha or 0.0))


def _person(
    pace: PersonsPace,
    said: Sequence[PersonsAnswer],
    people: Sequence[str],
    names: Sequence[str],
    quality: AnnotatorQuality,
    of_gold: dict[int, int],
) -> PersonQuality:
    own_gold = [(a, of_gold[a.clip_id]) for a in said if a.author == pace.person and a.clip_id in of_gold]
    n_met = sum(_value(answer) == names[truth] for answer, truth in own_gold)
    low, high = share_interval(n_met, len(own_gold))
    at = people.index(pace.person) if pace.person in people else None
    n_judged = 0 if at is None else int(quality.n_judged[at])
    is_judged = at is not None and n_judged >= _LEAST_JUDGED_N
    return PersonQuality(
        person=pace.person,
        n_answers=pace.n_answers,
        n_judged=n_judged,
        accuracy=float(quality.accuracy[at]) if is_judged else None,
        most_confused=_confused(quality, at, names) if is_judged and at is not None else None,
        n_gold=len(own_gold),
        n_gold_met=n_met,
        gold_low=low,
        gold_high=high,
        median_response_ms=pace.median_response_ms,
        n_too_fast=pace.n_too_fast,
        n_unheard=pace.n_unheard,
        n_hasty=pace.n_hasty,
        latest_at=pace.latest_at,
    )


def _confused(quality: AnnotatorQuality, person: int, names: Sequence[str]) -> Confused | None:
    """The commonest mistake among clips as frequent as they are; None where every mistake is a matter of chance."""
    mistakes = quality.confusion[person] * quality.truth.mean(axis=0)[:, None]
    for value in range(len(names)):
        mistakes[value, value] = 0
    truth, said = divmod(int(mistakes.argmax()), len(names))
    share = float(quality.confusion[person, truth, said])
    return Confused(label=names[truth], said=names[said], share=share) if share >= 0.05 else None


def _disputed(said: Sequence[PersonsAnswer], disputed: set[int]) -> list[DisputedClip]:
    found: dict[int, dict[str, str]] = {}
    for answer in said:
        if answer.clip_id in disputed:
            found.setdefault(answer.clip_id, {})[answer.author] = _value(answer)
    return [DisputedClip(clip_id=clip_id, said=who) for clip_id, who in found.items()]
