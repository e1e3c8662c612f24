from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest

from pipeline.audio.decode import decode
from pipeline.audio.features import log_mel, mfcc
from pipeline.core.errors import EmptyAudio
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
