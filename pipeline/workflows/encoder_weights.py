"""Encoders with what they learned: a trained one names an object of the store, and its bytes are handed to it here."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from pipeline.core import registry
from pipeline.core.errors import SettingsError, StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio
from pipeline.plugins.encoders.base import Encoder
from pipeline.plugins.encoders.lightly_ssl import is_key
from pipeline.storage import Store, path_of

_HUB = "hf:"


def ready_encoder(spec: PluginSpec, store: Store) -> Encoder:
    """The encoder that the spec describes, ready to encode; its weights, if it names any, are read from the store.

    Raises PluginError for a wrong spec or for weights that are not the ones named, StorageError if they are gone.
    """
    return _ready(json.dumps(spec.to_json(), sort_keys=True), store)


def names_place(spec: PluginSpec) -> bool:
    """Whether the spec says where weights lie instead of which: a file, or ``hf:owner/repository/file``."""
    place = spec.params.get("weights")
    return isinstance(place, str) and not is_key(place) and hasattr(registry.load("encoder", spec.name), "with_weights")


def kept_encoder(spec: PluginSpec, store: Store) -> PluginSpec:
    """The full spec, every parameter named; weights that lie somewhere else are put into the store and named by it.

    Whatever is put there was tried first: it reads, and it takes what the spec says. The same bytes lie there once.
    Raises PluginError for a wrong spec and weights that cannot be used, StorageError if they cannot be read,
    SettingsError for a hub that cannot be asked.
    """
    if not names_place(spec):
        return registry.spec_of(spec.name, registry.create("encoder", spec))
    place = str(spec.params["weights"])
    data = _from_hub(place) if place.startswith(_HUB) else _from_file(place)
    suffix = PurePosixPath(place.partition("@")[0] if place.startswith(_HUB) else place).suffix.lower()
    digest = hashlib.sha256(data).hexdigest()
    key = f"{digest[:2]}/{digest[2:4]}/{digest}{suffix}"
    plugin: Any = registry.create("encoder", PluginSpec(name=spec.name, params={**spec.params, "weights": key}))
    plugin.with_weights(data).encode([_heard()])
    store.put(data, suffix=suffix)
    return registry.spec_of(spec.name, plugin)


# Every few clips ask again, and a network can be hundreds of megabytes.
@functools.lru_cache(maxsize=2)
def _ready(spec: str, store: Store) -> Encoder:
    plugin: Any = registry.create("encoder", PluginSpec.from_json(json.loads(spec)))
    key = getattr(plugin, "weights", None)
    if key is None or not hasattr(plugin, "with_weights"):
        return plugin
    return plugin.with_weights(store.read(key))


def _heard() -> Audio:
    """A second of noise, to try a network on."""
    noise = np.random.default_rng(0).normal(0, 0.1, (1, 16_000))
    return Audio(samples=noise.astype(np.float32), rate_hz=16_000)


def _from_file(place: str) -> bytes:
    path = Path(path_of(place))
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError(
            "cannot read weights", which=path, got=error.strerror or str(error), do="name the file by its whole path"
        ) from error


def _from_hub(place: str) -> bytes:
    named, _, revision = place.removeprefix(_HUB).partition("@")
    owner, _, rest = named.partition("/")
    repository, _, file = rest.partition("/")
    if not (owner and repository and file):
        raise SettingsError("not a file of a hub", which=place, expected="hf:owner/repository/file, maybe @revision")
    try:
        from huggingface_hub import hf_hub_download  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise SettingsError(
            "the hub cannot be asked without its package",
            which=place,
            do="pip install huggingface_hub, or fetch the file and name that",
        ) from error
    try:
        return Path(hf_hub_download(f"{owner}/{repository}", file, revision=revision or None)).read_bytes()
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise StorageError("cannot fetch weights from the hub", which=place, got=reason) from error
