"""What spec_augment promises."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio.spec_augment import spec_augment

RAMP = np.add.outer(np.arange(64), 100 * np.arange(200)).astype(np.float32)


def test_shape_and_type_stay_and_the_features_are_left_as_they_were() -> None:
    before = RAMP.copy()
    masked = spec_augment(RAMP, np.random.default_rng(0), max_warp_frames=10)
    assert masked.shape == RAMP.shape
    assert masked.dtype == np.float32
    masked[:] = 0
    assert np.array_equal(RAMP, before)


@pytest.mark.parametrize("shape", [(0, 0), (64, 0), (0, 10), (1, 1), (64, 1), (1, 200), (3, 2), (2, 3), (8, 4), (8, 5)])
def test_any_shape_survives(shape: tuple[int, int]) -> None:
    for seed in range(20):
        features = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
        masked = spec_augment(features, np.random.default_rng(seed), max_warp_frames=80)
        assert masked.shape == shape
        assert np.isfinite(masked).all()


def test_same_seed_gives_same_bytes_and_another_seed_others() -> None:
    first, again, other = (
        spec_augment(RAMP, np.random.default_rng(seed), max_warp_frames=9).tobytes() for seed in (4, 4, 5)
    )
    assert first == again
    assert first != other


def test_masks_are_whole_frames_and_bands_no_more_and_no_wider_than_asked() -> None:
    n_frames, n_bands = [], []
    for seed in range(200):
        masked = spec_augment(
            RAMP,
            np.random.default_rng(seed),
            n_time_masks=1,
            max_time_mask_frames=30,
            n_frequency_masks=1,
            max_frequency_mask_bands=8,
            fill=-1,
        )
        is_masked = masked == -1
        frames, bands = is_masked.all(axis=0), is_masked.all(axis=1)
        assert np.array_equal(is_masked, frames[np.newaxis] | bands[:, np.newaxis])
        assert np.array_equal(masked[~is_masked], RAMP[~is_masked])
        assert runs(frames) <= 1
        assert runs(bands) <= 1
        n_frames.append(int(frames.sum()))
        n_bands.append(int(bands.sum()))
    assert (min(n_frames), max(n_frames)) == (0, 30)
    assert (min(n_bands), max(n_bands)) == (0, 8)


def test_time_masks_take_no_more_than_their_share_of_short_features() -> None:
    features = RAMP[:, :20]
    for seed in range(50):
        masked = spec_augment(
            features, np.random.default_rng(seed), n_time_masks=1, n_frequency_masks=0, max_time_mask_ratio=0.2, fill=-1
        )
        assert (masked == -1).all(axis=0).sum() <= 4


def test_masks_are_filled_with_the_mean() -> None:
    masked = spec_augment(RAMP, np.random.default_rng(1), n_time_masks=4)
    assert np.any(np.isclose(masked, RAMP.mean()).all(axis=0))


def test_warp_moves_the_inside_and_leaves_the_ends_and_the_order() -> None:
    moved = []
    for seed in range(30):
        warped = spec_augment(
            RAMP, np.random.default_rng(seed), n_time_masks=0, n_frequency_masks=0, max_warp_frames=20
        )
        assert np.array_equal(warped[:, [0, -1]], RAMP[:, [0, -1]])
        assert (np.diff(warped, axis=1) > 0).all()
        moved.append(float(np.abs(warped - RAMP).max() / 100))
    assert 10 < max(moved) <= 20.01


def test_no_masks_and_no_warp_give_the_features_again() -> None:
    same = spec_augment(RAMP, np.random.default_rng(0), n_time_masks=0, n_frequency_masks=0)
    assert np.array_equal(same, RAMP)


@pytest.mark.parametrize("wrong", [{"n_time_masks": -1}, {"max_time_mask_ratio": 1.5}, {"max_warp_frames": -3}])
def test_numbers_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"0 or more"):
        spec_augment(RAMP, np.random.default_rng(0), **wrong)


def runs(is_set: np.ndarray) -> int:
    return int(np.count_nonzero(np.diff(np.concatenate(([0], is_set.astype(int)))) == 1))
