"""A form with rows, kernel side: it tells what it holds while it is filled in, and sends like any form."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.core.errors import NotFound
from pipeline.widgets.form_rows import FormRows

VALUES = {"n": 3, "rows": [{"key": "r1", "kind": "wish", "values": {"strength": 2}}]}


def form_of(monkeypatch: pytest.MonkeyPatch) -> tuple[FormRows, list[Any]]:
    kind = {"kind": "wish", "label": "Wish", "fields": [{"key": "strength", "label": "Strength", "kind": "number"}]}
    form = FormRows([{"key": "n", "label": "N", "kind": "number"}], kinds=[kind], values=VALUES, submit_label="Go")
    sent: list[Any] = []
    monkeypatch.setattr(form, "send", lambda content, buffers=None: sent.append(content))
    return form, sent


def test_change_is_told_with_its_rows_and_nothing_is_sent_back(monkeypatch: pytest.MonkeyPatch) -> None:
    form, sent = form_of(monkeypatch)
    told: list[Any] = []
    form.on_change(told.append)
    form._handle_custom_msg({"type": "change", "values": VALUES}, [])
    assert (told, sent) == ([VALUES], [])


def test_refused_change_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    form, sent = form_of(monkeypatch)

    def refuse(values: dict[str, Any]) -> None:
        raise NotFound("no such selection", do="choose another")

    form.on_change(refuse)
    form._handle_custom_msg({"type": "change", "values": VALUES}, [])
    assert sent == [{"type": "error", "message": "no such selection; choose another"}]


def test_rows_arrive_when_it_is_sent_and_errors_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    form, sent = form_of(monkeypatch)
    got: list[Any] = []

    def submit(values: dict[str, Any]) -> str | None:
        got.append(values)
        form.errors = {"r1.strength": "Too strong."} if len(got) > 1 else {}
        return "Done."

    form.on_submit(submit)
    for _ in range(2):
        form._handle_custom_msg({"type": "submit", "values": VALUES}, [])
    assert got == [VALUES, VALUES]
    assert [message["type"] for message in sent] == ["done", "error"]
    assert form.errors == {"r1.strength": "Too strong."} and not form.is_busy
