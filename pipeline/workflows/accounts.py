"""Accounts and shared projects: who may make and end them, what a password must be, and every refusal as a sentence."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import get_args

import psycopg
from psycopg import errors

from pipeline.catalog import accounts, jobs, projects
from pipeline.catalog.accounts import Person, SharedProject
from pipeline.catalog.counts import Counts
from pipeline.catalog.labels import add_labels
from pipeline.catalog.projects import Project, duty_of, find_project, get_project, lock_project
from pipeline.core.errors import CatalogError, EarmarkError, NotFound, NotPermitted, SettingsError
from pipeline.core.permissions import MAY, Duty
from pipeline.core.settings import Recipe
from pipeline.workflows.operation import Conn
from pipeline.workflows.overview import read_overview

DUTIES: tuple[Duty, ...] = get_args(Duty)
MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS = 10, 1024

_SPEAKABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is taken for something else
_N_GROUPS, _GROUP_CHARS = 4, 5
_N_JOBS_SEEN = 200
_NOBODY = "no account of this name"
_ADVICE = "take several words, or let --generate make one"


@dataclass(frozen=True, kw_only=True)
class Doomed:
    """What goes for ever when a project is erased. ``counts`` is what the dashboards show of it."""

    project: str
    counts: Counts
    n_people: int


def make_password() -> str:
    """A password that can be read out over the telephone: 20 random characters, about 99 bits."""
    groups = ("".join(secrets.choice(_SPEAKABLE) for _ in range(_GROUP_CHARS)) for _ in range(_N_GROUPS))
    return "-".join(groups)


def add_person(conn: Conn, name: str, password: str, *, is_admin: bool = False) -> None:
    """Make an account. Raises SettingsError for the password or the name, NotPermitted, CatalogError if it is taken."""
    demand_lab_admin(conn, "make accounts")
    check_password(name, password)
    verifier = accounts.verifier_of(conn, name, password)
    with _in_words(name):
        accounts.add_person(conn, name, verifier, is_admin=is_admin)


def remove_person(conn: Conn, name: str) -> None:
    """Close an account: no login, no duties, its sessions end; what the person wrote stays under the name.

    Raises NotFound, and NotPermitted also for one's own account.
    """
    demand_lab_admin(conn, "remove accounts")
    if name == conn.info.user:
        raise NotPermitted("nobody removes their own account", which=name, do="ask another lab admin")
    with _in_words(name):
        accounts.remove_person(conn, name)


def set_password(conn: Conn, name: str, password: str) -> None:
    """Give an account another password: one's own, or any as a lab admin.

    Raises SettingsError for the password, NotFound, NotPermitted.
    """
    if name != conn.info.user:
        demand_lab_admin(conn, "change the password of another")
    check_password(name, password)
    verifier = accounts.verifier_of(conn, name, password)
    owner = "this login is no account: its password is the business of whoever runs the database"
    with _in_words(name, missing=owner if name == conn.info.user else _NOBODY):
        accounts.set_password(conn, name, verifier)


def list_people(conn: Conn) -> list[Person]:
    """The accounts that this person sees: all for a lab admin, else their own; those removed come last."""
    with _in_words(conn.info.user):
        return accounts.list_people(conn)


def create_project(conn: Conn, name: str, recipe: Recipe) -> Project:
    """A new project with the labels of its recipe. Raises CatalogError for a name taken or bad, NotPermitted."""
    demand_lab_admin(conn, "make projects")
    with conn.transaction():
        if find_project(conn, name) is not None:
            raise CatalogError("there is a project of this name already", which=name, do="choose another name")
        made = projects.create_project(conn, name, recipe)
        add_labels(conn, made.project_id, recipe.labels)
    return made


def grant_duty(conn: Conn, project: Project, person: str, duty: str) -> None:
    """Let this be what the person does in the project from now on. Raises SettingsError, NotFound, NotPermitted."""
    if duty not in DUTIES:
        raise SettingsError("no such duty", expected=", ".join(DUTIES[:-1]) + f" or {DUTIES[-1]}", got=duty)
    _demand_grant(conn, project)
    with _in_words(person):
        accounts.grant_duty(conn, project.project_id, person, duty)


def revoke_duty(conn: Conn, project: Project, person: str) -> None:
    """Take the project out of the person's sight; their words stay. Raises NotFound, NotPermitted."""
    _demand_grant(conn, project)
    with _in_words(person, missing=f"this person has no duty in project {project.name}"):
        accounts.revoke_duty(conn, project.project_id, person)


def list_projects(conn: Conn) -> list[SharedProject]:
    """The projects that this person sees, with their duty there and, for reviewers and up, everybody's."""
    with _in_words(conn.info.user):
        return accounts.list_projects(conn)


def what_would_go(conn: Conn, name: str) -> Doomed:
    """What erasing this project would delete, in numbers. Raises NotFound, NotPermitted."""
    demand_lab_admin(conn, "erase projects")
    project = get_project(conn, name)
    people = next((len(one.people) for one in accounts.list_projects(conn) if one.name == name), 0)
    return Doomed(project=name, counts=read_overview(conn, project).counts, n_people=people)


def erase_project(conn: Conn, name: str, name_again: str) -> None:
    """Delete a project with all its history; the log of accounts keeps that it was done, and how much it was.

    Raises SettingsError if the names differ, NotFound, NotPermitted, CatalogError while something runs there.
    """
    demand_lab_admin(conn, "erase projects")
    project = get_project(conn, name)
    if name_again != name:
        raise SettingsError("the two names differ, nothing was erased", expected=name, got=name_again)
    with conn.transaction():
        lock_project(conn, project.project_id)
        _demand_quiet(conn, project)
        with _in_words(name):
            accounts.erase_project(conn, project.project_id, name_again)


def demand_lab_admin(conn: Conn, what: str) -> None:
    """Return if this person makes people and projects. Raises NotPermitted, naming what was asked for."""
    try:
        with conn.transaction():
            if accounts.is_lab_admin(conn):
                return
    except errors.InsufficientPrivilege:
        pass  # a login that is no account may not even ask
    raise NotPermitted(f"{conn.info.user} may not {what}", expected="a lab admin", do="ask a lab admin")


def check_password(name: str, password: str) -> None:
    """Return if the password will do. Raises SettingsError, without a word of the password in it."""
    long_enough = f"at least {MIN_PASSWORD_CHARS} characters"
    if len(password) < MIN_PASSWORD_CHARS:
        raise SettingsError("the password is too short", expected=long_enough, got=len(password), do=_ADVICE)
    if len(password) > MAX_PASSWORD_CHARS:
        raise SettingsError("the password is too long", expected=f"at most {MAX_PASSWORD_CHARS} characters")
    if password.casefold() == name.casefold():
        raise SettingsError("the password is the person's name", expected="something nobody guesses", do=_ADVICE)
    if not password.isprintable():
        raise SettingsError("the password holds a character that no keyboard types", do=_ADVICE)


def _demand_grant(conn: Conn, project: Project) -> None:
    duty = duty_of(conn, project.project_id)
    if duty is None or "project.grant" not in MAY[duty]:
        raise NotPermitted(
            f"{conn.info.user} may not say who does what in project {project.name}",
            expected="the duty admin there, or a lab admin",
            got=duty or "no duty in this project",
            do="ask the project's admin",
        )


def _demand_quiet(conn: Conn, project: Project) -> None:
    n_open = sum(job.is_open for job in jobs.list_jobs(conn, project.project_id, limit=_N_JOBS_SEEN))
    n_running = sum(run.status == "running" for run in read_overview(conn, project).operations)
    if n_open or n_running:
        raise CatalogError(
            "something still runs or waits in this project, nothing was erased",
            which=project.name,
            got=f"{n_running} running, {n_open} jobs",
            do="cancel its jobs (earmark jobs, earmark cancel), then ask again",
        )


_Sentence = Callable[[str], EarmarkError]


@contextmanager
def _in_words(name: str, *, missing: str = _NOBODY) -> Generator[None]:
    """What the database says of this person or project, as one sentence."""
    sentences: dict[type[psycopg.Error], _Sentence] = {
        errors.InvalidName: lambda _: SettingsError(
            "a person cannot have this name",
            which=repr(name),
            expected="small letters, digits and _ . @ -, beginning with a letter or digit, 63 at most, and neither "
            "pg_ nor earmark_ in front",
        ),
        errors.DuplicateObject: lambda _: CatalogError(
            "this name is taken",
            which=name,
            do="choose another; the name of a removed person stays theirs, so that an author is always one person",
        ),
        errors.UndefinedObject: lambda _: NotFound(missing, which=name, do="earmark user list names them"),
        errors.InvalidParameterValue: lambda _: CatalogError("the database refuses", which=name),
        errors.InsufficientPrivilege: lambda got: NotPermitted(
            "the database does not let this account do that",
            which=name,
            got=got,
            do="the database's owner needs CREATEROLE and pg_signal_backend, see docs/admin.md",
        ),
    }
    try:
        yield
    except tuple(sentences) as error:
        say = next(sentence for kind, sentence in sentences.items() if isinstance(error, kind))
        # Not chained: psycopg's error carries the statement's context.
        raise say(error.diag.message_primary or type(error).__name__) from None
