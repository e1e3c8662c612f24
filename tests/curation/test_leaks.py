"""Leaking pairs: which clip would have to move, for which reason, with whom."""

from __future__ import annotations

from pipeline.core.types import DuplicateGroup, DuplicateMember
from pipeline.curation.leaks import LeakKind, SplitClip, leaking_pairs


def clip(
    clip_id: int,
    split: str,
    *,
    file: str | None = None,
    span_s: tuple[float, float] = (0, 1),
    source: str | None = None,
    sha: str | None = None,
) -> SplitClip:
    return SplitClip(
        clip_id=clip_id,
        split=split,
        recording_name=file or f"{clip_id}.wav",
        file_key=file or str(clip_id),
        start_s=span_s[0],
        stop_s=span_s[1],
        source_group=source,
        sha256=(sha or str(clip_id)).encode(),
    )


def copies(*members: tuple[int, float, float]) -> DuplicateGroup:
    """A group of (index, distance, lag), the first its representative."""
    return DuplicateGroup(
        representative=members[0][0],
        members=tuple(
            DuplicateMember(index=i, finding="same recording", distance=d, reason="", lag_s=lag)
            for i, d, lag in members
        ),
    )


def test_no_clips_leak_nothing() -> None:
    assert leaking_pairs([], []) == []


def test_what_is_shared_within_one_side_is_no_leak() -> None:
    clips = [clip(i, "train", file="a", source="s", sha="same") for i in range(3)] + [clip(3, "test", source="t")]
    assert leaking_pairs(clips, [copies((0, 0, 0), (1, 0.1, 0.2))]) == []


def test_clips_without_a_source_group_do_not_share_it() -> None:
    assert leaking_pairs([clip(1, "train"), clip(2, "test")], []) == []


def test_the_few_outside_are_named_not_the_many() -> None:
    clips = [clip(i, "test", source="s") for i in range(3)] + [clip(9, "train", source="s")]
    (pair,) = leaking_pairs(clips, [])
    assert (pair.kind, pair.clip.clip_id, pair.other.clip_id) == (LeakKind.SAME_SOURCE, 9, 0)
    assert (pair.lag_s, pair.score) == (None, None)


def test_each_pair_is_named_for_its_gravest_reason_only() -> None:
    clips = [
        clip(1, "train", source="s", sha="same"),
        clip(2, "train", source="s"),
        clip(3, "test", source="s", sha="same"),
    ]
    (pair,) = leaking_pairs(clips, [copies((0, 0, 0), (2, 0, 0))])
    assert (pair.kind, {pair.clip.clip_id, pair.other.clip_id}) == (LeakKind.IDENTICAL, {1, 3})


def test_a_clip_that_leaks_to_two_sides_is_named_for_both() -> None:
    clips = [
        clip(1, "train", sha="x", source="s"),
        clip(2, "train", source="s"),
        clip(3, "test", sha="x"),
        clip(4, "validation", source="s"),
    ]
    kinds = [(pair.kind, pair.clip.clip_id) for pair in leaking_pairs(clips, [])]
    assert kinds == [(LeakKind.IDENTICAL, 1), (LeakKind.SAME_SOURCE, 4)]


def test_spans_of_one_file_that_overlap_are_told_from_those_that_do_not() -> None:
    spans = [(0.0, 2.0), (2.0, 4.0), (3.5, 4.5), (9.0, 10.0)]
    splits = ["train", "train", "test", "validation"]
    clips = [clip(i, splits[i], file="a", span_s=span) for i, span in enumerate(spans)]
    overlap, apart = leaking_pairs(clips, [])
    assert (overlap.kind, overlap.clip.clip_id, overlap.other.clip_id) == (LeakKind.SAME_SPAN, 2, 1)
    assert (overlap.lag_s, overlap.score) == (1.5, 0.5)
    assert (apart.kind, apart.clip.clip_id, apart.score) == (LeakKind.SAME_FILE, 3, None)


def test_lag_between_two_copies_goes_by_way_of_their_representative() -> None:
    clips = [clip(1, "train"), clip(2, "train"), clip(3, "test")]
    group = copies((0, 0.0, 0.0), (1, 0.05, 0.3), (2, 0.1, -0.2))
    (pair,) = leaking_pairs(clips, [group])
    assert (pair.kind, pair.clip.clip_id, pair.other.clip_id) == (LeakKind.SAME_RECORDING, 3, 1)
    assert (pair.lag_s, pair.score) == (-0.2, 0.9)
    (between,) = leaking_pairs([clips[1], clips[2]], [copies((0, 0.05, 0.3), (1, 0.1, -0.2))])
    assert between.lag_s in (0.5, -0.5) and between.score == 0.9
