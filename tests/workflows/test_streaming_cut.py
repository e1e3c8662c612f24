"""A long clip is made block by block: the same clip, in memory that does not grow."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline.audio.measure import measure
from pipeline.catalog.clips import NewClip
from pipeline.catalog.recordings import Recording
from pipeline.core.errors import AudioError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import AudioFormat
from pipeline.storage import Store, file_sha256
from pipeline.workflows import cut as cut_module
from pipeline.workflows.cut import CutWork, cut_recording

ROOT = Path(__file__).parent.parent.parent
WHOLE = PluginSpec(name="whole", params={})


def recording_of(path: Path) -> Recording:
    """What ingest keeps of a file."""
    facts, status = measure(str(path)), path.stat()
    return Recording(
        recording_id=1,
        uri=path.as_uri(),
        name=path.name,
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        file_sha256=file_sha256(path),
        rate_hz=facts.rate_hz,
        n_channels=facts.n_channels,
        n_samples=facts.n_samples,
    )


def assert_same_clip(long: NewClip, short: NewClip) -> None:
    for field in ("object_key", "sha256", "rate_hz", "n_channels", "n_samples", "thumbnail", "start_sample"):
        assert getattr(long, field) == getattr(short, field), field
    for a, b in zip(astuple(long.descriptors), astuple(short.descriptors), strict=True):
        assert (a is None) == (b is None) and (a is None or a == pytest.approx(b, rel=1e-4, abs=1e-4))
    assert (long.peak_dbfs, long.rms_dbfs) == pytest.approx((short.peak_dbfs, short.rms_dbfs))


@pytest.mark.parametrize(
    "audio_format",
    [
        AudioFormat(),
        AudioFormat(container="FLAC", n_channels=2),
        AudioFormat(subtype="FLOAT", rate_hz=44_100),
        AudioFormat(subtype="PCM_24", container="FLAC", rate_hz=22_050),
        AudioFormat(length_policy="crop", length_s=3.0),
        AudioFormat(length_policy="pad", length_s=30.0),
    ],
)
@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_clip_made_by_block_is_the_clip_made_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, audio_format: AudioFormat, suffix: str
) -> None:
    noise = np.random.default_rng(1).standard_normal((44_100 * 7 + 13, 2)).astype("f4") * 0.2
    path = tmp_path / f"long.{suffix}"
    sf.write(path, noise, 44_100)
    made: list[NewClip] = []
    for most in (2**21, 0):
        monkeypatch.setattr(cut_module, "_MOST_IN_MEMORY", most)
        store = Store((tmp_path / f"store{most}").as_uri())
        work = CutWork(segmenter=WHOLE, audio_format=audio_format, store=store)
        made += cut_recording(recording_of(path), work=work)
        assert store.exists(made[-1].object_key)
    assert_same_clip(made[1], made[0])


def test_clip_too_long_for_wav_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "hours.flac"
    with sf.SoundFile(path, "w", 1_000, 1, "PCM_16", format="FLAC") as target:
        for _ in range(60):
            target.write(np.zeros(60_000, "i2"))
    work = CutWork(
        segmenter=WHOLE,
        audio_format=AudioFormat(rate_hz=384_000, subtype="FLOAT"),
        store=Store((tmp_path / "store").as_uri()),
    )
    with pytest.raises(AudioError, match="too long for a WAV file"):
        cut_recording(recording_of(path), work=work)


_PEAK_MEMORY = """
import re, sys
from pathlib import Path
from tests.workflows.test_streaming_cut import WHOLE, recording_of
from pipeline.core.types import AudioFormat
from pipeline.storage import Store
from pipeline.workflows.cut import CutWork, cut_recording
path, store = map(Path, sys.argv[1:])
work = CutWork(segmenter=WHOLE, audio_format=AudioFormat(container="FLAC"), store=Store(store.as_uri()))
(clip,) = cut_recording(recording_of(path), work=work)
# Not ru_maxrss, which begins at what the parent process had.
print(clip.n_samples, int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def test_hour_of_stereo_is_one_clip_in_less_than_200_mb(tmp_path: Path) -> None:
    minute = (np.random.default_rng(0).standard_normal((60 * 16_000, 2)) * 900).astype("i2")
    path = tmp_path / "hour.wav"
    with sf.SoundFile(path, "w", 16_000, 2, "PCM_16") as target:
        for _ in range(60):
            target.write(minute)
    done = subprocess.run(
        [sys.executable, "-c", _PEAK_MEMORY, str(path), str(tmp_path / "store")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    n_samples, peak_mib = map(int, done.stdout.split())
    assert n_samples == 3600 * 16_000
    # Whole, its float32 alone would be 460 MB.
    assert peak_mib < 200
