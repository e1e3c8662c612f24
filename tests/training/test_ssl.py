"""Self-supervised training: what it gives, that it goes on after a kill, and that labels do not guide it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.errors import Cancelled, SettingsError, UnreadableAudio
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio
from pipeline.training.ssl import SslSettings, train_ssl
from pipeline.training.ssl_views import make_bank, two_views
from tests.contracts.sounds import audio, boundary_sounds, bursts
from tests.plugins.real_sound import digits

NOISE = PluginSpec(name="noise")
SHORT = SslSettings(max_steps=20, max_cpu_s=1e6, n_batch=16, augmenters=(NOISE,))
SOUNDS = [bursts(seed=seed) for seed in range(12)]


def test_loss_falls_and_the_curve_knows_the_accuracy_of_labelled_clips(test_data: Path) -> None:
    clips = digits(test_data, 60, seed=0)
    settings = SslSettings(max_steps=40, max_cpu_s=60, n_batch=32, augmenters=())
    trained = train_ssl(
        [clip for clip, _, _ in clips],
        settings,
        labels=[label for _, label, _ in clips],
        groups=[speaker for _, _, speaker in clips],
    )
    assert trained.curve[-1].loss < 0.9 * trained.curve[0].loss
    assert [point.step for point in trained.curve] == [10, 20, 30, 40]
    assert all(point.knn_accuracy is not None and 0 <= point.knn_accuracy <= 1 for point in trained.curve)


def test_labels_do_not_change_what_is_learned() -> None:
    labels = ["a", "b"] * 6
    first = train_ssl(SOUNDS, SHORT)
    second = train_ssl(SOUNDS, SHORT, labels=labels)
    assert first.weights.to_bytes() == second.weights.to_bytes()
    assert {point.knn_accuracy for point in first.curve} == {None}


def test_another_seed_learns_otherwise() -> None:
    first, second = (train_ssl(SOUNDS, SslSettings(max_steps=10, n_batch=8, augmenters=(), seed=s)) for s in (0, 1))
    assert first.weights.to_bytes() != second.weights.to_bytes()


def test_training_that_was_stopped_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    def stop(stage: str, n_done: int, n_total: int) -> None:
        if stage == "training":
            raise Cancelled("enough")

    whole = train_ssl(SOUNDS, SHORT)
    with pytest.raises(Cancelled, match="enough"):
        train_ssl(SOUNDS, SHORT, checkpoint=tmp_path / "c.ckpt", on_step=stop)
    resumed = train_ssl(SOUNDS, SHORT, checkpoint=tmp_path / "c.ckpt")
    assert resumed.is_resumed
    assert [point.step for point in resumed.curve] == [point.step for point in whole.curve]
    for name, value in whole.weights.layers.items():
        assert np.allclose(resumed.weights.layers[name], value, atol=1e-3), name


def test_killed_training_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    checkpoint = tmp_path / "c.ckpt"
    program = (
        "from pathlib import Path\n"
        "from pipeline.training.ssl import SslSettings, train_ssl\n"
        "from tests.training.test_ssl import NOISE, SOUNDS\n"
        "settings = SslSettings(max_steps=2000, max_cpu_s=500, n_batch=12, augmenters=(NOISE,))\n"
        f"train_ssl(SOUNDS, settings, checkpoint=Path({str(checkpoint)!r}))\n"
    )
    running = subprocess.Popen([sys.executable, "-c", program], env=os.environ | {"OMP_NUM_THREADS": "1"})
    try:
        deadline_s = time.monotonic() + 120
        while not checkpoint.is_file() and running.poll() is None and time.monotonic() < deadline_s:
            time.sleep(0.1)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert checkpoint.is_file()
    seen: list[int] = []
    resumed = train_ssl(
        SOUNDS,
        SslSettings(max_steps=2000, max_cpu_s=0.01, n_batch=12, augmenters=(NOISE,)),
        checkpoint=checkpoint,
        on_step=lambda stage, n_done, n_total: seen.append(n_done) if stage == "training" else None,
    )
    assert resumed.is_resumed
    assert resumed.curve[-1].step >= 20
    assert len(seen) == 1


def test_interrupt_reaches_the_caller_as_what_it_was() -> None:
    class Told(KeyboardInterrupt):
        pass

    def interrupt(number: int, frame: object) -> None:
        raise Told

    before = signal.signal(signal.SIGUSR1, interrupt)
    told = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGUSR1))
    try:
        with pytest.raises(Told):
            train_ssl(
                SOUNDS,
                SslSettings(max_steps=100_000, max_cpu_s=60, n_batch=12, augmenters=()),
                on_step=lambda stage, n_done, n_total: told.start() if stage == "training" and not told.ident else None,
            )
    finally:
        told.cancel()
        signal.signal(signal.SIGUSR1, before)


def test_clip_that_cannot_be_read_fails_alone() -> None:
    class OneBroken(Sequence[Audio]):
        def __len__(self) -> int:
            return 12

        def __getitem__(self, index: int) -> Audio:
            if index == 3:
                raise UnreadableAudio("no decoder reads it")
            return SOUNDS[index]

    trained = train_ssl(OneBroken(), SslSettings(max_steps=10, n_batch=8, augmenters=()), labels=["a", "b"] * 6)
    assert [(lost.item, lost.error) for lost in trained.failed] == [("3", "UnreadableAudio")]


def test_too_few_clips_are_refused() -> None:
    with pytest.raises(SettingsError, match="too few clips"):
        train_ssl(SOUNDS[:7], SHORT)


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_steps", 0), ("max_cpu_s", 0), ("n_batch", 1), ("temperature", 0), ("n_threads", 0), ("seed", -1)],
)
def test_settings_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=name):
        SslSettings(**{name: value})


def test_views_of_any_sound_are_finite_and_of_one_shape() -> None:
    sounds = [*boundary_sounds().values(), audio(np.zeros((1, 0)))]
    bank = make_bank(sounds, [], seed=0, on_clip=lambda n_done: None)
    first, second = two_views(bank, np.arange(len(bank)), np.random.default_rng(0))
    assert first.shape == second.shape == (len(sounds), 1, 64, bank.n_frames)
    assert np.isfinite(first).all() and np.isfinite(second).all()
    assert not np.array_equal(first, second)


def test_threads_do_not_make_another_training_of_it() -> None:
    one, two = SslSettings(n_threads=1), SslSettings(n_threads=2)
    assert one.sha256([b"a"]) == two.sha256([b"a"])
    assert one.sha256([b"a"]) != one.sha256([b"b"])
    assert one.sha256([b"a"]) != SslSettings(seed=1).sha256([b"a"])
