"""The clips in doubt as a reviewer hears them: the clip, what speaks for which label, and what to hear beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.catalog import doubts, search, verdicts
from pipeline.catalog.doubts import ClipFacts, DoubtCounts, Evidence
from pipeline.catalog.projects import Project
from pipeline.core.errors import NotFound
from pipeline.core.types import Answer, Vote
from pipeline.core.verdicts import Doubt
from pipeline.curation.consensus import consensus
from pipeline.curation.list_precision import WRONG, Expected, Precision, expected_wrong, precision_so_far
from pipeline.workflows.operation import Conn


@dataclass(frozen=True, kw_only=True)
class Camp:
    """The people who gave one answer."""

    answer: Answer
    label: str | None
    people: list[str]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One clip in doubt. ``given`` is the label that it has, None for a clip whose answer is none or not a label.

    ``evidence`` is what the search for mislabels says, where it speaks of these two labels; ``near_given`` and
    ``near_suggested`` are the nearest clips of the two, None where there is none. ``camps`` hold what people said, the
    largest first; ``flagged_by`` who raised a flag.
    """

    doubt: Doubt
    clip: ClipFacts
    given: str | None
    suggested: str | None
    near_given: ClipFacts | None
    near_suggested: ClipFacts | None
    evidence: Evidence | None
    camps: list[Camp]
    flagged_by: list[str]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far the three lists are: what waits, how right the suspects heard so far were, and what the rest holds."""

    counts: DoubtCounts
    precision: Precision
    expected: Expected


def read_standing(conn: Conn, project: Project) -> Standing:
    """How far the lists are now."""
    project_id = project.project_id
    heard = verdicts.suspects_heard(conn, project_id)
    evidence = doubts.evidence_of(conn, project_id, doubts.list_suspects(conn, project_id))
    return Standing(
        counts=doubts.count_doubts(conn, project_id),
        precision=precision_so_far([one.verdict for one in heard]),
        expected=expected_wrong(
            [(one.score, one.verdict in WRONG) for one in heard if one.verdict != "unsure"],
            [one.score for one in evidence.values()],
        ),
    )


def read_cases(conn: Conn, project: Project, doubt: Doubt, *, n: int, have: Sequence[int] = ()) -> list[Case]:
    """The next ``n`` clips of a list, but those in ``have``: suspects by their score, the others the latest first."""
    project_id = project.project_id
    flagged: dict[int, list[str]] = {}
    if doubt == "suspect":
        clip_ids = doubts.list_suspects(conn, project_id, have=have, limit=n)
    elif doubt == "disputed":
        clip_ids = doubts.list_disputed(conn, project_id, have=have, limit=n)
    else:
        flagged = {one.clip_id: one.people for one in doubts.list_flagged(conn, project_id, have=have, limit=n)}
        clip_ids = list(flagged)
    votes = doubts.votes_of(conn, project_id, clip_ids)
    evidence = doubts.evidence_of(conn, project_id, clip_ids)
    plain = [
        _case(doubt, clip_id, votes.get(clip_id, []), evidence.get(clip_id), flagged.get(clip_id, []))
        for clip_id in clip_ids
    ]
    nearest = {case.clip_id: _nearest(conn, project_id, case) for case in plain}
    wanted = [*clip_ids, *(near for pair in nearest.values() for near in pair if near is not None)]
    facts = doubts.facts_of(conn, project_id, wanted)
    return [_whole(case, nearest[case.clip_id], facts) for case in plain if case.clip_id in facts]


@dataclass(frozen=True, kw_only=True)
class _Plain:
    """A case before its clips are looked up."""

    doubt: Doubt
    clip_id: int
    given: str | None
    suggested: str | None
    evidence: Evidence | None
    camps: list[Camp]
    flagged_by: list[str]


def _case(
    doubt: Doubt, clip_id: int, votes: Sequence[Vote], evidence: Evidence | None, flagged_by: list[str]
) -> _Plain:
    settled = consensus(votes)
    given = None if settled is None else settled.label
    camps = _camps(votes)
    suggested = next((camp.label for camp in camps if camp.label not in (None, given)), None)
    if doubt == "suspect" and evidence is not None:
        # What the list says, also where an answer has come in since that changes nothing.
        given = evidence.given
    is_told = evidence is not None and evidence.given == given
    if evidence is not None and is_told and (suggested is None or doubt != "disputed"):
        suggested = evidence.suggested
    return _Plain(
        doubt=doubt,
        clip_id=clip_id,
        given=given,
        suggested=suggested,
        evidence=evidence if evidence is not None and is_told and evidence.suggested == suggested else None,
        camps=camps,
        flagged_by=flagged_by,
    )


def _camps(votes: Sequence[Vote]) -> list[Camp]:
    camps: dict[tuple[Answer, str | None], list[str]] = {}
    for vote in votes:
        if vote.source == "human":
            camps.setdefault((vote.answer, vote.label), []).append(vote.author)
    ranked = sorted(camps.items(), key=lambda camp: (-len(camp[1]), camp[0][0], camp[0][1] or ""))
    return [Camp(answer=answer, label=label, people=people) for (answer, label), people in ranked]


def _nearest(conn: Conn, project_id: int, case: _Plain) -> tuple[int | None, int | None]:
    """The nearest clips of the two labels: those that the search found, else by the current encoder."""
    if case.evidence is not None:
        return case.evidence.nearest_given, case.evidence.nearest_suggested
    try:
        encoder = search.serving_encoder(conn, project_id)
    except NotFound:
        return None, None
    near = [
        None if label is None else doubts.nearest_with_label(conn, project_id, encoder.encoder_id, case.clip_id, label)
        for label in (case.given, case.suggested)
    ]
    return near[0], near[1]


def _whole(case: _Plain, nearest: tuple[int | None, int | None], facts: Mapping[int, ClipFacts]) -> Case:
    near_given, near_suggested = (None if clip_id is None else facts.get(clip_id) for clip_id in nearest)
    return Case(
        doubt=case.doubt,
        clip=facts[case.clip_id],
        given=case.given,
        suggested=case.suggested,
        near_given=near_given,
        near_suggested=near_suggested,
        evidence=case.evidence,
        camps=case.camps,
        flagged_by=case.flagged_by,
    )
