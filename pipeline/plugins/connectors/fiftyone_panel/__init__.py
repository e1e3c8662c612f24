"""The panel that FiftyOne's App shows beside the clips: it plays the open or the selected one.

The App reads this folder as a plug-in of its own; Earmark never imports it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import fiftyone.operators as foo  # pyright: ignore[reportMissingImports]
import fiftyone.operators.types as types  # pyright: ignore[reportMissingImports]


class EarmarkSound(foo.Panel):  # pyright: ignore
    """Plays the clip that is open, else the one selected last."""

    @property
    def config(self) -> Any:
        return foo.PanelConfig(name="earmark_sound", label="Sound", surfaces="grid modal", help_markdown=self.__doc__)

    def on_load(self, ctx: Any) -> None:
        self._show(ctx)

    def on_change_current_sample(self, ctx: Any) -> None:
        self._show(ctx)

    def on_change_selected(self, ctx: Any) -> None:
        self._show(ctx)

    def render(self, ctx: Any) -> Any:
        panel = types.Object()
        url = ctx.panel.get_state("url")
        if url is None:
            panel.md("Open a clip or select one, and it can be heard here.", name="hint")
        else:
            panel.md(ctx.panel.get_state("words"), name="words")
            panel.media_player(name="player", url=url)
        return types.Property(panel, view=types.GridView(orientation="vertical"))

    def _show(self, ctx: Any) -> None:
        sample_id = ctx.current_sample or (ctx.selected[-1] if ctx.selected else None)
        if sample_id is None:
            ctx.panel.set_state("url", None)
            return
        sample = ctx.dataset[sample_id]
        ctx.panel.set_state("words", f"**{sample.recording}** from {sample.start_s:.2f} s, {sample.duration_s:.2f} s")
        ctx.panel.set_state("url", "/media?filepath=" + quote(sample.audio_path))


def register(plugin: Any) -> None:
    """What FiftyOne calls when it loads the plug-in."""
    plugin.register(EarmarkSound)
