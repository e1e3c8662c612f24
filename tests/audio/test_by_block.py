"""A long recording taken by block gives what it gives as a whole, bit for bit."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline.audio.conform import conform, conform_blocks, encode, encode_blocks
from pipeline.audio.decode import decode, open_sound
from pipeline.audio.deltas import with_deltas, with_deltas_blocks
from pipeline.audio.features import feature_blocks, features, log_mel, mfcc
from pipeline.audio.measure import measure
from pipeline.core.errors import EmptyAudio, SettingsError, UnreadableAudio
from pipeline.core.types import Audio, AudioFormat
from tests.audio.hostile import tone

RATES_HZ = [8_000, 11_025, 16_000, 44_100, 48_000, 192_000]
BLOCKS = [1, 777, 4_096, 100_000]
FORMATS = [AudioFormat(), AudioFormat(container="FLAC"), AudioFormat(subtype="FLOAT"), AudioFormat(subtype="PCM_24")]


def _audio(n_samples: int, *, n_channels: int = 1, rate_hz: int = 16_000) -> Audio:
    return Audio(samples=tone(n_samples, n_channels=n_channels, rate_hz=rate_hz).T.copy(), rate_hz=rate_hz)


def _blocks(audio: Audio, n_samples: int) -> Iterator[Audio]:
    for start in range(0, audio.n_samples, n_samples):
        yield Audio(samples=audio.samples[:, start : start + n_samples].copy(), rate_hz=audio.rate_hz)


def _joined(blocks: Iterator[Audio]) -> np.ndarray:
    return np.concatenate([block.samples for block in blocks], axis=1)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("n_samples", [1, 2, 13, 999, 30_001])
def test_conformed_by_block_is_conformed_whole(n_samples: int, rate_hz: int, n_channels: int) -> None:
    audio = _audio(n_samples, n_channels=2, rate_hz=rate_hz)
    whole = conform(audio, AudioFormat(n_channels=n_channels)).samples
    for n_block in BLOCKS if n_samples < 1_000 else BLOCKS[1:]:
        by_block = _joined(conform_blocks(_blocks(audio, n_block), rate_hz=16_000, n_channels=n_channels))
        assert by_block.dtype == np.float32
        assert np.array_equal(by_block, whole)


def test_values_that_are_not_finite_become_silence_by_block_too() -> None:
    audio = Audio(samples=np.full((2, 3_000), np.nan, "f4"), rate_hz=44_100)
    assert not _joined(conform_blocks(_blocks(audio, 500), rate_hz=16_000, n_channels=1)).any()


def test_recording_conforms_by_block_as_its_whole(test_data: Path) -> None:
    for path in [sorted((test_data / "esc10").rglob("*.ogg"))[0], sorted((test_data / "formats").iterdir())[0]]:
        facts = measure(str(path))
        sound = open_sound(str(path), rate_hz=facts.rate_hz, n_channels=facts.n_channels, n_samples=facts.n_samples)
        whole = conform(decode(str(path)), AudioFormat())
        assert np.array_equal(_joined(conform_blocks(sound.blocks(), rate_hz=16_000, n_channels=1)), whole.samples)


@pytest.mark.parametrize("audio_format", FORMATS)
def test_encoded_by_block_is_the_same_file(audio_format: AudioFormat) -> None:
    audio = _audio(50_001)
    assert encode_blocks(_blocks(audio, 777), audio_format) == encode(audio, audio_format)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"n_fft": 2_048, "hop_samples": 512, "n_mels": 128, "n_mfcc": 13},
        {"n_fft": 401, "hop_samples": 1_000, "n_mels": 20},
    ],
    ids=["usual", "librosa's defaults", "odd, with gaps between frames"],
)
@pytest.mark.parametrize("n_samples", [1, 159, 512, 10_240, 50_000])
@pytest.mark.filterwarnings("ignore:Empty filters")
def test_features_by_block_are_features_of_the_whole(n_samples: int, parameters: dict[str, int]) -> None:
    audio = _audio(n_samples, n_channels=2)
    whole = features(audio, range_db=None, **parameters)  # pyright: ignore[reportArgumentType]
    for n_block in BLOCKS[1:]:
        parts = list(feature_blocks(_blocks(audio, n_block), **parameters))  # pyright: ignore[reportArgumentType]
        assert np.array_equal(np.concatenate([part.log_mel for part in parts], axis=1), whole.log_mel)
        assert np.array_equal(np.concatenate([part.mfcc for part in parts], axis=1), whole.mfcc)


def test_floor_known_beforehand_gives_the_same_mfcc_by_block() -> None:
    audio = _audio(40_000)
    audio.samples[:, :20_000] *= 1e-5
    whole = features(audio, range_db=60.0)
    floor_db = float(whole.log_mel.max()) - 60
    parts = list(feature_blocks(_blocks(audio, 999), floor_db=floor_db))
    assert np.array_equal(np.concatenate([part.mfcc for part in parts], axis=1), whole.mfcc)
    assert not np.allclose(whole.mfcc, features(audio, range_db=None).mfcc)


@pytest.mark.parametrize("width_frames", [3, 9])
@pytest.mark.parametrize("n_frames", [1, 2, 8, 9, 10, 17, 18, 19, 300])
def test_deltas_by_block_are_deltas_of_the_whole(n_frames: int, width_frames: int) -> None:
    whole = np.random.default_rng(n_frames).normal(0, 50, (20, n_frames)).astype("f4")
    expected = with_deltas(whole, width_frames=width_frames)
    for n_block in (1, 4, 64, 1_000):
        blocks = (whole[:, start : start + n_block] for start in range(0, n_frames, n_block))
        found = np.concatenate(list(with_deltas_blocks(blocks, width_frames=width_frames)), axis=1)
        assert np.array_equal(found, expected)


def test_deltas_of_no_block_are_none() -> None:
    assert not list(with_deltas_blocks([]))
    assert not list(with_deltas_blocks([np.zeros((3, 0), "f4")]))
    with pytest.raises(SettingsError):
        list(with_deltas_blocks([np.zeros((3, 10), "f4")], width_frames=4))


@pytest.mark.parametrize("n_channels", [1, 2, 3])
@pytest.mark.parametrize("ending", ["wav", "aiff", "flac", "w64"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_decoded_samples_are_those_of_libsndfile(tmp_path: Path, ending: str, subtype: str, n_channels: int) -> None:
    path = tmp_path / f"long.{ending}"
    values = np.random.default_rng(1).integers(-(2**31), 2**31, (150_001, n_channels), dtype=np.int32)
    sf.write(path, values, 44_100, subtype=subtype)
    expected = sf.read(path, dtype="float32", always_2d=True)[0].T
    assert np.array_equal(decode(str(path)).samples, expected)
    sound = open_sound(str(path), rate_hz=44_100, n_channels=n_channels, n_samples=150_001)
    assert np.array_equal(_joined(sound.blocks()), expected)
    assert np.array_equal(sound.span(4_095, 140_000).samples, expected[:, 4_095:140_000])


def test_features_are_log_mel_and_mfcc() -> None:
    audio = _audio(9_000)
    both = features(audio, n_mfcc=13, n_mels=40)
    assert np.array_equal(both.log_mel, log_mel(audio, n_mels=40))
    assert np.array_equal(both.mfcc, mfcc(audio, n_mfcc=13, n_mels=40))


def test_memory_does_not_grow_with_the_recording() -> None:
    second = _audio(44_100, rate_hz=44_100)

    def peak_bytes(duration_s: int) -> int:
        blocks = (second for _ in range(duration_s))
        tracemalloc.start()
        n_frames = sum(
            part.log_mel.shape[1] for part in feature_blocks(conform_blocks(blocks, rate_hz=16_000, n_channels=1))
        )
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert n_frames == 1 + duration_s * 100
        return peak

    peak_bytes(2)
    assert peak_bytes(60) < 1.2 * peak_bytes(5)


@pytest.mark.parametrize("blocks", [[], [Audio(samples=np.zeros((1, 0), "f4"), rate_hz=44_100)]])
def test_no_sample_is_refused(blocks: list[Audio]) -> None:
    with pytest.raises(EmptyAudio):
        list(conform_blocks(blocks, rate_hz=16_000, n_channels=1))
    with pytest.raises(EmptyAudio):
        list(feature_blocks(blocks))
    with pytest.raises(EmptyAudio):
        encode_blocks([], AudioFormat())


def test_impossible_rate_is_refused() -> None:
    broken = Audio(samples=np.zeros((1, 10), "f4"), rate_hz=0)
    with pytest.raises(UnreadableAudio):
        list(conform_blocks([broken], rate_hz=16_000, n_channels=1))
