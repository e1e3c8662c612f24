"""Tables and forms, kernel side: every message ends in an answer."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.core.errors import DatabaseUnavailable, StorageError
from pipeline.widgets.forms import Form
from pipeline.widgets.tables import Table


def messages_of(widget: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    return sent


def test_next_page_calls_back_and_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table([{"key": "name", "label": "Name"}])
    sent = messages_of(table, monkeypatch)
    table.on_page(lambda to: table.show([{"id": 2, "name": to}], has_previous=True, note="2 of 2"))
    table._handle_custom_msg({"type": "page", "to": "next"}, [])
    assert table.rows == [{"id": 2, "name": "next"}]
    assert (table.has_previous, table.has_next) == (True, False)
    assert sent == [{"type": "done"}]


def test_unknown_turn_of_page_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table([])
    turns: list[str] = []
    table.on_page(turns.append)
    table._handle_custom_msg({"type": "page", "to": "DROP TABLE"}, [])
    assert turns == []


def test_failed_page_says_why_and_keeps_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table([{"key": "name", "label": "Name"}])
    table.show([{"id": 1, "name": "a"}])
    sent = messages_of(table, monkeypatch)

    def away(to: str) -> None:
        raise DatabaseUnavailable("no connection to the database", do="try again in a minute")

    table.on_page(away)
    table._handle_custom_msg({"type": "page", "to": "next"}, [])
    assert table.rows == [{"id": 1, "name": "a"}]
    assert sent[0] == {"type": "error", "message": "no connection to the database; try again in a minute"}


def test_clicked_row_is_selected_and_given() -> None:
    table = Table([])
    opened: list[int] = []
    table.on_row(opened.append)
    assert table.is_clickable
    table._handle_custom_msg({"type": "row", "id": 7}, [])
    assert (opened, table.selected_id) == ([7], 7)


def submitted(form: Form, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]) -> list[dict[str, Any]]:
    sent = messages_of(form, monkeypatch)
    form._handle_custom_msg({"type": "submit", "values": values}, [])
    return sent


def test_form_answers_with_the_sentence_of_success(monkeypatch: pytest.MonkeyPatch) -> None:
    form = Form([{"key": "n", "label": "N", "kind": "number"}], submit_label="Go")
    was_busy: list[bool] = []

    def submit(values: dict[str, Any]) -> str:
        was_busy.append(form.is_busy)
        return f"did {values['n']}"

    form.on_submit(submit)
    assert submitted(form, monkeypatch, {"n": 3}) == [{"type": "done", "message": "did 3"}]
    assert was_busy == [True]
    assert not form.is_busy


def test_field_errors_stand_at_their_fields_until_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    form = Form([{"key": "n", "label": "N", "kind": "number"}], submit_label="Go")

    def refuse(values: dict[str, Any]) -> None:
        if values["n"] == 0:
            form.errors = {"n": "0 is no number of clips."}

    form.on_submit(refuse)
    assert submitted(form, monkeypatch, {"n": 0})[0]["type"] == "error"
    assert form.errors == {"n": "0 is no number of clips."}
    assert submitted(form, monkeypatch, {"n": 1})[0]["type"] == "done"
    assert form.errors == {}


def test_refusal_and_crash_both_reach_the_screen_and_free_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    form = Form([], submit_label="Go")

    def full(values: dict[str, Any]) -> None:
        raise StorageError("the store is full", do="free some space")

    form.on_submit(full)
    assert submitted(form, monkeypatch, {}) == [{"type": "error", "message": "the store is full; free some space"}]

    def crash(values: dict[str, Any]) -> None:
        raise KeyError("n")

    form.on_submit(crash)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(form, "send", lambda content, buffers=None: sent.append(content))
    with pytest.raises(KeyError):
        form._receive(form, {"type": "submit", "values": {}}, [])
    assert sent[0]["message"].startswith("This did not work: KeyError")
    assert not form.is_busy
