"""The fold below the deck by which a researcher changes how the project's spectrograms are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from ipywidgets import DOMWidget

from apps.review.state import ReviewState
from pipeline.core.picture import Colours, PictureRecipe, Scale
from pipeline.widgets.disclosure import Disclosure
from pipeline.widgets.forms import Form, Values

_SCALES = {"mel": "mel, as ears hear", "linear": "linear, in Hz", "log": "log, in octaves"}
_COLOURS = {"ember": "ember", "viridis": "viridis, for eyes that see few colours", "grey": "grey"}


class PicturePart:
    """``parts`` are the fold and its form, or nothing for who may not change the picture."""

    def __init__(self, state: ReviewState, *, on_changed: Callable[[PictureRecipe], object]) -> None:
        self._state = state
        self._on_changed = on_changed
        self.parts: tuple[DOMWidget, ...] = ()
        if not state.may_change_picture:
            return
        form = Form(
            _fields(state.picture()),
            submit_label="Draw it so for everyone",
            title="Spectrogram",
            intro="The same picture for everyone in this project. Each answer keeps by which picture it was given.",
        )
        form.on_submit(self._change)
        self.parts = (Disclosure("Spectrogram", form), form)

    def _change(self, values: Values) -> str:
        counts = {"overlap": values["overlap"] / 100, "n_bands": int(values["n_bands"])}
        self._on_changed(self._state.set_picture(values | counts))
        return "Drawn so from now on."


def _fields(now: PictureRecipe) -> list[Mapping[str, Any]]:
    scales = [{"value": name, "label": _SCALES[name]} for name in get_args(Scale)]
    colours = [{"value": name, "label": _COLOURS[name]} for name in get_args(Colours)]
    number: dict[str, Any] = {"kind": "number", "is_required": True}
    return [
        {"key": "scale", "label": "Frequencies", "kind": "select", "options": scales, "value": now.scale},
        {"key": "fmin_hz", "label": "From", "unit": "Hz", "min": 0, "value": now.fmin_hz, **number},
        {
            **{"key": "fmax_hz", "label": "Up to", "kind": "number", "unit": "Hz", "min": 1, "value": now.fmax_hz},
            "placeholder": "half the rate",
        },
        {"key": "window_ms", "label": "Window", "unit": "ms", "min": 1, "max": 500, "value": now.window_ms, **number},
        {
            **{"key": "overlap", "label": "Overlap", "unit": "%", "min": 0, "max": 98, "value": 100 * now.overlap},
            **number,
        },
        {"key": "n_bands", "label": "Rows", "min": 16, "max": 256, "step": 1, "value": now.n_bands, **number},
        {"key": "range_db", "label": "Range", "unit": "dB", "min": 10, "max": 120, "value": now.range_db, **number},
        {"key": "colours", "label": "Colours", "kind": "select", "options": colours, "value": now.colours},
        {
            **{"key": "pcen", "label": "Fade steady noise", "kind": "checkbox", "value": now.pcen},
            "help": "PCEN: faint calls stand out.",
        },
    ]
