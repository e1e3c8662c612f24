"""The near-duplicates tab's state and words: lists, decisions and what they are taken back by, the slider's steps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps.curate.alike_words import alike_steps, alike_trouble
from apps.curate.state import AlikeCosts, CurateState
from apps.curate.words import compared_group, listed_groups
from apps.session import Session
from pipeline.catalog.curation_lists import GroupEntry
from pipeline.core.errors import NotFound
from pipeline.workflows.deduplicate import deduplicate
from tests.apps.digits import COPIES
from tests.apps.test_curate import (  # noqa: F401  pytest finds fixtures by these names
    N_CLIPS,
    clip_of,
    figure,
    is_redundant,
    session,
    state,
)


def group_of(session: Session, name: str) -> int:  # noqa: F811
    row = session.workspace.conn.execute(
        "SELECT duplicate_group_id FROM duplicate WHERE clip_id = %s", (clip_of(session, name),)
    ).fetchone()
    assert row is not None
    return row[0]


def all_groups(state: CurateState) -> list[GroupEntry]:  # noqa: F811
    return state.groups(shown="all", limit=1_000)


def test_groups_stand_by_doubt_and_the_most_doubtful_is_full(session: Session, state: CurateState) -> None:  # noqa: F811
    copy = clip_of(session, "1_jackson_90.wav")
    session.workspace.conn.execute("UPDATE duplicate SET distance = 0.2 WHERE clip_id = %s", (copy,))
    groups = all_groups(state)
    assert [group.doubt for group in groups] == sorted((group.doubt for group in groups), reverse=True)
    listed = listed_groups(groups)
    assert [entry.get("doubt") for entry in listed[:1]] == [1.0]
    assert listed[1].get("doubt", 1.0) < 0.01, "what is hardly doubtful has no bar"
    assert sorted(entry["n_clips"] for entry in listed) == [2, 2, 3]


def test_weaker_finding_stands_before_the_stronger_whatever_its_distance(session: Session, state: CurateState) -> None:  # noqa: F811
    conn = session.workspace.conn
    conn.execute(
        "UPDATE duplicate SET finding = 'sounds alike', distance = 0.01 WHERE clip_id = %s",
        (clip_of(session, "0_george_91.wav"),),
    )
    conn.execute(
        "UPDATE duplicate SET finding = 'identical' WHERE clip_id = %s", (clip_of(session, "1_jackson_90.wav"),)
    )
    assert [group.finding for group in all_groups(state)] == ["sounds alike", "same recording", "identical"]
    counts = CurateState(session).read_now().groups
    assert (counts.n_sounds_alike, counts.n_same_recording, counts.n_identical, counts.n_groups) == (1, 1, 1, 3)
    for finding in ("identical", "same recording", "sounds alike"):
        assert [group.finding for group in state.groups(shown=finding, limit=9)] == [finding]


def test_pages_of_the_list_are_the_list(state: CurateState) -> None:  # noqa: F811
    every, paged, after = all_groups(state), list[GroupEntry](), None
    while page := state.groups(shown="all", after=after, limit=1):
        paged += page
        after = page[-1]
    assert paged == every and len(every) == 3


def test_list_of_open_groups_keeps_those_just_judged(session: Session, state: CurateState) -> None:  # noqa: F811
    state.decide(clip_of(session, "1_jackson_90.wav"), "mark")
    judged = group_of(session, "1_jackson_90.wav")
    still_open = [group.duplicate_group_id for group in state.groups(shown="open", limit=9)]
    assert len(still_open) == 2 and judged not in still_open
    kept = [group.duplicate_group_id for group in state.groups(shown="open", kept={judged}, limit=9)]
    assert sorted(kept) == sorted([*still_open, judged])


def test_last_decision_is_taken_back_and_both_stay_in_the_history(session: Session, state: CurateState) -> None:  # noqa: F811
    copy, original = clip_of(session, "1_jackson_90.wav"), clip_of(session, "1_jackson_0.wav")
    state.decide(copy, "restore")
    state.decide(copy, "represent")
    assert is_redundant(session, original) and not is_redundant(session, copy)
    undone = state.undo()
    assert (undone.clip_id, undone.decision) == (original, "represent")
    assert not is_redundant(session, original) and not is_redundant(session, copy)
    undone = state.undo()
    assert (undone.clip_id, undone.decision) == (copy, "mark")
    assert is_redundant(session, copy)
    with pytest.raises(NotFound, match="nothing to undo"):
        state.undo()
    said = session.workspace.conn.execute(
        "SELECT clip_id, decision FROM duplicate_decision ORDER BY duplicate_decision_id"
    ).fetchall()
    assert said == [(copy, "restore"), (copy, "represent"), (original, "represent"), (copy, "mark")]


def test_taking_back_what_changed_nothing_restores_nothing(session: Session, state: CurateState) -> None:  # noqa: F811
    copy = clip_of(session, "1_jackson_90.wav")
    state.decide(copy, "mark")
    assert state.undo().decision is None
    assert is_redundant(session, copy)


def test_member_says_how_it_lies_and_only_what_was_laid_is_aligned(session: Session, state: CurateState) -> None:  # noqa: F811
    conn = session.workspace.conn
    near, far = clip_of(session, "0_george_90.wav"), clip_of(session, "0_george_91.wav")
    conn.execute("UPDATE duplicate SET lag_s = 0.12, overlap_s = 0.15 WHERE clip_id = %s", (near,))
    conn.execute("UPDATE duplicate SET finding = 'sounds alike', overlap_s = NULL WHERE clip_id = %s", (far,))
    group = compared_group(state.group(group_of(session, "0_george_90.wav")))
    shown = {clip["clip_id"]: clip for clip in group["members"]}
    assert shown[near].get("lag_s") == pytest.approx(-0.12), "the representative begins before this clip"
    assert shown[near].get("share") == "0.12 s later, 0.15 s shared"
    assert (shown[far].get("finding"), shown[far].get("lag_s", 0)) == ("sounds alike", None)
    shown = {clip["clip_id"]: clip for clip in compared_group(state.decide(near, "represent"))["members"]}
    assert shown[near].get("lag_s") == 0
    first = clip_of(session, "0_george_0.wav")
    assert shown[first].get("lag_s") == pytest.approx(0.12)
    assert shown[first].get("share", "").startswith("0.12 s earlier")
    shown = {clip["clip_id"]: clip for clip in compared_group(state.decide(far, "represent"))["members"]}
    assert shown[first].get("lag_s", 0) is None and shown[far].get("lag_s") == 0


def test_slider_says_what_the_search_for_near_duplicates_found(session: Session, state: CurateState) -> None:  # noqa: F811
    what = state.read_now()
    assert what.alike is not None and what.alike.found is not None
    steps = alike_steps(what.alike, n_clips=what.counts.n_clips, all_s=what.sound.all_s)
    assert len(steps) > 2 and alike_trouble(what.alike) == ""
    assert [step["distance"] for step in steps] == sorted(step["distance"] for step in steps)
    last, found = steps[-1], what.alike.found["steps"][-1]
    assert last["share"] == found["n_redundant"] / N_CLIPS
    assert last["words"].startswith(f"{found['n_redundant']} clips (")
    assert [pair["goes"]["clip_id"] for pair in last["pairs"]] == [pair[1] for pair in found["borderline"]]


def test_slider_without_embeddings_says_what_to_do(state: CurateState) -> None:  # noqa: F811
    assert "Find near-duplicates again" in alike_trouble(AlikeCosts(operation_id=1, found=None, cards={}))
    none = AlikeCosts(operation_id=1, found={"n_clips": 9, "distance": None, "steps": []}, cards={})
    assert "No two clips sound alike" in alike_trouble(none)
    assert alike_steps(none, n_clips=9, all_s=1.0) == []


def test_pair_whose_clip_is_gone_is_left_out(state: CurateState) -> None:  # noqa: F811
    alike = state.read_now().alike
    assert alike is not None and alike.found is not None
    gone = {pair[1] for pair in alike.found["steps"][0]["borderline"]}
    without = replace(alike, cards={clip_id: card for clip_id, card in alike.cards.items() if clip_id not in gone})
    assert alike_steps(without, n_clips=N_CLIPS, all_s=1.0)[0]["pairs"] == []


def test_restored_clip_counts_again_and_its_group_is_judged(session: Session, state: CurateState) -> None:  # noqa: F811
    group = state.group(group_of(session, "1_jackson_90.wav"))
    copy = next(member.clip_id for member in group.members if member.is_redundant)
    now = compared_group(state.decide(copy, "restore"))
    assert [clip["state"] for clip in now["members"] if clip["clip_id"] == copy] == ["restored"]
    assert not is_redundant(session, copy)
    assert figure(state, "Redundant clips")["value"] == len(COPIES) - 1
    assert figure(state, "Near-duplicates")["note"] == "2 to judge"
    again = compared_group(state.decide(copy, "mark"))
    assert [clip["state"] for clip in again["members"] if clip["clip_id"] == copy] == ["copy"]
    assert is_redundant(session, copy)


def test_chosen_representative_keeps_what_was_measured(session: Session, state: CurateState) -> None:  # noqa: F811
    group_id = group_of(session, "0_george_90.wav")
    for distance, member in zip((0.0, 0.02, 0.05), state.group(group_id).members, strict=True):
        session.workspace.conn.execute(
            "UPDATE duplicate SET distance = %s WHERE clip_id = %s", (distance, member.clip_id)
        )
    first, near, far = state.group(group_id).members
    shown = {clip["clip_id"]: clip for clip in compared_group(state.decide(near.clip_id, "represent"))["members"]}
    assert not is_redundant(session, near.clip_id) and is_redundant(session, first.clip_id)
    assert shown[first.clip_id].get("distance") == near.distance
    assert shown[far.clip_id].get("distance") is None
    assert f"{far.distance:.3f} from {first.recording_name}" in shown[far.clip_id].get("reason", "")


def test_group_with_two_labels_says_so(session: Session, state: CurateState) -> None:  # noqa: F811
    wrong = compared_group(state.group(group_of(session, "7_theo_90.wav")))
    assert "different labels (2, 7)" in wrong.get("reason", "")
    right = compared_group(state.group(group_of(session, "0_george_90.wav")))
    assert right.get("reason") == "3 clips, 2 redundant, all labelled 0"


def test_decisions_outlive_finding_near_duplicates_again(session: Session, state: CurateState) -> None:  # noqa: F811
    copy = next(m for m in state.group(group_of(session, "7_theo_90.wav")).members if m.is_redundant)
    state.decide(copy.clip_id, "restore")
    before = all_groups(state)
    deduplicate(session.workspace.conn, session.project, session.workspace.store)
    after = all_groups(state)
    assert {group.duplicate_group_id for group in before}.isdisjoint(group.duplicate_group_id for group in after)
    assert [group.n_open for group in after if group.n_clips == 2].count(0) == 1
    with pytest.raises(NotFound, match="this group is gone"):
        state.group(before[0].duplicate_group_id)
