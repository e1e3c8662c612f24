"""Watching sources: each is looked at again when its interval is over, and what is new goes on through the verbs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from pipeline.catalog import sources
from pipeline.catalog.connect import act_as, act_as_oneself
from pipeline.catalog.projects import Project, duty_of, find_project, lock_project
from pipeline.catalog.sources import Source
from pipeline.core.errors import EarmarkError, NotPermitted, SettingsError
from pipeline.core.permissions import demand
from pipeline.core.types import Outcome, Workers
from pipeline.storage import Store, path_of, refuse_password
from pipeline.workflows import jobs
from pipeline.workflows.carried_labels import LabelRules, label_reader
from pipeline.workflows.ingest import ingest, source_address
from pipeline.workflows.operation import Conn, OnProgress, silent

PREPARE = ("cut", "embed", "deduplicate", "queue")

_MIN_EVERY_S = 1
_log = logging.getLogger(__name__)

Submit = Callable[[Sequence[Sequence[str]], int], object]
"""Leaves command lines, for the source with this id, to a worker."""


def watch(
    conn: Conn, project: Project, uri: str, *, every_s: int, labels: LabelRules | None = None, then: Sequence[str] = ()
) -> Source:
    """Register a source that is looked at every so many seconds; ``then`` names the verbs that follow a look.

    Rules that are not given stay as they were. ``prepare`` stands for cut, embed, deduplicate and queue.
    A source is looked at with the rights of its author: only that person and the project's admins change how.
    Raises SettingsError, StorageError for a password in the address, NotPermitted.
    """
    demand(duty_of(conn, project.project_id), "ingest", actor=conn.info.user, project=project.name)
    refuse_password(uri)
    if every_s < _MIN_EVERY_S:
        raise SettingsError("an interval is at least a second", got=f"{every_s} s")
    verbs = [[verb] for name in then for verb in (PREPARE if name == "prepare" else (name,))]
    if unknown := [verb for (verb,) in verbs if verb not in PREPARE]:
        raise SettingsError("cannot follow a look", which=unknown[0], expected="prepare, " + ", ".join(PREPARE))
    given = None if labels is None else _whole(labels)
    if given is not None:
        label_reader(given)
    with conn.transaction():
        lock_project(conn, project.project_id)
        address = source_address(uri)
        source = sources.add_source(conn, project.project_id, address, (given or LabelRules()).to_json())
        _demand_say(conn, project, source)
        rules = source.label_rules if given is None else given.to_json()
        sources.watch_source(conn, source.source_id, every_s=every_s, label_rules=rules, then=verbs)
        return sources.find_source(conn, project.project_id, address) or source


def unwatch(conn: Conn, project: Project, uri: str) -> bool:
    """End the watching of a source, which stays known; False if it was not watched. Raises NotPermitted."""
    demand(duty_of(conn, project.project_id), "ingest", actor=conn.info.user, project=project.name)
    address = source_address(uri)
    with conn.transaction():
        lock_project(conn, project.project_id)
        source = sources.find_source(conn, project.project_id, address)
        if source is None:
            return False
        _demand_say(conn, project, source)
        return sources.unwatch_source(conn, project.project_id, address)


def due_sources(conn: Conn, project: Project, *, now: datetime | None = None) -> list[Source]:
    """The watched sources whose time has come and for which no job waits or runs, the longest overdue first."""
    at_work = sources.sources_at_work(conn, project.project_id)
    due = sources.due_sources(conn, project.project_id, now=now or datetime.now(UTC))
    return [source for source in due if source.source_id not in at_work]


def look_again(
    conn: Conn, project: Project, source: Source, *, workers: Workers = 1, on_progress: OnProgress = silent
) -> Outcome:
    """Look at a source by its own label rules. Raises what ingest raises."""
    return ingest(
        conn, project, source.uri, labels=LabelRules(**source.label_rules), workers=workers, on_progress=on_progress
    )


def follow(
    conn: Conn,
    project: Project,
    store: Store,
    source: Source,
    *,
    workers: Workers = 1,
    on_progress: OnProgress = silent,
) -> list[tuple[str, Outcome]]:
    """Do the verbs that follow a look at this source, here and now; each with its outcome."""
    from pipeline.workflows.cut import cut
    from pipeline.workflows.deduplicate import deduplicate
    from pipeline.workflows.embed import embed
    from pipeline.workflows.queue import build_queue

    verbs: dict[str, Callable[[], Outcome]] = {
        "cut": lambda: cut(conn, project, store, workers=workers, on_progress=on_progress),
        "embed": lambda: embed(conn, project, store, workers=workers, on_progress=on_progress),
        "deduplicate": lambda: deduplicate(conn, project, store, on_progress=on_progress),
        "queue": lambda: build_queue(conn, project, on_progress=on_progress),
    }
    return [(line[0], verbs[line[0]]()) for line in source.then_verbs]


def submit_due(conn: Conn, project: Project, submit: Submit, *, passed_over: set[int] | None = None) -> int:
    """Count of sources whose next look was now left to a worker, by ``submit(verbs, source_id)``.

    A source is looked at by its author: their rights, their name in the log. One whose author may not (any more), or
    for whom this login cannot act, is logged and passed over; ``passed_over`` remembers it, so that it is logged once.
    Any number of workers may call this at once: each due source is submitted by one of them.
    """
    n_submitted = 0
    for source in due_sources(conn, project):
        try:
            with _by(conn, source.author):
                n_submitted += _submit_if_due(conn, project, source, submit)
        except EarmarkError as error:
            if passed_over is None or source.source_id not in passed_over:
                _log.warning("watched source %s of project %s is not looked at: %s", source.uri, project.name, error)
            if passed_over is not None:
                passed_over.add(source.source_id)
    return n_submitted


def submit_all_due(conn: Conn, *, passed_over: set[int] | None = None) -> int:
    """Count of due sources, of every project of this database, whose next look was now left to a worker.

    ``passed_over`` as in ``submit_due``.
    """
    n_submitted = 0
    for name in sources.projects_with_due(conn, now=datetime.now(UTC)):
        project = find_project(conn, name)
        if project is not None:  # else it was erased in this moment
            n_submitted += submit_due(conn, project, partial(_submit, conn, project), passed_over=passed_over)
    return n_submitted


@contextmanager
def _by(conn: Conn, author: str) -> Generator[None]:
    """What the block does is done by this person. Raises NotPermitted if this login cannot act for them."""
    act_as(conn, author)
    try:
        yield
    finally:
        act_as_oneself(conn)


def _submit_if_due(conn: Conn, project: Project, source: Source, submit: Submit) -> int:
    """Whether (0 or 1) this worker is the one that submits, as who is logged in now. Raises NotPermitted."""
    # A person who was removed has no duty left, and may not even read.
    demand(duty_of(conn, project.project_id), "ingest", actor=source.author, project=project.name)
    with conn.transaction():
        lock_project(conn, project.project_id)
        if source.source_id not in {due.source_id for due in due_sources(conn, project)}:
            return 0  # another worker was faster
        submit([command_line(source), *source.then_verbs], source.source_id)
        # A job that cannot even begin is not submitted again before the next interval.
        sources.note_look(conn, project.project_id, source.uri)
    return 1


def _submit(conn: Conn, project: Project, verbs: Sequence[Sequence[str]], source_id: int) -> int:
    return jobs.submit(conn, project, verbs, source_id=source_id)


def command_line(source: Source) -> list[str]:
    """The words that look at a source again, without the program's name."""
    rules = LabelRules(**source.label_rules)
    words = ["ingest"]
    if rules.from_folder:
        words.append("--labels=folder")
    if rules.name_pattern is not None:
        words.append(f"--pattern={rules.name_pattern}")
    if rules.csv_path is not None:
        words.append(f"--table={rules.csv_path}")
    return [*words, source.uri]


def _demand_say(conn: Conn, project: Project, source: Source) -> None:
    if source.author == conn.info.user or duty_of(conn, project.project_id) == "admin":
        return
    raise NotPermitted(
        f"{conn.info.user} may not change how this source is watched",
        which=source.uri,
        expected=f"{source.author}, who brought it in, or an admin of project {project.name}",
        do="ask one of them",
    )


def _whole(rules: LabelRules) -> LabelRules:
    """The rules with the whole path of the table: a worker starts in another folder."""
    return rules if rules.csv_path is None else replace(rules, csv_path=path_of(rules.csv_path))
