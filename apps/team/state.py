"""Team: how far people agree, how reliable each is, gold clips, answers given in haste. No widgets."""

from __future__ import annotations

from collections.abc import Sequence

from apps.jobs import Job
from apps.session import Session
from pipeline.catalog.labels import list_labels
from pipeline.core.errors import SettingsError
from pipeline.workflows import gold
from pipeline.workflows.gold import NONE_OF_THESE
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.operation import Conn
from pipeline.workflows.quality import TeamReport, team_report

AS_PEOPLE_SAID = "what people said"


class TeamState:
    """One reviewer looking at the work of all."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._line = Lifeline(session.workspace.conn, session.workspace.url)
        self._project = session.project

    def read_now(self) -> TeamReport:
        """The page as it is now. Raises EarmarkError."""
        return self._line.do(self.read)

    def read(self, conn: Conn) -> TeamReport:
        """The page as it is now, by this connection, which may be a thread's own."""
        return team_report(conn, self._project)

    def answers(self) -> list[str]:
        """What a gold clip can be, what people said of it first."""
        labels = self._line.do(lambda conn: [x.name for x in list_labels(conn, self._project.project_id)])
        return [AS_PEOPLE_SAID, *labels, NONE_OF_THESE]

    def add_gold(self, text: str, answer: str) -> int:
        """Count of clips that are gold now. Raises SettingsError for what is no list of clips, and as the workflow."""
        clip_ids = clip_numbers(text)
        label = None if answer == AS_PEOPLE_SAID else answer
        return self._line.do(lambda conn: gold.add_gold(conn, self._project, clip_ids, label=label))

    def remove_gold(self, clip_id: int) -> int:
        """Count of clips that were gold and are no longer: one or none."""
        return self._line.do(lambda conn: gold.remove_gold(conn, self._project, [clip_id]))

    def ask_again(self) -> Job:
        """Start a queue of the disputed clips alone, for people who have not answered them yet."""
        return self.session.submit("queue", ["--only=disputed"])


def clip_numbers(text: str) -> Sequence[int]:
    """The clips that a person wrote, as 12, 15 or clip 12. Raises SettingsError."""
    words = text.lower().replace("clip", " ").replace(",", " ").split()
    if not words or not all(word.isdecimal() for word in words):
        raise SettingsError("cannot read the clips", expected="their numbers, as 12, 15", got=text or "nothing")
    return sorted({int(word) for word in words})
