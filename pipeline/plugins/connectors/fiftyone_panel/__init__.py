"""The panel that FiftyOne's App shows beside the clips: it plays the open or the selected one, and takes its label.

The App reads this folder as a plug-in of its own; Earmark never imports it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import fiftyone as fo  # pyright: ignore[reportMissingImports]
import fiftyone.operators as foo  # pyright: ignore[reportMissingImports]
import fiftyone.operators.types as types  # pyright: ignore[reportMissingImports]

FLAG_TAG = "flag"
"""What `earmark fiftyone pull` takes for a flag."""

# Without these the App makes a video of it: a tall dark box with nothing to press.
_PLAYER: dict[str, Any] = {
    "controls": True,
    "playing": True,
    "height": "54px",
    "config": {"file": {"forceAudio": True}},
    "componentsProps": {"container": {"sx": {"minWidth": "360px"}}},
}


class EarmarkSound(foo.Panel):  # pyright: ignore
    """Plays the clip that is open, else the one selected last; its label is chosen below."""

    @property
    def config(self) -> Any:
        return foo.PanelConfig(name="earmark_sound", label="Sound", surfaces="grid modal", help_markdown=self.__doc__)

    def on_load(self, ctx: Any) -> None:
        self._show(ctx)

    def on_change_current_sample(self, ctx: Any) -> None:
        self._show(ctx)

    def on_change_selected(self, ctx: Any) -> None:
        self._show(ctx)

    def on_label(self, ctx: Any) -> None:
        """Give the clip the label of the button; `earmark fiftyone pull` makes it an answer."""
        sample, label = _heard(ctx), ctx.params["label"]
        if sample is None:
            return
        if sample.label is None:
            sample["label"] = fo.Classification(label=label)
        else:
            sample.label.label = label
        _save(ctx, sample)
        self._show(ctx)

    def on_flag(self, ctx: Any) -> None:
        """Raise the flag of the clip, or take it back."""
        sample = _heard(ctx)
        if sample is None:
            return
        sample.tags = [tag for tag in sample.tags if tag != FLAG_TAG]
        if not ctx.panel.get_state("is_flagged"):
            sample.tags.append(FLAG_TAG)
        _save(ctx, sample)
        self._show(ctx)

    def render(self, ctx: Any) -> Any:
        panel = types.Object()
        url = ctx.panel.get_state("url")
        if url is None:
            panel.md("Open a clip or select one, and it can be heard and labelled here.", name="hint")
            return types.Property(panel, view=types.GridView(orientation="vertical"))
        panel.md(ctx.panel.get_state("words"), name="words")
        panel.media_player(name="player", url=url, **_PLAYER)
        row = panel.h_stack("labels", gap=1, wrap=True)
        chosen = ctx.panel.get_state("label")
        for number, label in enumerate(_label_set(ctx.dataset)):
            variant = "contained" if label == chosen else "outlined"
            row.btn(f"label_{number}", label=label, variant=variant, on_click=self.on_label, params={"label": label})
        is_flagged = ctx.panel.get_state("is_flagged")
        words = "Take the flag back" if is_flagged else "Flag"
        panel.btn("flag", label=words, variant="outlined", on_click=self.on_flag)
        return types.Property(panel, view=types.GridView(orientation="vertical"))

    def _show(self, ctx: Any) -> None:
        sample = _heard(ctx)
        if sample is None:
            ctx.panel.set_state("url", None)
            return
        ctx.panel.set_state("words", f"**{sample.recording}** from {sample.start_s:.2f} s, {sample.duration_s:.2f} s")
        ctx.panel.set_state("label", None if sample.label is None else sample.label.label)
        ctx.panel.set_state("is_flagged", FLAG_TAG in sample.tags)
        ctx.panel.set_state("url", "/media?filepath=" + quote(sample.audio_path))


def register(plugin: Any) -> None:
    """What FiftyOne calls when it loads the plug-in."""
    plugin.register(EarmarkSound)


def _heard(ctx: Any) -> Any:
    """The clip that is open, else the one selected last, None if there is neither."""
    sample_id = ctx.current_sample or (ctx.selected[-1] if ctx.selected else None)
    return None if sample_id is None else ctx.dataset[sample_id]


def _save(ctx: Any, sample: Any) -> None:
    sample.save()
    ctx.ops.reload_samples()


def _label_set(dataset: Any) -> list[str]:
    return list((dataset.label_schemas.get("label") or {}).get("classes") or [])
