"""A connection that outlives the database's pauses: when it was lost, the next deed connects anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from psycopg import OperationalError

from pipeline.catalog.connect import connect
from pipeline.core.errors import DatabaseUnavailable
from pipeline.workflows.operation import Conn

T = TypeVar("T")


class Lifeline:
    """The connection that is good now; ``url`` leads to the same database."""

    def __init__(self, conn: Conn, url: str) -> None:
        self.conn = conn
        self._url = url

    def do(self, deed: Callable[[Conn], T]) -> T:
        """What the deed gives. If the connection is lost it is done once more on a new one, so it must bear that.

        Raises DatabaseUnavailable while there is no database, and whatever else the deed raises.
        """
        try:
            return deed(self.conn)
        except OperationalError:
            self._connect_anew()
        try:
            return deed(self.conn)
        except OperationalError as error:
            raise DatabaseUnavailable("the database hung up", got=str(error).strip(), do="wait a moment") from error

    def _connect_anew(self) -> None:
        conn = connect(self._url, application_name="earmark reconnected")
        self.conn.close()
        self.conn = conn
