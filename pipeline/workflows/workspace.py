"""The way in: from settings to a connected, migrated database, the store and the project."""

from __future__ import annotations

import atexit
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from pipeline.catalog import embedded, operations, projects
from pipeline.catalog.connect import act_as, connect, in_words
from pipeline.catalog.embedded_cluster import read_access
from pipeline.catalog.labels import add_labels
from pipeline.catalog.migrate import migrate
from pipeline.catalog.projects import Project
from pipeline.core.settings import Recipe, Settings, load_recipe, load_settings
from pipeline.storage import Store, is_local, path_of, uri_of
from pipeline.workflows.operation import Conn


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """An open workspace. ``url`` opens further connections to the same database."""

    settings: Settings
    url: str
    conn: Conn
    store: Store

    @property
    def person(self) -> str:
        """Who is logged in, or for whom a worker acts: the author of everything that this connection writes."""
        return self.settings.act_as or self.conn.info.user

    @property
    def is_embedded(self) -> bool:
        """Whether the database is the one under this workspace, also if it was named by its URL."""
        folder = self.settings.workspace / "database"
        if self.settings.database_url is None:
            return True
        return (folder / "data").exists() and read_access(folder).url(embedded.DATABASE) == self.url

    def project(self) -> Project:
        """The project that the settings name. Raises NotFound."""
        return projects.get_project(self.conn, self.settings.project)

    def create_project(self, recipe: Recipe) -> Project:
        """The project that the settings name, made by this recipe if it is new."""
        with self.conn.transaction():
            project = projects.create_project(self.conn, self.settings.project, recipe)
            add_labels(self.conn, project.project_id, recipe.labels)
        return project


@contextmanager
def open_workspace(settings: Settings, *, application_name: str = "earmark") -> Generator[Workspace]:
    """The workspace for as long as the block lasts; the embedded database stops when its last user leaves.

    Raises DatabaseUnavailable, MigrationError, NotPermitted. What the database itself raises leaves the block in words.
    """
    with _database(settings) as url:
        conn = connect(url, application_name=application_name)
        try:
            migrate(conn)
            if settings.job_id is not None:
                operations.carry_for(conn, settings.job_id)
            if settings.act_as is not None:
                act_as(conn, settings.act_as)
            yield Workspace(settings=settings, url=url, conn=conn, store=Store(_whole(settings.store_uri)))
        except psycopg.Error as error:
            raise in_words(error) from error
        finally:
            conn.close()


def enter_workspace(
    *, workspace: str | Path | None = None, project: str | None = None, recipe: Path | None = None
) -> tuple[Workspace, Project]:
    """A workspace that stays open until this process ends, and its project: for notebooks and scripts.

    What is not given comes from EARMARK_* variables. With a ``recipe`` (YAML) the project is made if it does
    not stand yet. Raises SettingsError, DatabaseUnavailable, MigrationError, and NotFound without a recipe.
    """
    settings = load_settings(workspace=workspace, project=project)
    with ExitStack() as stack:
        opened = stack.enter_context(open_workspace(settings, application_name="earmark script"))
        found = opened.project() if recipe is None else opened.create_project(load_recipe(recipe))
        atexit.register(stack.pop_all().close)
    return opened, found


def _whole(store_uri: str) -> str:
    # A server started from here works in another folder: a relative path would lead it to another store.
    return uri_of(path_of(store_uri)) if is_local(store_uri) else store_uri


@contextmanager
def _database(settings: Settings) -> Generator[str]:
    if settings.database_url is not None:
        yield settings.database_url
        return
    with embedded.hold(settings.workspace / "database") as url:
        yield url
