"""The frame of every page: header, key figures, notice, progress, steps of the main job, empty state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import anywidget
import traitlets

from pipeline.widgets.assets import module, style
from pipeline.widgets.replying import replying

ProgressState = Literal["running", "done", "failed"]
Items = Sequence[Mapping[str, Any]]


class _Shell(anywidget.AnyWidget):
    """One view of static/shell.js, named by ``kind``."""

    _esm = module("dom.js", "kernel.js", "account.js", "shell.js")
    _css = style("base.css", "shell.css", "account.css", "kpis.css")
    kind = traitlets.Unicode().tag(sync=True)


class Header(_Shell):
    """The bar on top: logo, pages, project, light and dark, person.

    ``nav`` is a list of ``{"name", "href", "is_here"}``, the home page first. With more than one of ``projects`` the
    person may change to another on the same page. Who ``is_signed_in`` may sign out, and is told when the server has
    forgotten them.
    """

    kind = traitlets.Unicode("header").tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    nav = traitlets.List(traitlets.Dict()).tag(sync=True)
    project = traitlets.Unicode().tag(sync=True)
    person = traitlets.Unicode().tag(sync=True)
    projects = traitlets.List(traitlets.Unicode()).tag(sync=True)
    is_signed_in = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        title: str,
        *,
        nav: Items,
        project: str = "",
        person: str = "",
        projects: Sequence[str] = (),
        is_signed_in: bool = False,
    ) -> None:
        super().__init__(title=title, nav=[dict(entry) for entry in nav], project=project, person=person)
        self.projects, self.is_signed_in = list(projects), is_signed_in


class Kpis(_Shell):
    """Key figures in a row: items of ``{"label", "value", "unit", "note", "tone"}``.

    ``value`` is a number or a text; ``tone`` of the note is muted, ok, warn or bad.
    """

    kind = traitlets.Unicode("kpis").tag(sync=True)
    items = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, items: Items = ()) -> None:
        super().__init__(items=[dict(item) for item in items])


class Notice(_Shell):
    """One line that says what came of the last click; nothing is shown while it has no text."""

    kind = traitlets.Unicode("notice").tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    tone = traitlets.Enum(["success", "error", "info"], default_value="info").tag(sync=True)

    def success(self, sentence: str) -> None:
        self._say(sentence, "success")

    def error(self, sentence: str) -> None:
        self._say(sentence, "error")

    def info(self, sentence: str) -> None:
        self._say(sentence, "info")

    def clear(self) -> None:
        self._say("", "info")

    def _say(self, sentence: str, tone: str) -> None:
        with self.hold_sync():
            self.text = sentence
            self.tone = tone


class Progress(_Shell):
    """How far a stage is: a bar with its counts, rate, time left and a note. Hidden while it has no stage.

    Without a total (None: not known yet) the bar only says that something moves.
    """

    kind = traitlets.Unicode("progress").tag(sync=True)
    stage = traitlets.Unicode().tag(sync=True)
    done = traitlets.Int(0).tag(sync=True)
    total = traitlets.Int(None, allow_none=True).tag(sync=True)
    rate = traitlets.Float(None, allow_none=True).tag(sync=True)
    left_s = traitlets.Float(None, allow_none=True).tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    state = traitlets.Enum(["running", "done", "failed"], default_value="running").tag(sync=True)

    def show(
        self,
        stage: str,
        done: int,
        *,
        total: int | None = None,
        rate: float | None = None,
        left_s: float | None = None,
        note: str = "",
        state: ProgressState = "running",
    ) -> None:
        """Everything at once, in one message; ``rate`` in items per second."""
        with self.hold_sync():
            self.stage, self.done, self.total = stage, done, total
            self.rate, self.left_s = rate, left_s
            self.note, self.state = note, state

    def clear(self) -> None:
        self.show("", 0)


class Steps(_Shell):
    """The stages of the main job as a strip: ``{"name", "count", "unit", "state", "href", "note", "is_here"}``.

    ``state`` is todo, running, waiting (for the person), done or failed.
    """

    kind = traitlets.Unicode("steps").tag(sync=True)
    items = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, items: Items = ()) -> None:
        super().__init__(items=[dict(item) for item in items])


class EmptyState(_Shell):
    """What to do where there is nothing yet: a link with ``action_href``, else a button that calls ``on_act``."""

    kind = traitlets.Unicode("empty").tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    action_label = traitlets.Unicode().tag(sync=True)
    action_href = traitlets.Unicode().tag(sync=True)

    def __init__(self, title: str, *, text: str = "", action_label: str = "", action_href: str = "") -> None:
        super().__init__(title=title, text=text, action_label=action_label, action_href=action_href)
        self._act: Callable[[], None] | None = None
        self.on_msg(self._receive)

    def on_act(self, callback: Callable[[], None]) -> None:
        """``callback()`` runs when the button is pressed."""
        self._act = callback

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("type") == "act" and self._act is not None:
            with replying(self):
                self._act()
