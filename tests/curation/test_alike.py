"""What sounds alike: who leads, who goes, and what a distance costs."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.types import Float32
from pipeline.curation.alike import alike_curve, alike_stars, least_cosine, same_label_only
from pipeline.curation.near_pairs import NearPairs, exact_pairs


def test_preferred_clips_lead_and_others_belong_to_the_nearest() -> None:
    vectors = _on_a_circle(0, 10, 18, 90)
    (star,) = alike_stars(exact_pairs(vectors, 0.9), [1, 0, 1, 0], max_distance=0.1)
    assert star.leader == 1
    assert [index for index, _ in star.members] == [0, 2]
    assert [distance for _, distance in star.members] == pytest.approx(
        [1 - np.cos(np.radians(a)) for a in (10, 8)], abs=1e-6
    )


def test_no_clip_goes_for_one_that_is_farther_than_asked() -> None:
    """A chain of near ones: each is near to the next, the ends are not near to each other."""
    vectors = _on_a_circle(*range(0, 60, 5))
    distance = 1 - float(np.cos(np.radians(6)))
    stars = alike_stars(exact_pairs(vectors, 0.5), [0] * 12, max_distance=distance)
    assert [(star.leader, [index for index, _ in star.members]) for star in stars] == [
        (n, [n + 1]) for n in range(0, 12, 2)
    ]


def test_stars_are_disjoint_and_all_members_lie_within_the_distance() -> None:
    vectors, rank = _made(400), np.random.default_rng(1).integers(0, 5, 400).tolist()
    stars = alike_stars(exact_pairs(vectors, 0.7), rank, max_distance=0.2)
    gone = [index for star in stars for index, _ in star.members]
    assert len(set(gone)) == len(gone) > 20
    assert not set(gone) & {star.leader for star in stars}
    for star in stars:
        for index, distance in star.members:
            assert distance == pytest.approx(1 - vectors[index] @ vectors[star.leader], abs=1e-5)
            assert distance <= 0.2
            assert rank[star.leader] <= rank[index]
    kept = np.setdiff1d(np.arange(400), gone)
    cosines = vectors[kept] @ vectors[kept].T
    assert cosines[np.triu_indices(len(kept), 1)].max() < 0.8


def test_clips_of_different_labels_do_not_stand_for_each_other() -> None:
    pairs = exact_pairs(_on_a_circle(0, 1, 2, 3), 0.9)
    left = same_label_only(pairs, ["a", "b", None, "a"])
    assert list(zip(left.first.tolist(), left.second.tolist(), strict=True)) == [(0, 2), (0, 3), (1, 2), (2, 3)]


def test_curve_says_what_the_stars_then_are() -> None:
    vectors, rank = _made(300), [0] * 300
    durations_s = np.random.default_rng(2).uniform(1, 5, 300).tolist()
    pairs = exact_pairs(vectors, least_cosine(vectors))
    curve = alike_curve(pairs, rank, durations_s)
    assert len(curve) > 10
    assert [step.distance for step in curve] == sorted({step.distance for step in curve})
    for step in curve[:: len(curve) // 4]:
        gone = [index for star in alike_stars(pairs, rank, max_distance=step.distance) for index, _ in star.members]
        assert step.n_redundant == len(gone)
        assert step.redundant_s == pytest.approx(sum(durations_s[index] for index in gone), abs=1e-2)
        assert [far for _, _, far in step.borderline] == sorted((far for _, _, far in step.borderline), reverse=True)
        assert all(far <= step.distance + 1e-6 and goes in gone for _, goes, far in step.borderline)


def test_least_cosine_gives_half_of_the_clips_a_partner_and_none_too_many() -> None:
    vectors = _made(500)
    pairs = exact_pairs(vectors, least_cosine(vectors))
    assert 0.3 < len(np.unique(np.concatenate((pairs.first, pairs.second)))) / 500 < 0.9
    crowd = np.repeat(_on_a_circle(0), 300, axis=0) + np.random.default_rng(0).normal(0, 0.01, (300, 2)).astype(
        np.float32
    )
    crowd = (crowd / np.linalg.norm(crowd, axis=1, keepdims=True)).astype(np.float32)
    assert len(exact_pairs(crowd, least_cosine(crowd))) <= 15 * 300


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_to_compare_costs_nothing(n: int) -> None:
    vectors = _on_a_circle(*range(n)).reshape(n, 2)
    assert least_cosine(vectors) == 1.0
    nothing = NearPairs(first=np.empty(0, np.int64), second=np.empty(0, np.int64), cosine=np.empty(0, np.float32))
    assert alike_curve(nothing, [0] * n, [1.0] * n) == []
    assert alike_stars(nothing, [0] * n, max_distance=0.5) == []


def _on_a_circle(*degrees: float) -> Float32:
    angles = np.radians(degrees)
    return np.stack((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32)


def _made(n: int) -> Float32:
    """Clusters of unit vectors, dense ones and loose ones, float32 (n, 12)."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(n // 10, 12))
    made = centres[rng.integers(0, len(centres), n)] + rng.normal(size=(n, 12)) * rng.uniform(0.05, 1, (n, 1))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
