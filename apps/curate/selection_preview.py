"""The preview beside the form: kept up to date in a thread, one look at a time; the newest wish overtakes."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from apps.session import Session
from pipeline.catalog.clips import ClipCard, clip_cards
from pipeline.catalog.connect import connect
from pipeline.catalog.labels import list_labels
from pipeline.core.errors import Cancelled, EarmarkError
from pipeline.curation.selection import SelectionSpec
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.operation import Conn
from pipeline.workflows.select_columns import ColumnFacts, column_facts
from pipeline.workflows.select_preview import HeldVectors, SelectionPreview, preview

N_HEARD = 12
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A preview, the label set, and the cards of its first picks, which follow what is kept."""

    preview: SelectionPreview
    labels: list[str]
    cards: list[ClipCard]


class Previewing:
    """Looks ahead for the page, by a connection of its own.

    ``on_columns(facts)``, ``on_seen(seen)`` and ``on_trouble(sentence)`` run in the page's loop, for the newest wish
    only.
    """

    def __init__(
        self,
        session: Session,
        *,
        on_columns: Callable[[Mapping[str, ColumnFacts]], None],
        on_seen: Callable[[Seen], None],
        on_trouble: Callable[[str], None],
    ) -> None:
        self._session = session
        self._on_columns, self._on_seen, self._on_trouble = on_columns, on_seen, on_trouble
        self._held = HeldVectors()
        self._line: Lifeline | None = None
        self._wants_columns = False
        self._wanted: SelectionSpec | None = None
        self._overtaken = threading.Event()
        self._task: asyncio.Task[None] | None = None

    def ask_columns(self) -> None:
        """Read what the columns hold, before the next look."""
        self._wants_columns = True
        self._begin()

    def ask(self, spec: SelectionSpec) -> None:
        """Look what this spec would choose; whatever was looked for before is dropped."""
        self._overtaken.set()
        self._wanted = spec
        self._begin()

    def drop(self) -> None:
        """Look for nothing any more."""
        self._overtaken.set()
        self._wanted = None

    def _begin(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._wants_columns or self._wanted is not None:
                if self._wants_columns:
                    self._wants_columns = False
                    self._on_columns(await asyncio.to_thread(self._read_columns))
                elif (spec := self._wanted) is not None:
                    await self._look_once(spec)
        except EarmarkError as error:
            self._on_trouble(str(error))
        except Exception as error:
            # The outermost edge: without this the preview would stand still in silence.
            _log.exception("cannot preview")
            self._on_trouble(f"This did not work: {type(error).__name__}: {error}")
        finally:
            self._task = None

    async def _look_once(self, spec: SelectionSpec) -> None:
        self._wanted, self._overtaken = None, threading.Event()
        overtaken = self._overtaken
        try:
            seen = await asyncio.to_thread(self._look, spec, overtaken)
        except Cancelled:
            return
        except EarmarkError as error:
            if not overtaken.is_set():
                self._on_trouble(str(error))
            return
        if not overtaken.is_set():
            self._on_seen(seen)

    # ------------------------------------------------------------------------------------- what runs in a thread

    def _read_columns(self) -> Mapping[str, ColumnFacts]:
        return self._connected().do(lambda conn: column_facts(conn, self._session.project))

    def _look(self, spec: SelectionSpec, overtaken: threading.Event) -> Seen:
        return self._connected().do(lambda conn: self._see(conn, spec, overtaken))

    def _see(self, conn: Conn, spec: SelectionSpec, overtaken: threading.Event) -> Seen:
        project = self._session.project
        found = preview(conn, project, spec, held=self._held, is_overtaken=overtaken.is_set)
        first = [clip_id for clip_id, _ in found.picks[:N_HEARD]]
        return Seen(
            preview=found,
            labels=[label.name for label in list_labels(conn, project.project_id)],
            cards=clip_cards(conn, project.project_id, first),
        )

    def _connected(self) -> Lifeline:
        if self._line is None:
            url = self._session.workspace.url
            self._line = Lifeline(connect(url, application_name="earmark preview"), url)
        return self._line
