from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import librosa
import numpy as np
import pytest

from pipeline.audio.cmvn import CorpusStats, cmvn, fitted_stats, merged_stats
from pipeline.audio.decode import decode
from pipeline.audio.deltas import deltas, with_deltas
from pipeline.audio.features import log_mel, mfcc
from pipeline.core.errors import EmptyAudio, NotConforming, SettingsError
from pipeline.core.types import Audio
from tests.audio.hostile import tone

PARAMETERS = [
    {},
    {"n_mels": 40, "n_fft": 400, "hop_samples": 100, "fmin_hz": 0.0, "fmax_hz": 3_500.0},
    {"n_mels": 128, "n_fft": 2_048, "hop_samples": 512},
]


def _by_librosa(audio: Audio, **parameters: float) -> np.ndarray:
    told = {"n_mels": 64, "n_fft": 512, "hop_samples": 160, "fmin_hz": 20.0, "fmax_hz": None} | parameters
    mel = librosa.feature.melspectrogram(
        y=audio.samples.mean(axis=0),
        sr=audio.rate_hz,
        n_mels=told["n_mels"],
        n_fft=told["n_fft"],
        hop_length=told["hop_samples"],
        fmin=told["fmin_hz"],
        fmax=told["fmax_hz"],
    )
    return librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=None)


def _real(test_data: Path) -> list[Audio]:
    paths = [*sorted((test_data / "fsdd").glob("*.wav"))[::500], *sorted((test_data / "esc10").rglob("*.ogg"))[::80]]
    assert paths, f"no real audio in {test_data}"
    return [decode(str(path)) for path in paths]


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.filterwarnings("ignore:Empty filters")
def test_log_mel_equals_librosa_on_real_recordings(test_data: Path, parameters: dict[str, float]) -> None:
    for audio in _real(test_data):
        ours = log_mel(audio, **parameters)  # pyright: ignore[reportArgumentType]
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, _by_librosa(audio, **parameters), atol=1e-3)


def test_mfcc_equals_librosa_on_real_recordings(test_data: Path) -> None:
    for audio in _real(test_data):
        expected = librosa.feature.mfcc(
            y=audio.samples[0], sr=audio.rate_hz, n_mfcc=13, n_mels=64, n_fft=512, hop_length=160, fmin=20.0
        )
        np.testing.assert_allclose(mfcc(audio, n_mfcc=13), expected, atol=1e-3)
        unlimited = librosa.feature.mfcc(S=_by_librosa(audio), n_mfcc=20)
        np.testing.assert_allclose(mfcc(audio, range_db=None), unlimited, atol=1e-3)


@pytest.mark.filterwarnings("ignore:n_fft=512 is too large")
@pytest.mark.parametrize("n_samples", [1, 2, 159, 160, 161, 511, 512, 513])
def test_shortest_sounds_equal_librosa(n_samples: int) -> None:
    audio = Audio(samples=tone(600)[100 : 100 + n_samples].T, rate_hz=16_000)
    features = log_mel(audio)
    assert features.shape == (64, 1 + n_samples // 160)
    np.testing.assert_allclose(features, _by_librosa(audio), atol=1e-3)
    assert mfcc(audio).shape == (20, 1 + n_samples // 160)


def test_silence_lies_on_the_floor() -> None:
    silence = Audio(samples=np.zeros((2, 16_000), "f4"), rate_hz=16_000)
    assert (log_mel(silence) == -100).all()
    assert np.isfinite(mfcc(silence)).all()


def test_channels_are_mixed() -> None:
    stereo = Audio(samples=tone(4_000, n_channels=2).T.copy(), rate_hz=16_000)
    np.testing.assert_allclose(log_mel(stereo), _by_librosa(stereo), atol=1e-3)


def test_long_sound_has_no_seams_between_batches_of_frames() -> None:
    audio = Audio(samples=tone(16_000 * 25).T.copy(), rate_hz=16_000)
    np.testing.assert_allclose(log_mel(audio), _by_librosa(audio), atol=1e-3)


def test_no_sample_has_no_features() -> None:
    with pytest.raises(EmptyAudio):
        log_mel(Audio(samples=np.zeros((1, 0), "f4"), rate_hz=16_000))


@pytest.mark.parametrize("width_frames", [3, 9, 15])
def test_deltas_equal_librosa_to_the_ends(test_data: Path, width_frames: int) -> None:
    for audio in _real(test_data):
        found = mfcc(audio)
        for order in (1, 2):
            expected = librosa.feature.delta(found, width=width_frames, order=order)
            ours = deltas(found, order=order, width_frames=width_frames)
            assert ours.dtype == np.float32
            np.testing.assert_allclose(ours, expected, atol=1e-3)


@pytest.mark.parametrize("n_frames", [9, 10, 11, 18])
def test_deltas_of_few_frames_equal_librosa(n_frames: int) -> None:
    few = np.random.default_rng(3).normal(0, 100, (20, n_frames)).astype("f4")
    for order in (1, 2):
        np.testing.assert_allclose(deltas(few, order=order), librosa.feature.delta(few, order=order), atol=1e-3)


def test_deltas_of_fewer_frames_than_the_width_are_those_of_one_fit() -> None:
    n_frames = np.arange(6)
    line = np.stack([3.0 * n_frames, 0.5 * n_frames**2]).astype("f4")
    np.testing.assert_allclose(deltas(line), [[3.0] * 6, [2.5] * 6], atol=1e-5)
    np.testing.assert_allclose(deltas(line, order=2), [[0.0] * 6, [1.0] * 6], atol=1e-5)
    assert not deltas(line[:, :1]).any()
    assert not deltas(line[:, :2], order=2).any()
    assert deltas(line[:, :0]).shape == (2, 0)


def test_deltas_stand_below_their_coefficients() -> None:
    found = mfcc(Audio(samples=tone(20_000).T.copy(), rate_hz=16_000), n_mfcc=13)
    stacked = with_deltas(found)
    assert stacked.shape == (39, found.shape[1])
    assert np.array_equal(stacked, np.concatenate([found, deltas(found), deltas(found, order=2)]))


@pytest.mark.parametrize(("order", "width_frames"), [(0, 9), (1, 8), (1, 1), (3, 3)])
def test_impossible_deltas_are_refused(order: int, width_frames: int) -> None:
    with pytest.raises(SettingsError):
        deltas(np.zeros((2, 20), "f4"), order=order, width_frames=width_frames)


def test_normalised_clip_has_mean_0_and_variance_1(test_data: Path) -> None:
    for audio in _real(test_data):
        found = cmvn(with_deltas(mfcc(audio)))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found.mean(axis=1, dtype="f8"), 0, atol=1e-5)
        np.testing.assert_allclose(found.var(axis=1, dtype="f8"), 1, atol=1e-4)


def test_what_does_not_vary_becomes_0_and_stays_finite() -> None:
    silence = Audio(samples=np.zeros((1, 30_000), "f4"), rate_hz=16_000)
    np.testing.assert_allclose(cmvn(with_deltas(mfcc(silence))), 0, atol=1e-3)
    np.testing.assert_allclose(cmvn(np.full((2, 1), 7, "f4")), 0, atol=1e-6)


def test_corpus_statistics_are_those_of_all_clips_at_once(test_data: Path) -> None:
    # Far from 0, where sums of squares would cancel.
    clips = [mfcc(audio) + np.float32(5_000) for audio in _real(test_data)]
    everything = np.concatenate(clips, axis=1).astype("f8")
    at_once = fitted_stats(iter(clips))
    apart = merged_stats([fitted_stats(clips[:1]), fitted_stats(clips[1:3]), fitted_stats(clips[3:])])
    for found in (at_once, apart):
        assert found.n_frames == everything.shape[1]
        np.testing.assert_allclose(found.mean, everything.mean(axis=1), rtol=1e-6)
        np.testing.assert_allclose(found.variance, everything.var(axis=1), rtol=1e-6)
    normalised = np.concatenate([at_once.normalised(clip) for clip in clips], axis=1)
    np.testing.assert_allclose(normalised.mean(axis=1, dtype="f8"), 0, atol=1e-5)
    np.testing.assert_allclose(normalised.var(axis=1, dtype="f8"), 1, atol=1e-4)


def test_corpus_statistics_survive_json() -> None:
    found = fitted_stats([np.random.default_rng(5).normal(size=(3, 50)).astype("f4")])
    assert CorpusStats(**json.loads(json.dumps(dataclasses.asdict(found)), object_hook=_with_tuples)) == found


def test_statistics_that_do_not_belong_together_are_refused() -> None:
    three, four = np.ones((3, 5), "f4"), np.ones((4, 5), "f4")
    with pytest.raises(NotConforming):
        fitted_stats([three, four])
    with pytest.raises(NotConforming):
        merged_stats([fitted_stats([three]), fitted_stats([four])])
    with pytest.raises(NotConforming):
        fitted_stats([three]).normalised(four)


def test_no_frame_has_no_statistics() -> None:
    for fit in (lambda: fitted_stats([]), lambda: merged_stats([]), lambda: cmvn(np.zeros((3, 0), "f4"))):
        with pytest.raises(EmptyAudio):
            fit()


def _with_tuples(found: dict[str, object]) -> dict[str, object]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
