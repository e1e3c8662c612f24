"""The frame of the page, kernel side."""

from __future__ import annotations

from typing import Any

import pytest
import traitlets

from pipeline.core.errors import NotPermitted
from pipeline.widgets.layout import columns, page, stack
from pipeline.widgets.shell import EmptyState, Header, Notice, Progress, Steps


def messages_of(widget: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    return sent


def test_notice_says_the_sentence_in_its_tone() -> None:
    notice = Notice()
    notice.error("the store is full; free some space")
    assert (notice.text, notice.tone) == ("the store is full; free some space", "error")
    notice.clear()
    assert notice.text == ""


def test_unknown_state_of_progress_is_refused() -> None:
    progress = Progress()
    progress.show("Embed", 3, total=4, rate=1.5, left_s=2.0)
    assert (progress.done, progress.total, progress.state) == (3, 4, "running")
    with pytest.raises(traitlets.TraitError):
        progress.state = "nearly"


def test_progress_without_a_total_keeps_none() -> None:
    progress = Progress()
    progress.show("Bring in", 12)
    assert progress.total is None


def test_widgets_do_not_share_their_lists() -> None:
    entry = {"name": "Home", "href": "home.ipynb", "is_here": True}
    first, second = Header("Home", nav=[entry]), Header("Home", nav=[entry])
    entry["name"] = "changed"
    assert first.nav == second.nav == [{"name": "Home", "href": "home.ipynb", "is_here": True}]
    assert Steps().items == []


def test_refused_act_reaches_the_browser_as_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = EmptyState("Nothing here", action_label="Bring in")
    sent = messages_of(empty, monkeypatch)

    def refuse() -> None:
        raise NotPermitted("an annotator brings in no recordings", do="ask a researcher")

    empty.on_act(refuse)
    empty._handle_custom_msg({"type": "act"}, [])
    assert sent == [{"type": "error", "message": "an annotator brings in no recordings; ask a researcher"}]


def test_columns_may_shrink_below_their_content() -> None:
    box = columns(Notice(), Notice(), widths="260px 2fr")
    assert box.layout.grid_template_columns == "260px minmax(0, 2fr)"
    assert len(page(box, stack(Notice())).children) == 2
