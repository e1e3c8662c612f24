"""`earmark user` and `earmark project`: who works here, on what, with which duty."""

from __future__ import annotations

import getpass
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from psycopg.conninfo import conninfo_to_dict
from rich.markup import escape
from rich.table import Table

from pipeline.catalog.projects import get_project
from pipeline.cli.context import JsonOption, WorkspaceOption, opened, out, print_json
from pipeline.core.errors import SettingsError
from pipeline.core.settings import DEFAULT_RECIPE, load_recipe
from pipeline.workflows import accounts
from pipeline.workflows.workspace import Workspace

user = typer.Typer(help="People: accounts and passwords.", no_args_is_help=True, rich_markup_mode=None)
project = typer.Typer(help="Projects and who does what there.", no_args_is_help=True, rich_markup_mode=None)

PersonArgument = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
ProjectArgument = Annotated[str, typer.Argument(metavar="NAME", help="The project's name.")]
StdinOption = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
GenerateOption = Annotated[bool, typer.Option("--generate", help="Make a password and print it, once.")]
_DUTIES = ", ".join(accounts.DUTIES)
_SHOWN = ("n_recordings", "duration_s", "n_clips", "n_answered", "n_carried", "n_in_queue", "n_versions")


@user.command("add")
def add_user(
    name: PersonArgument,
    is_admin: Annotated[bool, typer.Option("--admin", help="A lab admin: makes people and projects.")] = False,
    project: Annotated[str | None, typer.Option("--project", "-p", help="Share this project, with --duty.")] = None,
    duty: Annotated[str | None, typer.Option(help=f"What the person does there: {_DUTIES}.")] = None,
    is_from_stdin: StdinOption = False,
    is_generated: GenerateOption = False,
    workspace: WorkspaceOption = None,
    is_json: JsonOption = False,
) -> None:
    """Make an account; the password is asked for unless it comes from elsewhere."""
    if (project is None) != (duty is None):
        raise typer.BadParameter("a project and a duty belong together", param_hint="--duty")
    with opened(workspace, None, is_json=is_json) as space:
        accounts.demand_lab_admin(space.conn, "make accounts")
        shared = None if project is None else get_project(space.conn, project)
        password = _password(name, is_from_stdin=is_from_stdin, is_generated=is_generated)
        with space.conn.transaction():
            accounts.add_person(space.conn, name, password, is_admin=is_admin)
            if shared is not None and duty is not None:
                accounts.grant_duty(space.conn, shared, name, duty)
        needs = _needs(space, name)
        made = {"password": password} if is_generated else {}
        if is_json:
            print_json({"person": name, "is_admin": is_admin, "project": project, "duty": duty, **needs, **made})
            return
        where = "" if project is None else f", {duty} of project {project}"
        _say(f"{name} has an account{', as lab admin' if is_admin else ''}{where}")
        _say_once(made)
        _say(f"  on the login page of earmark serve --accounts: {name} and the password")
        _say(f"  in notebooks and on the command line: EARMARK_DATABASE_URL={needs['database_url']}")
        if shared is None and not is_admin:
            _say(f"  no project is shared with {name} yet: earmark project grant PROJECT {name} DUTY")


@user.command("remove")
def remove_user(name: PersonArgument, workspace: WorkspaceOption = None, is_json: JsonOption = False) -> None:
    """Close an account at once, sessions included; what the person wrote stays under the name."""
    with opened(workspace, None, is_json=is_json) as space:
        accounts.remove_person(space.conn, name)
        _told({"person": name, "removed": True}, f"{name} cannot log in any more; what {name} wrote stays", is_json)


@user.command("passwd")
def change_password(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Absent: your own.")] = None,
    is_from_stdin: StdinOption = False,
    is_generated: GenerateOption = False,
    workspace: WorkspaceOption = None,
    is_json: JsonOption = False,
) -> None:
    """Give an account another password: your own, or as a lab admin any."""
    with opened(workspace, None, is_json=is_json) as space:
        who = name or space.person
        if who != space.person:
            accounts.demand_lab_admin(space.conn, "change the password of another")
        password = _password(who, is_from_stdin=is_from_stdin, is_generated=is_generated)
        accounts.set_password(space.conn, who, password)
        made = {"password": password} if is_generated else {}
        if is_json:
            print_json({"person": who, **made})
            return
        _say(f"the password of {who} is changed; sessions that are open go on")
        _say_once(made)


@user.command("list")
def list_users(workspace: WorkspaceOption = None, is_json: JsonOption = False) -> None:
    """List the accounts with their duties: all for a lab admin, else your own."""
    with opened(workspace, None, is_json=is_json) as space:
        people = accounts.list_people(space.conn)
        if is_json:
            print_json({"people": [asdict(person) for person in people]})
            return
        rows = [
            (
                person.person,
                "lab admin" if person.is_admin else "",
                _pairs(person.duties),
                _day(person.created_at),
                _day(person.removed_at),
            )
            for person in people
        ]
        _print_table(("person", "", "duties", "since", "removed"), rows, "no accounts yet: earmark user add NAME")


@project.command("create")
def create_project(
    name: ProjectArgument,
    recipe: Annotated[Path, typer.Option(help="YAML as in config/project.yaml.")] = DEFAULT_RECIPE,
    workspace: WorkspaceOption = None,
    is_json: JsonOption = False,
) -> None:
    """Make a project that nobody but lab admins sees until it is shared."""
    with opened(workspace, name, is_json=is_json) as space:
        made = accounts.create_project(space.conn, name, load_recipe(recipe))
        words = f"project {name} stands ready; share it: earmark project grant {name} PERSON DUTY"
        _told({"project": name, "recipe": made.recipe.to_json()}, words, is_json)


@project.command("grant")
def grant_duty(
    name: ProjectArgument,
    person: Annotated[str, typer.Argument(help="The account's name.")],
    duty: Annotated[str, typer.Argument(help=f"One of {_DUTIES}.")],
    workspace: WorkspaceOption = None,
    is_json: JsonOption = False,
) -> None:
    """Share a project with a person, or change what the person does there."""
    with opened(workspace, name, is_json=is_json) as space:
        accounts.grant_duty(space.conn, space.project(), person, duty)
        told = {"project": name, "person": person, "duty": duty}
        _told(told, f"{person} is {duty} of project {name}", is_json)


@project.command("revoke")
def revoke_duty(
    name: ProjectArgument,
    person: Annotated[str, typer.Argument(help="The account's name.")],
    workspace: WorkspaceOption = None,
    is_json: JsonOption = False,
) -> None:
    """Take a project out of a person's sight; what the person wrote there stays."""
    with opened(workspace, name, is_json=is_json) as space:
        accounts.revoke_duty(space.conn, space.project(), person)
        told = {"project": name, "person": person, "duty": None}
        _told(told, f"project {name} is out of the sight of {person}", is_json)


@project.command("list")
def list_projects(workspace: WorkspaceOption = None, is_json: JsonOption = False) -> None:
    """List the projects that you see, with your duty and, for reviewers and up, everybody's."""
    with opened(workspace, None, is_json=is_json) as space:
        found = accounts.list_projects(space.conn)
        if is_json:
            print_json({"projects": [asdict(one) for one in found]})
            return
        rows = [(one.name, one.duty, _pairs(one.people)) for one in found]
        _print_table(("project", "your duty", "people"), rows, "no projects that you see")


@project.command("erase")
def erase_project(
    name: ProjectArgument,
    name_again: Annotated[str | None, typer.Option("--yes", metavar="NAME", help="The name once more: do it.")] = None,
    workspace: WorkspaceOption = None,
    is_json: JsonOption = False,
) -> None:
    """Delete a project with its whole history, for ever. Without --yes it only says what would go."""
    with opened(workspace, name, is_json=is_json) as space:
        doomed = accounts.what_would_go(space.conn, name)
        is_erased = name_again is not None
        if not is_json:
            _say(f"with project {name} goes, for ever, with all that hangs on it:")
            for key in _SHOWN:
                out.print(f"{key.removeprefix('n_').replace('_', ' '):>16}  {getattr(doomed.counts, key):,.10g}")
            out.print(f"{'people':>16}  {doomed.n_people}")
        if name_again is not None:
            accounts.erase_project(space.conn, name, name_again)
        end = (
            "it is erased; recordings and the store's objects still lie where they lay"
            if is_erased
            else f"nothing was erased: earmark project erase {name} --yes {name} does it"
        )
        told = {"project": name, "is_erased": is_erased, "counts": asdict(doomed.counts), "n_people": doomed.n_people}
        _told(told, end, is_json)


def _password(name: str, *, is_from_stdin: bool, is_generated: bool) -> str:
    """The new password, made, read or asked for twice without echo. Raises SettingsError."""
    if is_from_stdin and is_generated:
        raise SettingsError("--password-stdin and --generate do not go together")
    if is_generated:
        return accounts.make_password()
    if is_from_stdin:
        given = sys.stdin.buffer.readline(4 * accounts.MAX_PASSWORD_CHARS + 2)
        try:
            password = given.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise SettingsError("the password on standard input is no UTF-8 text") from None
    elif sys.stdin.isatty():
        password = getpass.getpass(f"password for {name}: ")
        accounts.check_password(name, password)
        if getpass.getpass("once more: ") != password:
            raise SettingsError("the two passwords differ, nothing was changed", do="try again")
    else:
        raise SettingsError("no terminal to ask for a password", do="give --password-stdin or --generate")
    accounts.check_password(name, password)
    return password


def _needs(space: Workspace, name: str) -> dict[str, str]:
    """Where the database is, for this person, without the password."""
    parts = conninfo_to_dict(space.url)
    host, port = parts.get("host") or "localhost", parts.get("port") or 5432
    where = f"{host}:{port}/{quote(str(parts.get('dbname') or ''), safe='')}"
    return {"database_url": f"postgresql://{quote(name, safe='')}:PASSWORD@{where}"}


def _told(value: dict[str, Any], words: str, is_json: bool) -> None:
    if is_json:
        print_json(value)
    else:
        _say(words)


def _say(words: str) -> None:
    out.print(words, markup=False, soft_wrap=True)


def _say_once(made: dict[str, str]) -> None:
    for password in made.values():
        _say(f"  password, shown this once: {password}")


def _print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]], none: str) -> None:
    if not rows:
        _say(none)
        return
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    out.print(table)


def _pairs(duties: Any) -> str:
    return ", ".join(f"{name}: {duty}" for name, duty in sorted(dict(duties).items()))


def _day(time: datetime | None) -> str:
    return "" if time is None else f"{time.astimezone():%Y-%m-%d}"
