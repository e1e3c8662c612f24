"""Operations, failures, problems and acts in words: rows of tables and facts of the opened operation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import unquote

from apps.activity.state import Listed, Opened
from apps.main_job import action_words, duration_words, when_words
from pipeline.catalog.accounts import AdminAct
from pipeline.catalog.failures import FailureRow
from pipeline.catalog.operation_log import LogEntry, ProblemRow
from pipeline.widgets.sheet import SheetFact

TONES = {"running": "accent", "done": "ok", "failed": "bad", "cancelled": "warn"}
_UNITS = {"s": "s", "ms": "ms", "hz": "Hz", "db": "dB", "dbfs": "dBFS", "samples": "samples"}
_ACTS = {
    "add_person": "made an account for {person}",
    "remove_person": "removed {person}",
    "set_password": "set the password of {person}",
    "add_project": "made the project {project}",
    "grant_duty": "gave {person} the duty {duty} in {project}",
    "revoke_duty": "took the duty of {person} in {project} away",
    "erase_project": "erased the project {project} with all that it held",
}


def entry_row(entry: LogEntry, *, now: datetime) -> dict[str, Any]:
    """An operation as a row of the list."""
    return {
        "id": entry.operation_id,
        "what": action_words(entry.action),
        "status": {"text": entry.status, "tone": TONES[entry.status]},
        "words": came_of(entry),
        "who": entry.author,
        "when": when_words(entry.began_at, now=now),
        # A running one is not counted up: an idle page must send nothing, or its kernel is never culled.
        "took": "" if entry.duration_s is None else _took(entry.duration_s),
    }


def came_of(entry: LogEntry) -> str:
    """What came of a run, or how far it is, as one phrase."""
    if entry.status == "running":
        stage = entry.stage or "starting"
        done = entry.n_done + entry.n_failed
        return stage if entry.n_total is None else f"{stage}: {done:,} of {entry.n_total:,}"
    return f"{_counts(entry)}. {entry.message}" if entry.message else _counts(entry)


def title_of(entry: LogEntry) -> str:
    """The name of the opened operation."""
    return f"{action_words(entry.action)}, operation {entry.operation_id}"


def facts_of(opened: Opened) -> list[SheetFact]:
    """What is known of the opened operation."""
    entry = opened.entry
    facts: list[SheetFact] = [
        {"label": "Who", "value": entry.author},
        {"label": "When", "lines": _span(entry)},
        {"label": "Came of it", "value": came_of(entry) if entry.status == "running" else _counts(entry)},
    ]
    if entry.message:
        facts.append(
            {"label": "It said", "value": entry.message, "tone": "bad" if entry.status == "failed" else "warn"}
        )
    if counted := _spec_lines(entry.detail):
        facts.append({"label": "Counted", "lines": counted})
    facts.append({"label": "Asked for", "lines": _spec_lines(entry.spec) or ["nothing in particular"]})
    # Starting is no stage of a verb, unless it took its time.
    if stages := [(name, s) for name, s in entry.stages_s if s >= 0.05 or name != "starting"]:
        facts.append({"label": "Stages", "lines": [f"{name}: {_took(s)}" for name, s in stages]})
    if opened.job is not None:
        facts.append({"label": "Job", "lines": _job_lines(opened)})
    return facts


def failure_rows(failures: Listed[FailureRow]) -> list[dict[str, Any]]:
    """The failures under an operation as rows of a table."""
    return [
        {
            "id": failure.failure_id,
            "item": _item_name(failure.item),
            # The name stands beside it.
            "message": failure.message.replace(f": {_item_name(failure.item)}", "", 1),
            "n_attempts": failure.n_attempts,
        }
        for failure in failures.rows
    ]


def failures_note(opened: Opened) -> str:
    """What the list of failures does not hold."""
    listed, n_failed = opened.failures, opened.entry.n_failed
    if listed.has_next or listed.has_previous:
        return f"{n_failed:,} failed in this run"
    n_elsewhere = n_failed - len(listed.rows)
    if n_elsewhere <= 0:
        return ""
    return f"{n_elsewhere:,} of {n_failed:,} failed again in a later run and {_stand(n_elsewhere)} there"


def problem_rows(problems: Listed[ProblemRow]) -> list[dict[str, Any]]:
    """The problems that an operation found as rows of a table."""
    return [
        {
            "id": problem.problem_id,
            "recording": problem.recording,
            "kind": {"text": problem.kind.replace("dc ", "DC "), "tone": "info" if problem.fix else "warn"},
            "message": problem.message,
            "fix": problem.fix or "nothing: listen before you use it",
        }
        for problem in problems.rows
    ]


def act_rows(acts: Listed[AdminAct], *, now: datetime) -> list[dict[str, Any]]:
    """What was done with accounts as rows of a table."""
    return [
        {
            "id": act.admin_act_id,
            "who": act.author,
            "what": _act_words(act),
            "when": when_words(act.created_at, now=now),
        }
        for act in acts.rows
    ]


def _item_name(item: str) -> str:
    """What failed, for people: a clip's number, or the last part of a file's URI."""
    if item.isdecimal():
        return f"clip {item}"
    return unquote(item.rstrip("/").rpartition("/")[2]) or item


def _act_words(act: AdminAct) -> str:
    parts = {"person": act.person or "somebody", "project": act.project or "a project", "duty": "of a member"}
    duty = act.detail.get("duty")
    words = _ACTS.get(act.act, act.act.replace("_", " ")).format_map(parts | ({"duty": str(duty)} if duty else {}))
    return f"{words}, as lab admin" if act.detail.get("is_admin") is True else words


def _counts(entry: LogEntry) -> str:
    words = f"{entry.n_done:,} done"
    if entry.n_unchanged:
        words += f", {entry.n_unchanged:,} of them unchanged"
    return f"{words}, {entry.n_failed:,} failed" if entry.n_failed else words


def _span(entry: LogEntry) -> list[str]:
    began = entry.began_at.astimezone()
    if entry.ended_at is None or entry.duration_s is None:
        return [f"since {began:%d %b %Y %H:%M:%S}"]
    ended = entry.ended_at.astimezone()
    end = f"{ended:%H:%M:%S}" if ended.date() == began.date() else f"{ended:%d %b %Y %H:%M:%S}"
    return [f"{began:%d %b %Y %H:%M:%S} to {end}, {_took(entry.duration_s)}"]


def _job_lines(opened: Opened) -> list[str]:
    job = opened.job
    if job is None:
        return []
    verbs = " → ".join(action_words("queue.build" if words[0] == "queue" else words[0]) for words in job.verbs)
    begun = "" if job.n_attempts < 2 else f", begun {job.n_attempts} times"
    lines = [f"{job.job_id}: {verbs}; {job.state}{begun}"]
    if job.retry_at is not None:
        lines.append(f"tried again at {job.retry_at.astimezone():%H:%M:%S}, because {job.message}")
    elif job.message and job.message != opened.entry.message:
        lines.append(job.message)
    others = [entry for entry in opened.tries if entry.operation_id != opened.entry.operation_id]
    lines += [f"operation {other.operation_id}: {action_words(other.action)}, {other.status}" for other in others]
    return lines


def _spec_lines(spec: Mapping[str, Any]) -> list[str]:
    """What a verb was asked for, a line for each thing; what was not asked is not said."""
    lines: list[str] = []
    for key, value in spec.items():
        name, words = _named(key, value)
        if words:
            lines.append(f"{name}: {words}")
    return lines


def _named(key: str, value: object) -> tuple[str, str]:
    """A key and its value for people: gap_s 0.2 is gap, 0.2 s; n_clips 4 is clips, 4."""
    name, _, unit = key.rpartition("_")
    words = _value_words(value)
    if name and unit in _UNITS and isinstance(value, int | float) and not isinstance(value, bool):
        return name.replace("_", " "), f"{words} {_UNITS[unit]}"
    return key.removeprefix("n_").removeprefix("is_").replace("_", " "), words


def _value_words(value: object) -> str:
    """A value of a spec for people: a plug-in by name with what differs, lists and mappings as phrases."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value)
        if set(items) == {"name", "params"}:
            params = _value_words(items["params"])
            return f"{items['name']} ({params})" if params else str(items["name"])
        said = [_named(key, inner) for key, inner in items.items()]
        return ", ".join(f"{name} {words}" for name, words in said if words)
    if isinstance(value, list):
        return ", ".join(filter(None, map(_value_words, cast("list[object]", value))))
    return f"{value:,g}" if isinstance(value, float) else str(value)


def _took(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 0.1 else duration_words(seconds)


def _stand(n: int) -> str:
    return "stands" if n == 1 else "stand"
