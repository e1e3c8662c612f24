"""Encoders with what they learned: a trained one names an object of the store, and its bytes are handed to it here."""

from __future__ import annotations

from typing import Any

from pipeline.core import registry
from pipeline.core.plugin_spec import PluginSpec
from pipeline.plugins.encoders.base import Encoder
from pipeline.storage import Store


def ready_encoder(spec: PluginSpec, store: Store) -> Encoder:
    """The encoder that the spec describes, ready to encode; its weights, if it names any, are read from the store.

    Raises PluginError for a wrong spec or for weights that are not the ones named, StorageError if they are gone.
    """
    plugin: Any = registry.create("encoder", spec)
    key = getattr(plugin, "weights", None)
    if key is None or not hasattr(plugin, "with_weights"):
        return plugin
    return plugin.with_weights(store.read(key))
