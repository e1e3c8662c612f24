"""Pretrained: networks made by the test, exported as anybody would; what cannot be used is one clear sentence."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipeline.core import registry
from pipeline.core.errors import PluginError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio
from pipeline.plugins.encoders import pretrained_graph
from tests.contracts import networks
from tests.contracts.networks import N_DIMS, N_WINDOW, OfWaveform, exported, key_of, of_log_mel, of_waveform, pretrained
from tests.contracts.sounds import audio, boundary_sounds, bursts

MODEL = "archive/models/model.json"


class Scaled(nn.Module):
    """The mean of 12 stretches over something."""

    def __init__(self, over: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.over = over

    def forward(self, samples: Tensor) -> Tensor:
        return samples.reshape(1, N_DIMS, -1).mean(dim=-1) / self.over(samples)


def rewritten(data: bytes, name: str, change: Callable[[bytes], bytes], *, method: int = zipfile.ZIP_STORED) -> bytes:
    """The archive with one of its files changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", method) as new:
        for each in old.namelist():
            new.writestr(each, change(old.read(each)) if each == name else old.read(each))
    return out.getvalue()


def with_model(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The network with its graph changed."""

    def changed(model: bytes) -> bytes:
        told = json.loads(model)
        change(told)
        return json.dumps(told).encode()

    return rewritten(data, MODEL, changed)


def test_graph_walked_here_gives_what_pytorch_gives() -> None:
    torch.manual_seed(0)
    made = OfWaveform().eval()
    given = torch.randn(1, N_WINDOW)
    expected = made(given).detach()
    assert torch.allclose(pretrained_graph.network(exported(made, 1, N_WINDOW))(given), expected, atol=1e-6)


def test_network_for_any_length_takes_any_window() -> None:
    class AnyLength(nn.Module):
        def forward(self, samples: Tensor) -> Tensor:
            return samples.unfold(1, 160, 80).std(dim=1)[:, : samples.shape[1] // 400 * 0 + N_DIMS]

    data = exported(AnyLength(), 1, N_WINDOW, dynamic=({1: torch.export.Dim("n", min=800, max=100_000)},))
    for window_s in (0.1, 0.2):
        assert pretrained(data, window_s=window_s).encode([bursts()]).shape == (1, N_DIMS)


def test_log_mel_goes_in_as_lightly_ssl_sees_it() -> None:
    encoder = pretrained(of_log_mel(), input="log_mel", window_s=0.4)
    vectors = encoder.encode(list(boundary_sounds().values()))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)


def test_waveform_goes_in_at_the_rate_that_was_asked_for() -> None:
    seen = pretrained(exported(Scaled(lambda x: x.abs().amax() + 1e-6), 1, 2_400), rate_hz=8_000, window_s=0.3)
    ramp = np.repeat(np.arange(1, N_DIMS + 1, dtype=np.float32), 400)[np.newaxis] / N_DIMS
    vector = seen.encode([Audio(samples=ramp, rate_hz=16_000)])[0]
    assert vector == pytest.approx(np.arange(1, N_DIMS + 1) / np.linalg.norm(np.arange(1, N_DIMS + 1)), abs=0.02)


def test_other_weights_make_other_embeddings() -> None:
    first, second = (pretrained(of_waveform(seed)).encode([bursts()])[0] for seed in (0, 1))
    assert first @ second < 0.99


def test_bytes_that_are_not_the_ones_named_are_refused() -> None:
    named = registry.create("encoder", PluginSpec(name="pretrained", params={"weights": key_of(of_waveform())}))
    with pytest.raises(PluginError, match="not the weights of this encoder"):
        named.with_weights(of_waveform(1))


def test_without_a_network_it_says_how_to_name_one() -> None:
    plugin = registry.create("encoder", PluginSpec(name="pretrained"))
    with pytest.raises(PluginError, match="pretrained:weights=FILE"):
        plugin.encode([bursts()])


@pytest.mark.parametrize("data", [b"", b"not a network", pickle.dumps({}), networks.of_waveform()[:-400]])
def test_malformed_file_is_refused(data: bytes) -> None:
    with pytest.raises(PluginError, match="cannot read a pretrained network"):
        pretrained(data)


def test_archive_of_something_else_is_refused() -> None:
    buffer = io.BytesIO()
    torch.save({"weight": torch.zeros(3)}, buffer)
    with pytest.raises(PluginError, match=r"cannot read a pretrained network.*no network"):
        pretrained(buffer.getvalue())


def test_packed_archive_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(PluginError, match="is packed"):
        pretrained(rewritten(of_waveform(), MODEL, bytes, method=zipfile.ZIP_DEFLATED))


@pytest.mark.parametrize("params", [{"window_s": 0.2}, {"rate_hz": 8_000}, {"input": "log_mel"}])
def test_network_that_takes_something_else_is_refused_with_both_shapes(params: dict[str, Any]) -> None:
    with pytest.raises(PluginError, match=r"takes another input.*expected \(1, 1600\), got .*\(1, "):
        pretrained(of_waveform(), **params)


def test_output_that_is_no_embedding_is_refused() -> None:
    class Flat(nn.Module):
        def forward(self, samples: Tensor) -> Tensor:
            return samples.mean(dim=1)

    with pytest.raises(PluginError, match=r"gives no embedding.*got \(1\)"):
        pretrained(exported(Flat(), 1, N_WINDOW))


def test_clip_of_which_the_network_makes_no_number_is_refused() -> None:
    encoder = pretrained(exported(Scaled(lambda x: x.abs().amax()), 1, 2_400), window_s=0.15)
    assert np.isfinite(encoder.encode([bursts()])).all()
    with pytest.raises(PluginError, match="numbers that are none"):
        encoder.encode([audio(np.zeros((1, 4_000)))])


@pytest.mark.parametrize(
    "target",
    ["torch.os.system", "torch.ops.aten.from_file.default", "torch.ops.aten.save.default", "builtins.eval",
     "torch.hub.load", "_operator.attrgetter", "math.__loader__", "torch.ops.aten.linear_.__class__"],
)  # fmt: skip
def test_operation_that_does_more_than_compute_is_never_called(target: str) -> None:
    def change(model: dict[str, Any]) -> None:
        model["graph_module"]["graph"]["nodes"][0]["target"] = target

    encoder = pretrained(with_model(of_waveform(), change))
    with pytest.raises(PluginError, match="is not let in"):
        encoder.encode([bursts()])


def test_pickle_in_the_archive_is_never_opened(tmp_path_factory: pytest.TempPathFactory) -> None:
    trace = tmp_path_factory.mktemp("run") / "trace"

    class Runs:
        def __reduce__(self) -> tuple[Any, ...]:
            return open, (str(trace), "w")

    def change(config: bytes) -> bytes:
        told = json.loads(config)
        for one in told["config"].values():
            one["use_pickle"] = True
        return json.dumps(told).encode()

    data = rewritten(of_waveform(), "archive/data/weights/model_weights_config.json", change)
    data = rewritten(data, "archive/data/weights/weight_0", lambda _: pickle.dumps(Runs()))
    data = rewritten(data, "archive/data/sample_inputs/model.pt", lambda _: pickle.dumps(Runs()))
    encoder = pretrained(data)
    with pytest.raises(PluginError, match="is pickled"):
        encoder.encode([bursts()])
    assert not trace.exists()


def test_code_in_the_archive_is_never_evaluated(tmp_path_factory: pytest.TempPathFactory) -> None:
    trace = tmp_path_factory.mktemp("run") / "trace"
    evil = f"__import__('pathlib').Path({str(trace)!r}).touch()"

    def change(model: dict[str, Any]) -> None:
        model["guards_code"] = [evil]
        for told in model["graph_module"]["graph"]["tensor_values"].values():
            for size in told["sizes"] if told["dtype"] == 7 and len(told["sizes"]) == 3 else []:
                size.clear()
                size["as_expr"] = {"expr_str": evil, "hint": {"as_int": 1}}

    assert pretrained(with_model(of_waveform(), change)).encode([bursts()]).shape == (1, N_DIMS)
    assert not trace.exists()


def test_network_in_training_is_refused() -> None:
    buffer = io.BytesIO()
    network = nn.Sequential(nn.Linear(N_WINDOW, N_DIMS), nn.Dropout(0.5)).train()
    torch.export.save(torch.export.export(network, (torch.zeros(1, N_WINDOW),)), buffer)
    encoder = pretrained(buffer.getvalue())
    with pytest.raises(PluginError, match="call eval"):
        encoder.encode([bursts()])


def test_another_form_of_the_file_is_refused() -> None:
    def change(model: dict[str, Any]) -> None:
        model["schema_version"]["major"] = 99

    with pytest.raises(PluginError, match="the form 99"):
        pretrained(with_model(of_waveform(), change))


@pytest.mark.parametrize(
    "params",
    [{"input": "picture"}, {"window_s": 0}, {"window_s": 1e9}, {"rate_hz": 1}, {"rate_hz": 8_000, "input": "log_mel"},
     {"weights": "model.pt2"}, {"weights": key_of(b"", ".npz")}],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(PluginError, match=next(iter(params))):
        registry.create("encoder", PluginSpec(name="pretrained", params=params))
