"""What room_response, impulse_response and codec promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import correlate

from pipeline.core.types import Audio, Float32
from pipeline.plugins.augmenters.codec import Codec
from pipeline.plugins.augmenters.impulse_response import ImpulseResponse
from pipeline.plugins.augmenters.room_response import RoomResponse
from tests.contracts.sounds import audio, boundary_sounds, bursts
from tests.plugins.real_sound import environmental

CODECS = ("mp3", "ogg", "opus", "aac")


@pytest.mark.parametrize("rt60_s", [0.2, 0.5, 1.2])
@pytest.mark.parametrize("ratio_db", [0.0, 10.0])
def test_room_decays_in_its_time_and_lies_below_the_direct_sound(rt60_s: float, ratio_db: float) -> None:
    response = room(audio(np.eye(1, 32_000, 100) * 0.3, rate_hz=16_000), rt60_s, ratio_db).samples[0, 100:]
    assert response[0] == pytest.approx(0.3)
    assert np.abs(response[1:32]).max() < 1e-9
    tail = response[32:].astype(np.float64)
    assert 20 * np.log10(0.3 / np.sqrt(np.square(tail).sum())) == pytest.approx(ratio_db, abs=0.5)
    assert decay_s(tail, 16_000) == pytest.approx(rt60_s, rel=0.1)


def test_room_keeps_the_length_and_gives_each_channel_its_own_tail() -> None:
    clip = audio(np.eye(1, 8_000, 10).repeat(2, axis=0) * 0.3)
    made = room(clip, 0.4, 0)
    assert made.n_samples == clip.n_samples
    assert abs(np.corrcoef(made.samples[:, 100:3_000])[0, 1]) < 0.1


def test_recorded_response_is_what_a_click_becomes() -> None:
    rng = np.random.default_rng(0)
    recorded = np.concatenate((np.zeros(500), [1.0], 0.1 * rng.normal(size=2_000) * np.exp(-np.arange(2_000) / 400)))
    click = audio(np.eye(1, 8_000, 1_000) * 0.5)
    made = through(click, [audio(recorded[np.newaxis])])
    energy = np.square(recorded).sum()
    assert np.argmax(np.abs(made)) == 1_000
    assert np.allclose(made[0, 1_000:3_001], 0.5 * recorded[500:] / np.sqrt(energy), atol=1e-6)
    assert np.abs(made[0, :1_000]).max() < 1e-8


def test_recorded_response_of_another_rate_keeps_its_time() -> None:
    recorded = np.zeros((1, 24_000))
    recorded[0, 4_800], recorded[0, 4_800 + 9_600] = 0.8, -0.4
    made = through(audio(np.eye(1, 8_000, 1_000) * 0.5), [audio(recorded, rate_hz=48_000)])[0]
    assert np.argmax(made) == 1_000
    assert np.argmin(made) == 1_000 + 1_600


def test_each_recorded_response_is_drawn() -> None:
    responses = [audio(np.eye(1, 100) + np.eye(1, 100, place) * 0.5) for place in (20, 40, 60)]
    click = audio(np.eye(1, 200) * 0.5)
    echoes = {int(np.argmax(through(click, responses, seed=seed)[0, 1:])) + 1 for seed in range(30)}
    assert echoes == {20, 40, 60}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 4_000])
def test_codec_neither_delays_nor_lengthens(codec: str, rate_hz: int) -> None:
    clip = speech_like(rate_hz)
    made = coded(clip, codec, kbps=48)
    assert made.samples.shape == clip.samples.shape
    lags = correlate(made.samples[0], clip.samples[0])
    assert abs(int(np.argmax(lags)) - (clip.n_samples - 1)) <= max(1, rate_hz // 8_000)
    # Sound shaped as speech comes through at 48 kbit/s a channel, the first and the last tenth as well.
    n_tenth = clip.n_samples // 10
    for part in (slice(None), slice(0, n_tenth), slice(-n_tenth, None)):
        assert np.corrcoef(made.samples[0, part], clip.samples[0, part])[0, 1] > 0.9


@pytest.mark.parametrize("codec", CODECS)
def test_codec_changes_the_sound_and_more_so_at_a_lower_bit_rate(codec: str, test_data: Path) -> None:
    (clip, _, _), *_ = environmental(test_data, 1, seed=4)
    off = [np.std(coded(clip, codec, kbps=kbps).samples - clip.samples) for kbps in (24, 96)]
    assert off[0] > 1.2 * off[1] > 0


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", ["silent", "one sample", "one silent sample", "constant", "full scale", "one click"])
def test_codec_bears_any_sound(codec: str, name: str) -> None:
    clip = boundary_sounds()[name]
    for kbps in (8, 256):
        made = coded(clip, codec, kbps=kbps)
        assert made.samples.shape == clip.samples.shape
        assert np.isfinite(made.samples).all()
        assert clip.samples.any() or not made.samples.any()


@pytest.mark.parametrize("codec", CODECS)
def test_codec_gives_the_same_bytes_again_and_keeps_channels_apart(codec: str) -> None:
    clip = bursts(2)
    made = coded(clip, codec, kbps=32)
    assert coded(clip, codec, kbps=32).samples.tobytes() == made.samples.tobytes()
    silenced = Audio(samples=clip.samples * np.array([[1], [0]], dtype=np.float32), rate_hz=clip.rate_hz)
    left, right = coded(silenced, codec, kbps=32).samples
    assert np.array_equal(left, made.samples[0])
    assert not right.any()


def test_every_codec_is_drawn() -> None:
    clip = bursts()
    of_each = {codec: coded(clip, codec, kbps=32).samples.tobytes() for codec in CODECS}
    any_of_them = Codec(min_kbps=32, max_kbps=32)
    drawn = {any_of_them.augment(clip, np.random.default_rng(seed)).samples.tobytes() for seed in range(30)}
    assert drawn == set(of_each.values())


def room(clip: Audio, rt60_s: float, ratio_db: float) -> Audio:
    response = RoomResponse(
        min_rt60_s=rt60_s, max_rt60_s=rt60_s, min_direct_to_reverb_db=ratio_db, max_direct_to_reverb_db=ratio_db
    )
    return response.augment(clip, np.random.default_rng(0))


def decay_s(tail: np.ndarray, rate_hz: int) -> float:
    """The time of a fall by 60 dB, from the slope between -5 and -25 dB of the energy that is still to come."""
    to_come_db = 10 * np.log10(np.cumsum(np.square(tail)[::-1])[::-1] / np.square(tail).sum() + 1e-12)
    steep = np.flatnonzero((to_come_db <= -5) & (to_come_db >= -25))
    return -60 / float(np.polyfit(steep / rate_hz, to_come_db[steep], 1)[0])


def through(clip: Audio, responses: list[Audio], *, seed: int = 0) -> Float32:
    return ImpulseResponse().augment(clip, np.random.default_rng(seed), backgrounds=responses).samples


def coded(clip: Audio, codec: str, *, kbps: float) -> Audio:
    return Codec(codec=codec, min_kbps=kbps, max_kbps=kbps).augment(clip, np.random.default_rng(0))


def speech_like(rate_hz: int) -> Audio:
    """A second of noise below a kilohertz whose level comes and goes, from the first sample to the last."""
    n = rate_hz + 137
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(size=n))
    spectrum[np.fft.rfftfreq(n, 1 / rate_hz) > 1_000] = 0
    samples = np.fft.irfft(spectrum, n) * (1.5 + np.sin(2 * np.pi * 3 * np.arange(n) / rate_hz))
    return audio(0.3 * samples[np.newaxis] / np.abs(samples).max(), rate_hz=rate_hz)
