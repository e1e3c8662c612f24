"""A session that outlives its connection: when the database was gone for a moment, the next deed connects anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from psycopg import OperationalError

from apps.session import Session
from pipeline.catalog.connect import connect
from pipeline.core.errors import DatabaseUnavailable

T = TypeVar("T")


class Lifeline:
    """The session that is good now."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def do(self, deed: Callable[[Session], T]) -> T:
        """What the deed gives. If the connection is lost it is done once more on a new one, so it must bear that.

        Raises DatabaseUnavailable while there is no database, and whatever else the deed raises.
        """
        try:
            return deed(self.session)
        except OperationalError:
            self._connect_anew()
        try:
            return deed(self.session)
        except OperationalError as error:
            raise DatabaseUnavailable("the database hung up", got=str(error).strip(), do="wait a moment") from error

    def _connect_anew(self) -> None:
        workspace = self.session.workspace
        conn = connect(workspace.url, application_name="earmark dashboard")
        workspace.conn.close()
        self.session = replace(self.session, workspace=replace(workspace, conn=conn))
