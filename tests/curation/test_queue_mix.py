"""Streams run evenly together, nothing is lost or doubled, and which clips several people hear is fixed."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.curation.queue_mix import mix, of_several


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_every_clip_comes_once_though_it_is_in_several_streams() -> None:
    mixed = mix(range(100), [([3, 5, 3, 200], 0.1), ([5, 300], 0.05)], rng=rng())
    assert sorted(mixed) == [*range(100), 200, 300]


def test_main_stream_keeps_its_order() -> None:
    mixed = mix(range(100), [([90, 91, 92], 0.1)], rng=rng())
    assert [clip_id for clip_id in mixed if clip_id < 90] == list(range(90))
    assert [clip_id for clip_id in mixed if 90 <= clip_id < 93] == [90, 91, 92]


def test_one_in_ten_of_every_stretch_is_of_a_stream_with_a_tenth() -> None:
    mixed = mix(range(1_000), [(range(1_000, 1_100), 0.1)], rng=rng())
    is_beside = np.array(mixed[:1_000]) >= 1_000
    assert is_beside.reshape(10, 100).sum(axis=1) == pytest.approx(10, abs=1)


def test_place_within_a_stretch_is_drawn_so_that_nobody_learns_it() -> None:
    places = [mix(range(30), [([99], 0.1)], rng=rng(seed)).index(99) for seed in range(300)]
    assert np.bincount(places, minlength=10) == pytest.approx(30, abs=20)
    assert max(places) == 9


def test_share_of_what_is_really_asked_is_kept_though_the_queue_is_mixed_anew_after_every_few() -> None:
    asked = [clip_id for seed in range(2_000) for clip_id in mix(range(50), [([99], 0.1)], rng=rng(seed))[:5]]
    assert np.mean(np.array(asked) == 99) == pytest.approx(0.1, abs=0.015)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_stream_of_no_share_comes_last_and_one_of_all_first(share: float) -> None:
    assert mix([1, 2], [([8, 9], share)], rng=rng()) == ([1, 2, 8, 9] if share == 0 else [8, 9, 1, 2])


def test_nothing_gives_nothing() -> None:
    assert mix([], [], rng=rng()) == []
    assert mix([], [([], 0.1)], rng=rng()) == []
    assert mix([], [([7], 0.1)], rng=rng()) == [7]


def test_clips_of_several_are_about_the_share_and_a_larger_share_holds_them() -> None:
    few, more = of_several(1, range(5_000), 0.1), of_several(1, range(5_000), 0.3)
    assert len(few) == pytest.approx(500, abs=80)
    assert few < more
    assert few == of_several(1, range(5_000), 0.1)
    assert few != of_several(2, range(5_000), 0.1)


def test_share_of_none_is_none_and_of_all_is_all() -> None:
    assert of_several(1, range(100), 0.0) == set()
    assert of_several(1, range(100), 1.0) == set(range(100))
