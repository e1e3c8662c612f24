from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio.decode import decode, open_sound
from pipeline.audio.measure import measure
from pipeline.core.errors import AudioError, UnreadableAudio
from pipeline.core.types import Sound
from tests.audio.hostile import muxed, tone, written

N_SAMPLES = 300_000
"""More than two blocks."""


@pytest.fixture(scope="module")
def long_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("long")
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, (N_SAMPLES, 2)).astype("f4")
    files = {
        "wav": written(noise, 44_100, format="WAV", subtype="PCM_24"),
        "flac": written(noise, 44_100, format="FLAC"),
        "ogg": written(noise, 44_100, format="OGG", subtype="VORBIS"),
        "mp3": written(noise, 44_100, format="MP3"),
        "opus": written(noise, 48_000, format="OGG", subtype="OPUS"),
        "m4a": muxed(noise, container="ipod", codec="aac", rate_hz=44_100),
        "adpcm": written(noise, 44_100, format="WAV", subtype="IMA_ADPCM"),
    }
    for extension, data in files.items():
        (folder / f"sound.{extension}").write_bytes(data)
    return {extension: folder / f"sound.{extension}" for extension in files}


def _open(path: Path) -> Sound:
    facts = measure(str(path))
    return open_sound(str(path), rate_hz=facts.rate_hz, n_channels=facts.n_channels, n_samples=facts.n_samples)


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "mp3", "opus", "m4a", "adpcm"])
def test_blocks_and_spans_are_bit_identical_to_the_whole(long_files: dict[str, Path], extension: str) -> None:
    path = long_files[extension]
    whole = decode(str(path)).samples
    sound = _open(path)
    assert whole.shape == (sound.n_channels, sound.n_samples) and whole.dtype == np.float32
    blocks = list(sound.blocks())
    assert len(blocks) > 2
    assert np.array_equal(np.concatenate([block.samples for block in blocks], axis=1), whole)
    n = sound.n_samples
    rising = [(0, 1), (0, 400), (100, 700), (4_095, 4_097), (131_000, 140_000), (n - 1, n)]
    for start, stop in [*rising, (5, 9), (0, n), (65_000, 66_000), (65_500, 65_501)]:
        span = sound.span(start, stop)
        assert span.rate_hz == sound.rate_hz
        assert np.array_equal(span.samples, whole[:, start:stop]), (start, stop)


def test_random_spans_of_a_real_vorbis_file_are_exact(test_data: Path) -> None:
    path = sorted((test_data / "esc10").rglob("*.ogg"))[0]
    whole, sound = decode(str(path)).samples, _open(path)
    for start in np.random.default_rng(1).integers(0, sound.n_samples - 999, 12).tolist():
        assert np.array_equal(sound.span(start, start + 999).samples, whole[:, start : start + 999])


def test_phone_recordings_decode_alike_twice_and_in_spans(test_data: Path) -> None:
    for path in sorted((test_data / "formats").iterdir()):
        whole, sound = decode(str(path)).samples, _open(path)
        assert np.array_equal(whole, decode(str(path)).samples)
        assert np.array_equal(sound.span(7_001, 9_002).samples, whole[:, 7_001:9_002])


def test_every_hostile_sound_reads_as_it_was_measured(hostile: tuple[Path, dict[str, str]]) -> None:
    folder, expected = hostile
    n_read = 0
    for name in expected:
        try:
            sound = _open(folder / name)
        except AudioError:
            continue
        whole = decode(str(folder / name)).samples
        assert np.isfinite(whole).all()
        assert np.array_equal(np.concatenate([block.samples for block in sound.blocks()], axis=1), whole), name
        middle = sound.n_samples // 2
        assert np.array_equal(sound.span(middle, sound.n_samples).samples, whole[:, middle:]), name
        n_read += 1
    assert n_read > 60


def test_decoded_values_do_not_depend_on_who_decodes(hostile: tuple[Path, dict[str, str]]) -> None:
    folder, _ = hostile
    by_soundfile, by_av = decode(str(folder / "claims_ffffffff.wav")), decode(str(folder / "claims_zero_bytes.wav"))
    assert np.array_equal(by_soundfile.samples, by_av.samples)


def test_empty_span_is_no_sound_and_no_error(long_files: dict[str, Path]) -> None:
    assert _open(long_files["m4a"]).span(50, 50).samples.shape == (1, 0)


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (5, 4), (0, 10**9)])
def test_span_outside_the_recording_is_refused(long_files: dict[str, Path], start: int, stop: int) -> None:
    with pytest.raises(UnreadableAudio, match="no such span"):
        _open(long_files["wav"]).span(start, stop)


@pytest.mark.parametrize("extension", ["wav", "ogg", "m4a"])
def test_file_that_changed_since_it_was_measured_is_refused(
    long_files: dict[str, Path], tmp_path: Path, extension: str
) -> None:
    facts = measure(str(long_files[extension]))
    for change in ({"rate_hz": 8_000}, {"n_channels": 3}, {"n_samples": facts.n_samples + 5}, {"n_samples": 9_000}):
        told = {"rate_hz": facts.rate_hz, "n_channels": facts.n_channels, "n_samples": facts.n_samples} | change
        sound = open_sound(str(long_files[extension]), **told)
        with pytest.raises(UnreadableAudio, match="not what was measured"):
            list(sound.blocks())
    longer = open_sound(
        str(long_files[extension]),
        rate_hz=facts.rate_hz,
        n_channels=facts.n_channels,
        n_samples=facts.n_samples + 5,
    )
    for _ in range(2):
        with pytest.raises(UnreadableAudio, match="not what was measured"):
            longer.span(0, facts.n_samples + 5)


def test_sound_travels_to_another_process_also_when_half_read(long_files: dict[str, Path]) -> None:
    sound = _open(long_files["ogg"])
    first = sound.span(0, 500).samples
    assert np.array_equal(pickle.loads(pickle.dumps(sound)).span(0, 500).samples, first)


def test_rising_spans_of_a_compressed_file_are_decoded_once(
    long_files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.audio import decode as room

    opened: list[str] = []
    really_open = room.open_recording
    monkeypatch.setattr(room, "open_recording", lambda path: opened.append(path) or really_open(path))
    sound = _open(long_files["ogg"])
    opened.clear()
    for start in range(0, N_SAMPLES - 2_000, 1_000):
        sound.span(start, start + 2_000)
    assert len(opened) <= 2


def test_playlists_do_not_open_what_they_name(hostile: tuple[Path, dict[str, str]]) -> None:
    for name in ("concat_list.mp3", "playlist.mp3"):
        with pytest.raises(UnreadableAudio):
            decode(str(hostile[0] / name))


def test_mono_tone_keeps_its_values(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    path.write_bytes(written(tone(1_000), format="WAV", subtype="FLOAT"))
    assert np.array_equal(decode(str(path)).samples, tone(1_000).T)
