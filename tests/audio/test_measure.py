from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline.audio import by_av
from pipeline.audio.measure import measure
from pipeline.core.errors import AudioError, EmptyAudio, UnreadableAudio
from tests.audio.hostile import RATE_HZ, muxed, pcm_16, tone, wav, written

_ROOT = Path(__file__).parent.parent.parent


def test_every_hostile_file_measures_or_is_refused_in_a_sentence(hostile: tuple[Path, dict[str, str]]) -> None:
    folder, expected = hostile
    assert len(expected) >= 60
    for name, expectation in expected.items():
        try:
            facts = measure(str(folder / name))
        except AudioError as error:
            assert expectation != "sound", f"{name!r} refused: {error}"
            # It must be fit for a screen, a log line and a PostgreSQL text column.
            assert len(str(error)) > 20 and str(error).isprintable() and str(error).encode()
            assert str(pickle.loads(pickle.dumps(error))) == str(error)
        else:
            assert expectation != "failure", f"{name!r} measured: {facts}"
            assert facts.n_samples > 0 and facts.rate_hz > 0 and facts.n_channels > 0
            levels = (facts.peak_dbfs, facts.rms_dbfs, facts.clipped_ratio, facts.dc_offset)
            assert all(level is None or np.isfinite(level) for level in levels)


def test_hostile_folder_is_covered_by_its_expectations(hostile: tuple[Path, dict[str, str]]) -> None:
    folder, expected = hostile
    assert {path.name for path in folder.iterdir()} == set(expected)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("text_named.wav", "got text"),
        ("zero_bytes.wav", "got zero bytes"),
        ("png_named.mp3", "got a PNG picture"),
        ("only_zeros.wav", "got nothing but zero bytes"),
        ("folder.wav", "got a folder"),
        ("pipe.wav", "got a named pipe"),
        ("loop.wav", "too many levels of symbolic links"),
        ("dangling.wav", "no such file"),
        ("video_only.mp4", "video only"),
        ("claims_rate_1.wav", "got 1 Hz"),
    ],
)
def test_refusal_says_what_was_found_and_in_which_file(
    hostile: tuple[Path, dict[str, str]], name: str, words: str
) -> None:
    with pytest.raises(UnreadableAudio) as caught:
        measure(str(hostile[0] / name))
    assert words in str(caught.value) and name in str(caught.value)


@pytest.mark.parametrize("name", ["no_sample.wav", "header_only.wav", "header_only.flac"])
def test_known_format_without_a_sample_is_empty(hostile: tuple[Path, dict[str, str]], name: str) -> None:
    with pytest.raises(EmptyAudio):
        measure(str(hostile[0] / name))


def test_path_with_a_nul_byte_is_refused() -> None:
    with pytest.raises(UnreadableAudio, match="NUL byte"):
        measure("a\0.wav")


def test_forbidden_file_is_refused_with_permission_denied(tmp_path: Path) -> None:
    path = tmp_path / "forbidden.wav"
    path.write_bytes(written(tone(), format="WAV"))
    path.chmod(0)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65_534)
    try:
        with pytest.raises(UnreadableAudio, match="permission denied"):
            measure(str(path))
    finally:
        if was_root:
            os.seteuid(0)


@pytest.mark.parametrize("n_good_reads", [0, 1, 5])
def test_disk_that_fails_midway_is_no_short_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_good_reads: int
) -> None:
    path = tmp_path / "sound.mp3"
    path.write_bytes(written(tone(60 * RATE_HZ), format="MP3"))

    class FailingBytes(by_av._Bytes):  # pyright: ignore[reportPrivateUsage]
        def __init__(self, handle: io.FileIO) -> None:
            super().__init__(handle)
            self.read = self.read_or_fail
            self.n_reads = 0

        def read_or_fail(self, size: int = -1) -> bytes:
            self.n_reads += 1
            if self.n_reads > n_good_reads:
                raise OSError(5, "Input/output error")
            return self._handle.read(size)

    monkeypatch.setattr(by_av, "_Bytes", FailingBytes)
    with pytest.raises(UnreadableAudio, match=r"cannot read on.*input/output error"):
        measure(str(path))


def test_disk_that_fails_at_the_header_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(116, "Stale file handle")

    path = tmp_path / "sound.wav"
    path.write_bytes(written(tone(), format="WAV"))
    monkeypatch.setattr("pipeline.audio.promised_length.os.pread", fail)
    with pytest.raises(UnreadableAudio, match="stale file handle"):
        measure(str(path))


def test_truncated_file_keeps_what_can_be_decoded_and_its_claim(hostile: tuple[Path, dict[str, str]]) -> None:
    folder, _ = hostile
    for extension in ("wav", "flac", "ogg", "mp3", "m4a"):
        facts = measure(str(folder / f"truncated_7.{extension}"))
        assert facts.claimed_n_samples is not None
        assert 0 < facts.n_samples < facts.claimed_n_samples


def test_hole_in_the_middle_shows_in_the_claim(hostile: tuple[Path, dict[str, str]]) -> None:
    for extension in ("flac", "ogg", "mp3"):
        facts = measure(str(hostile[0] / f"hole_in_the_middle.{extension}"))
        assert facts.claimed_n_samples is not None and facts.n_samples < facts.claimed_n_samples


def test_whole_files_claim_what_they_hold(hostile: tuple[Path, dict[str, str]]) -> None:
    for name in ("whole.wav", "whole.flac", "whole.ogg", "whole.mp3", "big_endian.aiff", "lossless.m4a"):
        facts = measure(str(hostile[0] / name))
        assert facts.claimed_n_samples == facts.n_samples


def test_streamed_header_claims_nothing_and_all_is_counted(hostile: tuple[Path, dict[str, str]]) -> None:
    for name in ("claims_ffffffff.wav", "claims_7fffffff.wav"):
        facts = measure(str(hostile[0] / name))
        assert (facts.n_samples, facts.claimed_n_samples) == (8_000, None)


def test_recorder_that_crashed_before_it_wrote_sizes_loses_nothing(hostile: tuple[Path, dict[str, str]]) -> None:
    assert measure(str(hostile[0] / "claims_zero_bytes.wav")).n_samples == 8_000


def test_mp3_without_a_count_of_frames_is_read_to_its_end(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).standard_normal((200_000, 2)).astype("f4") * 0.1
    mp3 = written(noise, 44_100, format="MP3")
    path = tmp_path / "no_count.mp3"
    path.write_bytes(mp3[mp3.index(mp3[:2], 4) :])
    facts = measure(str(path))
    assert facts.n_samples >= 200_000 and facts.claimed_n_samples is None


def test_two_oggs_in_a_row_are_read_to_the_end_of_the_second(hostile: tuple[Path, dict[str, str]]) -> None:
    assert measure(str(hostile[0] / "two_oggs_in_a_row.ogg")).n_samples >= 32_000


def test_change_of_rate_in_mid_file_is_refused(tmp_path: Path) -> None:
    halves = [muxed(tone(rate), container="adts", codec="aac", rate_hz=rate) for rate in (16_000, 44_100)]
    path = tmp_path / "two_rates.aac"
    path.write_bytes(b"".join(halves))
    with pytest.raises(UnreadableAudio, match="change in the middle"):
        measure(str(path))


def test_wav_flac_and_aiff_of_the_same_sound_have_the_same_hash(tmp_path: Path) -> None:
    # As integers: from floats libsndfile rounds differently for WAV and for FLAC.
    sound = (tone(5_000, n_channels=2) * 32_767).astype("i2")
    hashes = set[bytes]()
    for container in ("WAV", "FLAC", "AIFF"):
        path = tmp_path / f"sound.{container.lower()}"
        path.write_bytes(written(sound, format=container, subtype="PCM_16"))
        hashes.add(measure(str(path)).pcm_sha256)
    assert len(hashes) == 1


def test_other_rate_channels_or_samples_have_another_hash(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    data = pcm_16(tone(1_000))
    flipped = bytes([data[0] ^ 1]) + data[1:]
    hashes = set[bytes]()
    for variant in (wav(data), wav(data, rate_hz=8_000), wav(data, n_channels=2), wav(flipped)):
        path.write_bytes(variant)
        hashes.add(measure(str(path)).pcm_sha256)
    assert len(hashes) == 4


def test_negative_zero_is_the_same_sound_as_zero(tmp_path: Path) -> None:
    path = tmp_path / "zeros.wav"
    hashes = set[bytes]()
    for zero in (0.0, -0.0):
        path.write_bytes(written(np.full((100, 1), zero, "f4"), format="WAV", subtype="FLOAT"))
        hashes.add(measure(str(path)).pcm_sha256)
    assert len(hashes) == 1


def test_levels_are_those_of_the_sound(tmp_path: Path) -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    path = tmp_path / "sine.wav"
    path.write_bytes(written(0.5 * np.sin(2 * np.pi * 100 * time_s) + 0.1, format="WAV", subtype="DOUBLE"))
    facts = measure(str(path))
    assert facts.peak_dbfs == pytest.approx(20 * np.log10(0.6), abs=1e-3)
    assert facts.rms_dbfs == pytest.approx(10 * np.log10(0.125 + 0.01), abs=1e-3)
    assert facts.dc_offset == pytest.approx(0.1, abs=1e-5)
    assert (facts.bit_depth, facts.n_not_finite) == (64, 0)


def test_silence_has_no_level(hostile: tuple[Path, dict[str, str]]) -> None:
    facts = measure(str(hostile[0] / "silence.wav"))
    assert facts.peak_dbfs is None and facts.rms_dbfs is None and facts.clipped_ratio == 0


def test_values_that_are_not_finite_are_counted(hostile: tuple[Path, dict[str, str]]) -> None:
    folder, _ = hostile
    counts = {name: measure(str(folder / name)).n_not_finite for name in ("nan.wav", "inf.wav", "beyond_float32.wav")}
    assert counts == {"nan.wav": 100, "inf.wav": 100, "beyond_float32.wav": 1}


@pytest.mark.parametrize(("run", "n_clipped"), [(2, 0), (3, 3), (7, 7)])
@pytest.mark.parametrize("start", [0, 5, 131_070, 131_071, 199_990])
def test_only_runs_of_three_at_full_scale_are_clipped(tmp_path: Path, run: int, n_clipped: int, start: int) -> None:
    # The blocks of a mono file end at 131,072: runs across that edge count as one.
    samples = np.zeros(200_000, "f4")
    samples[start : start + run] = -1
    path = tmp_path / "clipped.wav"
    path.write_bytes(written(samples, format="WAV"))
    assert measure(str(path)).clipped_ratio == n_clipped / 200_000


def test_loud_sine_that_just_reaches_full_scale_is_not_clipped(tmp_path: Path) -> None:
    samples = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100).astype("f4")
    path = tmp_path / "sine.wav"
    path.write_bytes(written(samples, 44_100, format="WAV"))
    assert measure(str(path)).clipped_ratio < 0.001


def test_real_recordings_have_the_length_that_soundfile_tells(test_data: Path) -> None:
    paths = sorted((test_data / "fsdd").glob("*.wav"))[::40] + sorted((test_data / "esc10").rglob("*.ogg"))[::12]
    assert len(paths) > 20
    for path in paths:
        info, facts = sf.info(str(path)), measure(str(path))
        assert (facts.n_samples, facts.rate_hz, facts.n_channels) == (info.frames, info.samplerate, info.channels)
        assert facts.claimed_n_samples == facts.n_samples


def test_phone_recordings_all_measure(test_data: Path) -> None:
    paths = sorted((test_data / "formats").iterdir())
    assert len(paths) == 16
    for path in paths:
        facts = measure(str(path))
        assert facts.container == {".3gp": "MOV", ".caf": "CAF"}[path.suffix]
        assert 1 < facts.duration_s < 60 and facts.claimed_n_samples == facts.n_samples


_PEAK_MEMORY = """
import resource, sys
from pipeline.audio import by_av
from pipeline.audio.measure import measure
measure(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
facts = measure(sys.argv[2])
print(facts.n_samples, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("how", [("WAV", "PCM_16"), ("FLAC", "PCM_16")])
def test_memory_stays_flat_over_half_an_hour_of_stereo(tmp_path: Path, how: tuple[str, str]) -> None:
    container, subtype = how
    minute = (tone(60 * RATE_HZ, n_channels=2) * 32767).astype("i2")
    paths = []
    for n_minutes in (1, 30):
        path = tmp_path / f"{n_minutes}.sound"
        with sf.SoundFile(path, "w", RATE_HZ, 2, subtype, format=container) as target:
            for _ in range(n_minutes):
                target.write(minute)
        paths.append(str(path))
    done = subprocess.run(
        [sys.executable, "-c", _PEAK_MEMORY, *paths], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    n_samples, grown_kib = map(int, done.stdout.split())
    assert n_samples == 30 * 60 * RATE_HZ
    # Whole, it would be 230 MB of float32.
    assert grown_kib < 8_000
