"""A network as torch.export.save writes it, read as data: its graph is walked here, and nothing in the file is run.

`torch.export.load` unpickles parts of such a file and evaluates expressions in it, so that a file from somewhere could
do anything. Here the graph is JSON, the weights are numbers, and of PyTorch's operations only those are called that
compute with tensors (``_OPERATIONS``): a stranger's network may give nonsense or take time and memory, not more.
"""

from __future__ import annotations

import io
import json
import math
import operator
import zipfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.core.errors import PluginError

if TYPE_CHECKING:
    from torch import Tensor

_SCHEMA = 8
_DTYPES = {
    **{1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64"},
    **{10: "complex64", 12: "bool", 13: "bfloat16"},
}
_MEMORY_FORMATS = {1: "contiguous_format", 2: "channels_last", 4: "preserve_format"}
_ON_NUMBERS: Mapping[str, Callable[..., Any]] = {
    **{f"_operator.{name}": getattr(operator, name) for name in ("add", "sub", "mul", "floordiv", "truediv", "mod")},
    **{f"_operator.{name}": getattr(operator, name) for name in ("neg", "eq", "ne", "lt", "le", "gt", "ge")},
    **{f"math.{name}": getattr(math, name) for name in ("floor", "ceil", "trunc")},
}
_CLAIMS = frozenset({"_assert_scalar", "_assert_async", "_assert_tensor_metadata", "sym_constrain_range_for_size"})
_NAMES = """
    abs add addcdiv addcmul angle ceil clamp clamp_max clamp_min cos div eq erf exp expm1 floor floor_divide fmod ge gt
    isfinite isnan le lerp log log10 log1p log2 logical_and logical_not logical_or lt maximum minimum mul nan_to_num ne
    neg pow real imag reciprocal remainder round rsqrt rsub sign sin sqrt square sub true_divide where masked_fill
    celu elu gelu glu hardsigmoid hardswish hardtanh leaky_relu log_sigmoid log_softmax mish prelu relu relu6 selu
    sigmoid silu softmax softplus tanh threshold dropout alpha_dropout feature_dropout
    addmm baddbmm bmm einsum embedding gru linear lstm matmul mm scaled_dot_product_attention
    conv1d conv2d conv3d conv_transpose1d conv_transpose2d convolution
    batch_norm group_norm instance_norm layer_norm native_layer_norm rms_norm
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool1d adaptive_max_pool2d avg_pool1d avg_pool2d max_pool1d
    max_pool2d max_pool2d_with_indices upsample_bilinear2d upsample_linear1d upsample_nearest1d upsample_nearest2d
    constant_pad_nd pad reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d
    all amax amin any argmax argmin cumsum linalg_vector_norm logsumexp max mean min norm prod sort std sum topk var
    var_mean
    _to_copy alias cat chunk clone contiguous detach expand expand_as flatten flip gather index index_select
    lift_fresh_copy movedim narrow numel permute repeat repeat_interleave reshape roll select slice split
    split_with_sizes squeeze stack sym_size swapaxes t to transpose tril triu type_as unbind unflatten unfold unsqueeze
    view view_as_real _unsafe_view
    arange full full_like hann_window linspace new_full new_ones new_zeros ones ones_like scalar_tensor zeros zeros_like
    fft_fft fft_rfft stft
"""
# What a file that means ill, or nothing, can lead to.
_AMISS = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RuntimeError,
    ArithmeticError,
    OSError,
    zipfile.BadZipFile,
)
_OPERATIONS = frozenset(name.rstrip("_") for name in _NAMES.split())


@dataclass(frozen=True, kw_only=True)
class Described:
    """What a network says of itself: the sizes of its input (None: any), and of its output."""

    takes: tuple[int | None, ...]
    gives: tuple[int | None, ...]


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network that can be asked. ``known`` are its weights by their names in the graph."""

    graph: Mapping[str, Any]
    known: Mapping[str, Tensor]
    takes: str
    gives: str

    def __call__(self, given: Tensor) -> Tensor:
        """The output for one input. Raises PluginError if the network cannot work with it."""
        values: dict[str, Any] = {**self.known, self.takes: given}
        try:
            for node in self.graph["nodes"]:
                _work(node, values)
            return values[self.gives]
        except _AMISS as error:
            raise PluginError("a pretrained network cannot work", got=_line(error)) from error


def described(data: bytes) -> Described:
    """What the network in these bytes takes and gives; no number is read. Raises PluginError."""
    with _opened(data) as archive:
        model = _model(archive)
        graph = model["graph_module"]["graph"]
        takes, gives = _ends(model)
        sizes = [_sizes(graph["tensor_values"][name]) for name in (takes, gives)]
    return Described(takes=sizes[0], gives=sizes[1])


def network(data: bytes) -> Network:
    """The network in these bytes. Raises PluginError for anything else, and for operations that are not let in."""
    with _opened(data) as archive:
        model = _model(archive)
        graph = model["graph_module"]["graph"]
        for node in graph["nodes"]:
            _demand_known(node["target"])
            _demand_still(node)
        takes, gives = _ends(model)
        return Network(graph=graph, known=_weights(model, archive), takes=takes, gives=gives)


@contextmanager
def _opened(data: bytes) -> Generator[zipfile.ZipFile]:
    """The archive in these bytes; whatever turns out to be amiss in it is one sentence."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive
    except _AMISS as error:
        raise PluginError(
            "cannot read a pretrained network",
            expected="a file that torch.export.save wrote, of a network in eval()",
            got=_line(error),
        ) from error


def _model(archive: zipfile.ZipFile) -> dict[str, Any]:
    named = [name for name in archive.namelist() if "/models/" in name and name.endswith(".json")]
    if len(named) != 1:
        raise ValueError("no network, or several of them")
    model: dict[str, Any] = json.loads(_stored(archive, named[0]))
    if model["schema_version"]["major"] != _SCHEMA:
        raise ValueError(f"the form {model['schema_version']['major']}, not {_SCHEMA}: export it by a newer PyTorch")
    return model


def _stored(archive: zipfile.ZipFile, name: str) -> bytes:
    # PyTorch never packs; what is packed could be a thousand times as long as the file.
    if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is packed")
    return archive.read(name)


def _ends(model: dict[str, Any]) -> tuple[str, str]:
    """The names of the one tensor that goes in and of the one that comes out."""
    signature = model["graph_module"]["signature"]
    takes = [spec["user_input"]["arg"] for spec in signature["input_specs"] if "user_input" in spec]
    if any("user_output" not in spec for spec in signature["output_specs"]):
        raise ValueError("it changes itself while it works: call eval() before the export")
    gives = [spec["user_output"]["arg"] for spec in signature["output_specs"]]
    if len(takes) != 1 or len(gives) != 1 or "as_tensor" not in takes[0] or "as_tensor" not in gives[0]:
        raise ValueError(f"{len(takes)} inputs and {len(gives)} outputs, not one tensor and one tensor")
    return takes[0]["as_tensor"]["name"], gives[0]["as_tensor"]["name"]


def _sizes(tensor: dict[str, Any]) -> tuple[int | None, ...]:
    return tuple(size.get("as_int") for size in tensor["sizes"])


def _demand_known(target: str) -> None:
    import torch

    name = _name(target)
    if target in _ON_NUMBERS or name in _CLAIMS:
        return
    # conv1d_ is conv1d in place.
    if target.startswith("torch.ops.aten.") and name.rstrip("_") in _OPERATIONS:
        packet = getattr(torch.ops.aten, name, None)
        if packet is not None and target.rpartition(".")[2] in packet.overloads():
            return
    raise ValueError(f"the operation {target[:80]} is not let in")


def _demand_still(node: Mapping[str, Any]) -> None:
    for one in node["inputs"]:
        if one["name"] in ("train", "training") and one["arg"].get("as_bool"):
            raise ValueError("it is in training, where it draws at random: call eval() before the export")


def _name(target: str) -> str:
    """conv1d of torch.ops.aten.conv1d.default."""
    parts = target.split(".")
    return parts[3] if len(parts) == 5 else ""


def _weights(model: dict[str, Any], archive: zipfile.ZipFile) -> dict[str, Tensor]:
    tensors = {**_tensors(archive, "weights"), **_tensors(archive, "constants")}
    found: dict[str, Tensor] = {}
    for spec in model["graph_module"]["signature"]["input_specs"]:
        ((kind, told),) = spec.items()
        if kind != "user_input":
            # Whatever else a graph may take has no such name.
            found[told["arg"]["name"]] = tensors[told[f"{kind}_name"]]
    return found


def _tensors(archive: zipfile.ZipFile, kind: str) -> dict[str, Tensor]:
    import torch

    folder = archive.namelist()[0].partition("/")[0] + f"/data/{kind}/"
    named = [name for name in archive.namelist() if name.startswith(folder) and name.endswith("_config.json")]
    found: dict[str, Tensor] = {}
    for name in named:
        for key, told in json.loads(_stored(archive, name))["config"].items():
            meta = told["tensor_meta"]
            if told["use_pickle"] or meta is None:
                raise ValueError(f"{key} is pickled")
            data = bytearray(_stored(archive, folder + told["path_name"]))
            dtype = getattr(torch, _DTYPES[meta["dtype"]])
            flat = torch.frombuffer(data, dtype=dtype) if data else torch.zeros(0, dtype=dtype)
            sizes, strides = ([size["as_int"] for size in meta[of]] for of in ("sizes", "strides"))
            found[key] = flat.as_strided(sizes, strides, meta["storage_offset"]["as_int"])
    return found


def _work(node: Mapping[str, Any], values: dict[str, Any]) -> None:
    """Do what one node of the graph says, and keep what comes of it under its name."""
    import torch

    target: str = node["target"]
    if _name(target) in _CLAIMS:
        return
    given = [(one["name"], _value(one["arg"], values), one["kind"]) for one in node["inputs"]]
    by_place = [value for _, value, kind in given if kind != 2]
    by_name = {name: value for name, value, kind in given if kind == 2}
    if target in _ON_NUMBERS:
        made = _ON_NUMBERS[target](*by_place)
    else:
        name, overload = target.split(".")[3:]
        made = getattr(getattr(torch.ops.aten, name), overload)(*by_place, **by_name)
    outputs = node["outputs"]
    for output, value in zip(outputs, [made] if len(outputs) == 1 else made, strict=True):
        _keep(output, value, values)


def _keep(output: Mapping[str, Any], value: Any, values: dict[str, Any]) -> None:
    ((kind, told),) = output.items()
    if kind == "as_none":
        return
    if kind == "as_tensors":
        values.update(zip((one["name"] for one in told), value, strict=True))
    else:
        values[told.get("name") or told["as_name"]] = value


def _value(arg: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """What an argument in the graph stands for. Raises KeyError, ValueError."""
    import torch

    ((kind, told),) = arg.items()
    match kind:
        case "as_none":
            return None
        case "as_tensor":
            return values[told["name"]]
        case "as_tensors":
            return [values[one["name"]] for one in told]
        case "as_optional_tensor":
            return _value(told, values)
        case "as_optional_tensors":
            return [_value(one, values) for one in told]
        case "as_sym_int" | "as_sym_float" | "as_sym_bool":
            return values[told["as_name"]] if "as_name" in told else next(iter(told.values()))
        case "as_sym_ints":
            return [_value({"as_sym_int": one}, values) for one in told]
        case "as_scalar_type":
            return getattr(torch, _DTYPES[told])
        case "as_memory_format":
            return getattr(torch, _MEMORY_FORMATS[told])
        case "as_layout":
            return torch.strided
        case "as_device":
            return torch.device("cpu")
        case "as_int" | "as_ints" | "as_float" | "as_floats" | "as_bool" | "as_bools" | "as_string":
            return told
        case _:
            raise ValueError(f"an argument {kind}")


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
