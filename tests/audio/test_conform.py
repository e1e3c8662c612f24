from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline.audio import conform as room
from pipeline.audio.conform import conform, conformed_n_samples, encode, prove
from pipeline.audio.decode import decode
from pipeline.core.errors import EmptyAudio, NotConforming, UnreadableAudio
from pipeline.core.types import Audio, AudioFormat
from tests.audio.hostile import tone

FORMATS = [
    AudioFormat(),
    AudioFormat(subtype="PCM_24"),
    AudioFormat(subtype="FLOAT"),
    AudioFormat(container="FLAC"),
    AudioFormat(container="FLAC", subtype="PCM_24", n_channels=2, rate_hz=44_100),
    AudioFormat(n_channels=3, rate_hz=48_000, subtype="FLOAT"),
]


def _audio(n_samples: int, *, n_channels: int = 1, rate_hz: int = 16_000) -> Audio:
    return Audio(samples=tone(n_samples, n_channels=n_channels, rate_hz=rate_hz).T.copy(), rate_hz=rate_hz)


@pytest.mark.parametrize("audio_format", FORMATS)
@pytest.mark.parametrize(
    "audio",
    [
        _audio(1),
        _audio(2, rate_hz=8_000),
        _audio(22_050, rate_hz=44_100),
        _audio(9_999, n_channels=2, rate_hz=44_100),
        _audio(5_000, n_channels=12, rate_hz=48_000),
        Audio(samples=np.zeros((2, 7_001), "f4"), rate_hz=11_025),
    ],
    ids=["one sample", "two samples", "wrong rate", "stereo", "12 channels", "silent"],
)
def test_anything_conforms_is_written_and_proven(audio: Audio, audio_format: AudioFormat) -> None:
    conformed = conform(audio, audio_format)
    assert conformed.samples.dtype == np.float32 and np.isfinite(conformed.samples).all()
    assert conformed.rate_hz == audio_format.rate_hz
    n_samples = conformed_n_samples(audio.n_samples, audio.rate_hz, audio_format)
    assert conformed.samples.shape == (audio_format.n_channels, n_samples)
    prove(encode(conformed, audio_format), audio_format, conformed)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 192_000, 16_000])
@pytest.mark.parametrize("n_samples", [1, 13, 1_000, 9_999, 44_101])
def test_length_is_the_duration_rounded_half_up(rate_hz: int, n_samples: int) -> None:
    exact = n_samples * 16_000 / rate_hz
    conformed = conform(_audio(n_samples, rate_hz=rate_hz), AudioFormat())
    assert conformed.n_samples == max(1, int(exact + 0.5))


def test_half_a_sample_rounds_up() -> None:
    assert [conformed_n_samples(n, 32_000, AudioFormat()) for n in (1, 2, 3, 5)] == [1, 1, 2, 3]


def test_empty_audio_is_refused() -> None:
    with pytest.raises(EmptyAudio):
        conform(Audio(samples=np.zeros((1, 0), "f4"), rate_hz=16_000), AudioFormat())


def test_impossible_rate_is_refused() -> None:
    with pytest.raises(UnreadableAudio):
        conform(Audio(samples=np.zeros((1, 10), "f4"), rate_hz=0), AudioFormat())


def test_sound_in_the_format_is_not_changed() -> None:
    audio = _audio(5_000)
    assert np.array_equal(conform(audio, AudioFormat()).samples, audio.samples)


def test_resampled_tone_stays_the_tone() -> None:
    conformed = conform(Audio(samples=_sine(44_100)[None], rate_hz=44_100), AudioFormat()).samples[0]
    assert np.abs(conformed[800:-800] - _sine(16_000)[800:-800]).max() < 1e-3


def test_channels_are_mixed_by_their_mean_and_mono_is_copied() -> None:
    stereo = Audio(samples=np.array([[0.5, 0.5], [-0.1, 0.3]], "f4"), rate_hz=16_000)
    assert conform(stereo, AudioFormat()).samples == pytest.approx(np.array([[0.2, 0.4]]))
    assert np.array_equal(conform(stereo, AudioFormat(n_channels=2)).samples, stereo.samples)
    mono = _audio(10)
    assert np.array_equal(conform(mono, AudioFormat(n_channels=2)).samples, np.repeat(mono.samples, 2, axis=0))


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_values_that_are_not_finite_become_silence(rate_hz: int) -> None:
    broken = np.full((2, 300), np.nan, "f4")
    broken[0, :100], broken[1, 100:200] = np.inf, -np.inf
    conformed = conform(Audio(samples=broken, rate_hz=rate_hz), AudioFormat())
    assert not conformed.samples.any()


def test_loudest_finite_values_do_not_overflow() -> None:
    loudest = np.full((2, 4_000), 3.4e38, "f4")
    loudest[:, ::2] *= -1
    for rate_hz in (16_000, 15_999):
        conformed = conform(Audio(samples=loudest, rate_hz=rate_hz), AudioFormat())
        assert np.isfinite(conformed.samples).all()
        prove(encode(conformed, AudioFormat()), AudioFormat(), conformed)


@pytest.mark.parametrize(
    ("policy", "n_before", "n_after"),
    [("pad", 500, 1_600), ("pad", 2_000, 2_000), ("crop", 500, 500), ("crop", 2_000, 1_600)]
    + [("pad_or_crop", n, 1_600) for n in (1, 1_599, 1_600, 1_601, 9_000)],
)
def test_length_policy_gives_the_length_demanded(policy: str, n_before: int, n_after: int) -> None:
    audio_format = AudioFormat(length_policy=policy, length_s=0.1)  # pyright: ignore[reportArgumentType]
    audio = _audio(n_before)
    conformed = conform(audio, audio_format)
    assert conformed.n_samples == n_after == conformed_n_samples(n_before, 16_000, audio_format)
    if n_after > n_before:
        assert np.array_equal(conformed.samples[:, :n_before], audio.samples)
        assert not conformed.samples[:, n_before:].any()
    else:
        start = (n_before - n_after) // 2
        assert np.array_equal(conformed.samples, audio.samples[:, start : start + n_after])
    prove(encode(conformed, audio_format), audio_format, conformed)


def test_16_bit_recording_comes_through_bit_identical(test_data: Path) -> None:
    path = sorted((test_data / "fsdd").glob("*.wav"))[0]
    audio_format = AudioFormat(rate_hz=8_000)
    data = encode(conform(decode(str(path)), audio_format), audio_format)
    before, _ = sf.read(path, dtype="int16")
    after, _ = sf.read(io.BytesIO(data), dtype="int16")
    assert np.array_equal(before, after)


def test_real_recordings_conform_and_prove(test_data: Path) -> None:
    paths = [*sorted((test_data / "esc10").rglob("*.ogg"))[::60], *sorted((test_data / "formats").iterdir())[::5]]
    for path in paths:
        for audio_format in (AudioFormat(), AudioFormat(container="FLAC", length_policy="pad_or_crop", length_s=2)):
            conformed = conform(decode(str(path)), audio_format)
            prove(encode(conformed, audio_format), audio_format, conformed)


@pytest.mark.parametrize("audio_format", FORMATS)
def test_same_sound_gives_the_same_bytes_at_any_time(
    audio_format: AudioFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    conformed = conform(_audio(3_000, n_channels=2), audio_format)
    first = encode(conformed, audio_format)
    assert first == encode(conformed, audio_format)
    if audio_format.subtype == "FLOAT":
        at = first.index(b"PEAK")
        assert first[at + 12 : at + 16] == bytes(4)


def test_quantisation_rounds_to_the_nearest_step_and_clips() -> None:
    steps = np.array([[0.4, 0.6, -0.4, -0.6, 40_000, -40_000]], "f4") / 32_768
    data = encode(Audio(samples=steps, rate_hz=16_000), AudioFormat())
    assert sf.read(io.BytesIO(data), dtype="int16")[0].tolist() == [0, 1, 0, -1, 32_767, -32_768]


def test_float_keeps_what_is_beyond_full_scale() -> None:
    audio_format = AudioFormat(subtype="FLOAT")
    loud = Audio(samples=np.array([[1.5, -2.0]], "f4"), rate_hz=16_000)
    prove(encode(loud, audio_format), audio_format, loud)


@pytest.mark.parametrize("audio_format", [FORMATS[0], FORMATS[1], FORMATS[2], FORMATS[3]])
def test_proof_catches_one_flipped_sample(audio_format: AudioFormat) -> None:
    conformed = conform(_audio(2_000), audio_format)
    changed = conformed.samples.copy()
    # Two steps of the format, in one of 2,000 samples; float has no step.
    changed[0, 1_234] += {"PCM_16": 2**-14, "PCM_24": 2**-22, "FLOAT": 2**-20}[audio_format.subtype]
    data = encode(Audio(samples=changed, rate_hz=conformed.rate_hz), audio_format)
    with pytest.raises(NotConforming, match="the samples"):
        prove(data, audio_format, conformed)


@pytest.mark.parametrize(
    "written_as",
    [
        AudioFormat(rate_hz=8_000),
        AudioFormat(n_channels=2),
        AudioFormat(subtype="PCM_24"),
        AudioFormat(container="FLAC"),
    ],
    ids=["rate", "channels", "subtype", "container"],
)
def test_proof_catches_another_format(written_as: AudioFormat) -> None:
    conformed = conform(_audio(2_000), written_as)
    with pytest.raises(NotConforming, match="the audio format"):
        prove(encode(conformed, written_as), AudioFormat(), conform(_audio(2_000), AudioFormat()))


def test_proof_catches_a_missing_sample_and_a_wrong_length() -> None:
    conformed = conform(_audio(2_000), AudioFormat())
    shorter = Audio(samples=conformed.samples[:, :-1], rate_hz=16_000)
    with pytest.raises(NotConforming, match="the length"):
        prove(encode(shorter, AudioFormat()), AudioFormat(), conformed)
    one_s = AudioFormat(length_policy="pad_or_crop", length_s=1.0)
    with pytest.raises(NotConforming, match="the length"):
        prove(encode(conformed, one_s), one_s, conformed)


@pytest.mark.parametrize("data", [b"", b"RIFF", bytes(1_000)])
def test_proof_catches_bytes_that_are_no_sound(data: bytes) -> None:
    with pytest.raises(NotConforming, match="read back"):
        prove(data, AudioFormat(), _audio(10))


def test_proof_reads_the_bytes_and_not_the_memory_of_them() -> None:
    conformed = conform(_audio(2_000), AudioFormat())
    data = bytearray(encode(conformed, AudioFormat()))
    data[-1] ^= 0x40
    with pytest.raises(NotConforming, match="the samples"):
        room.prove(bytes(data), AudioFormat(), conformed)


def _sine(rate_hz: int) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz)).astype("f4")
