"""What clips are filtered by, against sounds of which it is known and against pyloudnorm."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from pipeline.audio.check import check
from pipeline.audio.decode import decode
from pipeline.audio.descriptors import DescriptorMeter
from pipeline.audio.dropouts import DropoutMeter
from pipeline.audio.levels import clip_problems
from pipeline.audio.measure import measure
from pipeline.audio.resample import resample
from pipeline.core.types import Audio, AudioFormat, Descriptors, Float32, ProblemKind

RATE_HZ = 16_000


def described(samples: Float32, rate_hz: int = RATE_HZ, *, block: int = 10**9) -> Descriptors:
    """The descriptors of sound, float32 (n,) or (channels, n), added in blocks."""
    sound = np.atleast_2d(samples).astype("f4")
    meter = DescriptorMeter(rate_hz, len(sound), bit_depth=16)
    for start in range(0, sound.shape[1], block):
        meter.add(sound[:, start : start + block])
    return meter.finish()


def noise(n_samples: int, level: float = 0.1) -> Float32:
    return (np.random.default_rng(0).standard_normal(n_samples) * level).astype("f4")


def kinds(path: Path) -> list[ProblemKind]:
    facts = measure(str(path))
    return [p.kind for p in check(facts, AudioFormat(rate_hz=facts.rate_hz))]


def real_sounds(test_data: Path) -> list[Path]:
    paths = sorted((test_data / "esc10").rglob("*.ogg"))[::12] + sorted((test_data / "fsdd").glob("*.wav"))[::150]
    assert paths, f"no real audio in {test_data}"
    return paths


def test_loudness_is_that_of_pyloudnorm_within_a_tenth_of_a_unit(test_data: Path) -> None:
    pyloudnorm: Any = pytest.importorskip("pyloudnorm")
    n_compared = 0
    for path in real_sounds(test_data):
        audio = decode(str(path))
        # The standard leaves out what is less than a block at the end; pyloudnorm pads it.
        n_samples = audio.n_samples // (audio.rate_hz // 10) * (audio.rate_hz // 10)
        if n_samples < 0.4 * audio.rate_hz:
            continue
        samples = audio.samples[:, :n_samples]
        theirs = pyloudnorm.Meter(audio.rate_hz, filter_class="DeMan").integrated_loudness(samples.T.astype("f8"))
        ours = described(samples, audio.rate_hz).loudness_lufs
        if math.isfinite(theirs):
            n_compared += 1
            assert ours == pytest.approx(theirs, abs=0.1), path.name
    assert n_compared > 15


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_full_scale_sine_of_997_hz_has_minus_3_lufs(rate_hz: int) -> None:
    sine = np.sin(2 * np.pi * 997 * np.arange(3 * rate_hz) / rate_hz)
    assert described(sine, rate_hz).loudness_lufs == pytest.approx(-3.01, abs=0.05)
    assert described(np.stack([sine, sine]), rate_hz).loudness_lufs == pytest.approx(0.0, abs=0.05)


def test_loudness_of_less_than_a_block_is_that_of_all_there_is() -> None:
    sine = np.sin(2 * np.pi * 997 * np.arange(RATE_HZ) / RATE_HZ)
    assert described(sine[: RATE_HZ // 4]).loudness_lufs == pytest.approx(-3.01, abs=0.2)


def test_blocks_of_any_length_give_the_same(test_data: Path) -> None:
    for path in real_sounds(test_data)[::5]:
        audio = decode(str(path))
        whole = described(audio.samples, audio.rate_hz)
        blocks = described(audio.samples, audio.rate_hz, block=777)
        for name in Descriptors.__dataclass_fields__:
            a, b = getattr(whole, name), getattr(blocks, name)
            assert (a is None) == (b is None) and (a is None or a == pytest.approx(b, abs=1e-3)), name


@pytest.mark.parametrize("snr_db", [5, 10, 20, 40])
def test_snr_is_estimated_within_a_decibel(snr_db: int) -> None:
    n = 5 * RATE_HZ
    tone = np.sin(2 * np.pi * 440 * np.arange(n) / RATE_HZ) * math.sqrt(2) * 0.003 * 10 ** (snr_db / 20)
    tone[(np.arange(n) // RATE_HZ) % 2 == 0] = 0
    assert described(noise(n, 0.003) + tone).snr_db == pytest.approx(snr_db, abs=1)


def test_steady_sound_has_no_snr() -> None:
    assert described(noise(RATE_HZ)).snr_db is None


def test_silence_ratio_dc_and_clipping_are_those_of_the_sound() -> None:
    half = np.concatenate([noise(RATE_HZ), np.zeros(RATE_HZ, "f4")])
    assert described(half).silence_ratio == pytest.approx(0.5, abs=0.02)
    assert described(noise(RATE_HZ, 0.01) + 0.1).dc_offset == pytest.approx(0.1, abs=0.001)
    loud = np.clip(noise(RATE_HZ, 1.0), -1, 1)
    assert (described(loud).clipped_ratio or 0) > 0.01
    assert described(noise(RATE_HZ, 0.1)).clipped_ratio == 0


@pytest.mark.parametrize("n_samples", [1, 100, 319, 1_599, 1_601])
def test_very_short_and_silent_sound_is_described(n_samples: int) -> None:
    silent = described(np.zeros(n_samples, "f4"))
    assert (silent.loudness_lufs, silent.snr_db, silent.bandwidth_hz) == (None, None, None)
    assert silent.silence_ratio == 1
    assert described(noise(n_samples)).clipped_ratio == 0


def test_nothing_has_no_descriptors() -> None:
    assert described(np.zeros(0, "f4")) == Descriptors()


def test_silent_and_clipped_clips_are_told() -> None:
    assert [p.kind for p in clip_problems(None, Descriptors())] == [ProblemKind.SILENT]
    assert [p.kind for p in clip_problems(0.0, Descriptors(clipped_ratio=0.01))] == [ProblemKind.CLIPPED]
    assert clip_problems(-1.0, Descriptors(clipped_ratio=0.0005)) == []


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 48_000])
def test_telephone_made_to_look_like_more_is_seen(tmp_path: Path, test_data: Path, rate_hz: int) -> None:
    digits = [decode(str(path)).samples for path in sorted((test_data / "fsdd").glob("*george*.wav"))[:20]]
    telephone = Audio(samples=np.concatenate(digits, axis=1), rate_hz=8_000)
    path = tmp_path / "telephone.wav"
    sf.write(path, resample(telephone, rate_hz).samples.T, rate_hz)
    assert measure(str(path)).bandwidth_hz == pytest.approx(4_000, abs=500)
    assert ProblemKind.UP_SAMPLED in kinds(path)


def test_real_sound_at_its_own_rate_is_not_accused(test_data: Path) -> None:
    digits = sorted((test_data / "fsdd").glob("*.wav"))[::20]
    assert not [p.name for p in digits if {ProblemKind.UP_SAMPLED, ProblemKind.DROPPED_OUT} & set(kinds(p))]
    rooms = sorted((test_data / "esc10").rglob("*.ogg"))[::4]
    # A few of these were in truth recorded at 11 to 22 kHz.
    assert sum(ProblemKind.UP_SAMPLED in kinds(p) for p in rooms) <= 4
    assert not [p.name for p in rooms if ProblemKind.DROPPED_OUT in kinds(p)]


def test_tone_and_noise_are_not_taken_for_up_sampled() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 3_100 * np.arange(RATE_HZ) / RATE_HZ)
    assert described(tone + noise(RATE_HZ, 1e-5)).bandwidth_hz == RATE_HZ / 2
    assert described(noise(RATE_HZ)).bandwidth_hz == RATE_HZ / 2


def dropped(samples: Float32, *, block: int = 10**9, bit_depth: int | None = 16) -> int:
    meter = DropoutMeter(RATE_HZ, bit_depth)
    for start in range(0, len(samples), block):
        meter.add(np.abs(samples[start : start + block]))
    return meter.n_samples


@pytest.mark.parametrize("block", [50, 333, 4_000, 10**9])
@pytest.mark.parametrize(("length", "n_dropped"), [(60, 0), (80, 80), (400, 400), (16_000, 16_000), (17_000, 0)])
def test_lost_samples_are_counted_wherever_blocks_end(block: int, length: int, n_dropped: int) -> None:
    samples = noise(40_000)
    samples[samples == 0] = 0.1
    samples[5_000 : 5_000 + length] = 0
    assert dropped(samples, block=block) == n_dropped


def test_silence_before_after_and_within_quiet_is_not_lost() -> None:
    ends = np.concatenate([np.zeros(1_000, "f4"), noise(8_000), np.zeros(1_000, "f4")])
    assert dropped(ends) == 0
    fade = noise(8_000) * np.abs(np.linspace(-1, 1, 8_000)).astype("f4") ** 3
    fade[3_900:4_100] = 0
    assert dropped(fade) == 0
    coarse = np.rint(noise(16_000, 0.004) * 128).astype("f4") / 128
    assert dropped(coarse, bit_depth=8) == 0


def test_recording_that_dropped_out_is_told(tmp_path: Path) -> None:
    samples = noise(2 * RATE_HZ)
    samples[9_000:9_320] = 0
    path = tmp_path / "dropped.wav"
    sf.write(path, samples, RATE_HZ)
    assert (measure(str(path)).n_dropped_samples, kinds(path)) == (320, [ProblemKind.DROPPED_OUT])
