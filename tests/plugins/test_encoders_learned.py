"""Lightly_ssl and fused: weights are named by their hash, and nothing but those is taken."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import pickle
from typing import Any

import numpy as np
import pytest

from pipeline.core.errors import PluginError
from pipeline.core.types import Float32
from pipeline.plugins.encoders.fused import Fused
from pipeline.plugins.encoders.instant import Instant
from pipeline.plugins.encoders.lightly_ssl import LightlySsl
from pipeline.plugins.encoders.lightly_ssl_network import RANGE_DB, Weights, untrained, windows
from tests.contracts.sounds import boundary_sounds, bursts

SOUNDS = list(boundary_sounds().values())


def made_weights(seed: int) -> bytes:
    """Weights that no training made, other ones for another seed."""
    rng = np.random.default_rng(seed)
    drawn = untrained()
    centre: Float32 = rng.normal(size=drawn.centre.shape).astype(np.float32)
    projection: Float32 = rng.normal(size=drawn.projection.shape).astype(np.float32)
    return dataclasses.replace(drawn, centre=centre, projection=projection, n_frames=40).to_bytes()


def key_of(data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    return f"{digest[:2]}/{digest[2:4]}/{digest}.npz"


@pytest.fixture(params=[LightlySsl, Fused])
def learned(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_weights_come_back_from_their_bytes_as_they_were() -> None:
    data = made_weights(1)
    read = Weights.from_bytes(data)
    assert read.to_bytes() == data
    assert read.n_frames == 40


def test_encoder_with_weights_keeps_the_promises_of_every_encoder(learned: Any) -> None:
    data = made_weights(1)
    encoder = learned(weights=key_of(data)).with_weights(data)
    vectors = encoder.encode(SOUNDS)
    alone = np.concatenate([encoder.encode([sound]) for sound in reversed(SOUNDS)])[::-1]
    assert vectors.shape == (len(SOUNDS), encoder.n_dims)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
    assert np.array_equal(vectors, alone)
    assert encoder.encode([]).shape == (0, encoder.n_dims)


def test_other_weights_make_other_embeddings(learned: Any) -> None:
    first, second = (made_weights(seed) for seed in (1, 2))
    vectors = [learned(weights=key_of(data)).with_weights(data).encode([bursts()])[0] for data in (first, second)]
    assert vectors[0] @ vectors[1] < 0.99


def test_encoder_without_the_weights_that_it_names_is_refused(learned: Any) -> None:
    with pytest.raises(PluginError, match="was not given its weights"):
        learned(weights=key_of(made_weights(1))).encode([bursts()])


def test_bytes_that_are_not_the_ones_named_are_refused(learned: Any) -> None:
    with pytest.raises(PluginError, match="not the weights of this encoder"):
        learned(weights=key_of(made_weights(1))).with_weights(made_weights(2))


@pytest.mark.parametrize("key", ["", "weights.npz", "ab/cd/abcd.npz", "../../etc/passwd", 3])
def test_name_that_is_no_key_of_weights_is_refused(learned: Any, key: Any) -> None:
    with pytest.raises(ValueError, match="as the store calls them"):
        learned(weights=key)


def test_bytes_that_hold_something_else_are_refused_and_never_run() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, centre=np.array([{"run": "me"}], dtype=object))
    wrong_layers = dataclasses.replace(untrained(), layers={"0.weight": np.zeros((1, 1), np.float32)})
    for data in (b"", b"not weights", pickle.dumps({}), buffer.getvalue(), wrong_layers.to_bytes()):
        with pytest.raises(PluginError, match="cannot read the weights"):
            LightlySsl(weights=key_of(data)).with_weights(data).encode([bursts()])


def test_each_block_of_fused_has_its_share_of_a_cosine() -> None:
    data = made_weights(1)
    sounds = [bursts(seed=1), bursts(seed=2)]
    fused = Fused(weights=key_of(data), learned_share=0.3).with_weights(data).encode(sounds)
    known = Instant().encode(sounds)
    learned = LightlySsl(weights=key_of(data)).with_weights(data).encode(sounds)
    assert fused[0] @ fused[1] == pytest.approx(0.7 * known[0] @ known[1] + 0.3 * learned[0] @ learned[1], abs=1e-5)


def test_fused_leaves_out_what_all_clips_of_the_corpus_have_in_common() -> None:
    sounds = [bursts(seed=1), bursts(seed=2)]
    centre = Instant().encode(sounds).mean(axis=0)
    data = dataclasses.replace(untrained(), known_centre=centre).to_bytes()
    first, second = Fused(weights=key_of(data), learned_share=1e-6).with_weights(data).encode(sounds)
    assert first @ second == pytest.approx(-1, abs=1e-3)


def test_windows_hold_every_frame_and_are_quiet_beyond_the_clip() -> None:
    frames = np.tile(np.arange(-50, -40, dtype=np.float32), (64, 1))
    assert windows(frames, 10).shape == (1, 1, 64, 10)
    padded = windows(frames, 20)
    assert padded.shape == (1, 1, 64, 20)
    assert padded[0, 0, 0, 0] == windows(np.full((64, 1), -RANGE_DB, np.float32), 1).item(0)
    assert set(np.unique(windows(frames, 4))) == set(np.unique(windows(frames, 10)))
