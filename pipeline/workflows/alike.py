"""What goes because it sounds alike, and what it would cost: the part of deduplicating that goes by embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.catalog import clip_columns, embeddings
from pipeline.catalog.fingerprints import ComparedClip
from pipeline.core.types import DuplicateGroup, DuplicateMember, Float32
from pipeline.curation.alike import alike_curve, alike_stars, least_cosine, same_label_only
from pipeline.curation.near_pairs import NearPairs, exact_pairs, probed_pairs
from pipeline.workflows.operation import Run


@dataclass(frozen=True)
class _Embedded:
    """The embedded clips that no group of one recording makes redundant: their places, and their embeddings."""

    places: list[int]
    vectors: Float32


class AlikePool:
    """What could go because it sounds alike: clips that no group of one recording makes redundant already."""

    def __init__(
        self, run: Run, clips: Sequence[ComparedClip], rank: Sequence[int], groups: Sequence[DuplicateGroup]
    ) -> None:
        self._run = run
        self._clips = clips
        redundant = {
            member.index for group in groups for member in group.members if member.index != group.representative
        }
        self._kept = self._read(redundant)
        self.places = self._kept.places
        self._rank = [rank[place] for place in self.places]

    def _read(self, redundant: set[int]) -> _Embedded:
        conn, project_id = self._run.conn, self._run.project.project_id
        encoder_id = embeddings.current_encoder(conn, project_id)
        if encoder_id is None:
            return _Embedded([], np.zeros((0, 0), np.float32))
        found = embeddings.read_vectors(conn, project_id, encoder_id)
        row_of = {clip_id: row for row, clip_id in enumerate(found.clip_ids)}
        places = [place for place, clip in enumerate(self._clips) if place not in redundant and clip.clip_id in row_of]
        return _Embedded(places, found.vectors[[row_of[self._clips[place].clip_id] for place in places]])

    def pairs(self, *, is_approximate: bool) -> NearPairs:
        """The pairs of the pool near enough for any distance that is asked or offered, but for other labels."""
        vectors, asked = self._kept.vectors, self._run.project.recipe.alike_distance
        from_cosine = least_cosine(vectors)
        if asked is not None:
            from_cosine = min(from_cosine, 1 - asked)
        find = probed_pairs if is_approximate else exact_pairs

        def tell(n_done: int, n_total: int) -> None:
            self._run.n_done, self._run.n_total = n_done, n_total
            self._run.report()
            self._run.stop_if_asked()

        found = find(vectors, from_cosine, on_progress=tell)
        ids = [self._clips[place].clip_id for place in self.places]
        labels = clip_columns.read_columns(self._run.conn, self._run.project.project_id, ids, [clip_columns.LABEL])
        return same_label_only(found, list(labels[clip_columns.LABEL]))

    def costs(self, pairs: NearPairs) -> dict[str, Any]:
        """What each distance would cost, as JSON values; clips by their ids."""
        ids = [self._clips[place].clip_id for place in self.places]
        steps = alike_curve(pairs, self._rank, [self._clips[place].duration_s for place in self.places])
        return {
            "n_clips": len(self.places),
            "distance": self._run.project.recipe.alike_distance,
            "steps": [
                {
                    "distance": step.distance,
                    "n_redundant": step.n_redundant,
                    "redundant_s": step.redundant_s,
                    "borderline": [[ids[stays], ids[goes], round(far, 4)] for stays, goes, far in step.borderline],
                }
                for step in steps
            ],
        }

    def joined(self, groups: Sequence[DuplicateGroup], pairs: NearPairs) -> list[DuplicateGroup]:
        """The groups, and those of clips that sound alike; a clip that goes takes its own copies along."""
        distance = self._run.project.recipe.alike_distance
        if distance is None:
            return list(groups)
        by_leader = {group.representative: group for group in groups}
        for star in alike_stars(pairs, self._rank, max_distance=distance):
            leader = self.places[star.leader]
            own = by_leader.pop(leader, _alone(leader))
            members = list(own.members)
            for index, far in star.members:
                place = self.places[index]
                members += self._taken_along(by_leader.pop(place, _alone(place)), far)
            by_leader[leader] = DuplicateGroup(
                representative=leader, members=tuple(sorted(members, key=lambda member: member.index))
            )
        return [by_leader[leader] for leader in sorted(by_leader)]

    def _taken_along(self, group: DuplicateGroup, distance: float) -> list[DuplicateMember]:
        name = self._clips[group.representative].clip_id
        return [
            DuplicateMember(
                index=member.index,
                finding="sounds alike",
                distance=distance,
                reason=f"sounds alike, {distance:.3f} apart"
                if member.index == group.representative
                else f"{member.reason} of clip {name}, which sounds alike",
            )
            for member in group.members
        ]


def _alone(place: int) -> DuplicateGroup:
    member = DuplicateMember(index=place, finding="identical", distance=0.0, reason="represents its group")
    return DuplicateGroup(representative=place, members=(member,))
