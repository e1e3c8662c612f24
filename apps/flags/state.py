"""Flags: which clips are in doubt, what this person decides about them, how right the list has been. No widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.jobs import Job
from apps.session import PAGES_OF_DUTY, Session
from pipeline.catalog import counts, operations
from pipeline.catalog.labels import list_labels
from pipeline.catalog.operations import OperationState
from pipeline.core.permissions import MAY
from pipeline.core.picture import PictureRecipe
from pipeline.core.verdicts import Doubt, VerdictGiven
from pipeline.widgets.clip_source import ClipBytes
from pipeline.workflows import doubts, verdicts
from pipeline.workflows.clip_audio import clip_bytes
from pipeline.workflows.doubts import Case, Standing
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.operation import Conn

N_AT_ONCE = 20
_N_LATEST = 10


@dataclass(frozen=True, kw_only=True)
class FlagsData:
    """How the lists stand now; ``searching`` is the run that looks for mislabels.

    ``n_labelled`` counts the labels that clips came with and the clips that people answered.
    """

    standing: Standing
    n_labelled: int
    n_embedded: int
    searching: OperationState | None

    def n_open(self, doubt: Doubt) -> int:
        """How many clips of a list wait for a verdict."""
        now = self.standing.counts
        return {"suspect": now.n_suspects, "flagged": now.n_flagged, "disputed": now.n_disputed}[doubt]


class FlagsState:
    """One reviewer at the doubtful clips."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._line = Lifeline(session.workspace.conn, session.workspace.url)
        self._project = session.project
        duty = session.duty
        may = frozenset[str]() if duty is None else MAY[duty]
        self.may_search = "mislabels" in may
        self.storage_key = _storage_key(session)

    @property
    def picture(self) -> PictureRecipe:
        """How spectrograms are drawn in this project."""
        return self._project.recipe.picture

    def labels(self) -> list[str]:
        """The label set."""
        return self._line.do(lambda conn: [x.name for x in list_labels(conn, self._project.project_id)])

    def read_clip(self, clip_id: int) -> ClipBytes:
        """The sound of a clip. Raises NotFound, StorageError, DatabaseUnavailable."""
        store = self.session.workspace.store
        data, mime, rate_hz = self._line.do(lambda conn: clip_bytes(conn, self._project, store, clip_id))
        return ClipBytes(data=data, mime=mime, rate_hz=rate_hz)

    def cases(self, doubt: Doubt, have: Sequence[int] = ()) -> list[Case]:
        """The next clips of a list, but those that the screen has."""
        return self._line.do(lambda conn: doubts.read_cases(conn, self._project, doubt, n=N_AT_ONCE, have=have))

    def data(self) -> FlagsData:
        """How the lists stand now."""
        return self._line.do(self.read)

    def read(self, conn: Conn) -> FlagsData:
        """The same by this connection, which may be a thread's own."""
        project_id = self._project.project_id
        latest = operations.list_operations(conn, project_id, limit=_N_LATEST)
        now = counts.count_all(conn, project_id)
        return FlagsData(
            standing=doubts.read_standing(conn, self._project),
            n_labelled=now.n_carried + now.n_answered,
            n_embedded=now.n_embedded,
            searching=next((o for o in latest if (o.action, o.status) == ("mislabels", "running")), None),
        )

    def settle(self, given: VerdictGiven) -> None:
        """Keep one verdict; it is committed on return. Raises EarmarkError, DatabaseUnavailable (send it again)."""
        self._line.do(lambda conn: verdicts.settle(conn, self._project, given))

    def search(self) -> Job:
        """Start looking for mislabels, by a worker, so that hearing goes on meanwhile."""
        return self.session.submit("mislabels")

    def may_open(self, page: str) -> bool:
        """Whether this person has business on another page."""
        return self.session.duty is not None and page in PAGES_OF_DUTY[self.session.duty]


def _storage_key(session: Session) -> str:
    """The same for this person in this project for ever, and another than the deck's."""
    workspace, info = session.workspace, session.workspace.conn.info
    place = f"{info.host}/{info.dbname}/{session.project.project_id}/{session.person}"
    return f"{workspace.settings.workspace}:{place}:flags"
