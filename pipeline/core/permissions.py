"""Who may do what: duties and actions, as one table. Pure; the database enforces the same (issue C)."""

from __future__ import annotations

from typing import Literal

from pipeline.core.errors import NotPermitted

Duty = Literal["annotator", "reviewer", "researcher", "admin"]

_ANNOTATOR = frozenset({"queue.claim", "annotate", "flag"})
_REVIEWER = _ANNOTATOR | {
    *("flag.settle", "gold", "mislabels", "quality", "queue.build", "queue.rank", "log", "leaks", "search"),
}
_RESEARCHER = _REVIEWER | {
    *("ingest", "watch", "cut", "embed", "augment", "deduplicate", "select", "release", "export", "verify"),
    *("publish", "pull", "picture"),
}
_ADMIN = _RESEARCHER | {"project.create", "project.grant", "doctor", "backup"}

MAY: dict[Duty, frozenset[str]] = {
    "annotator": _ANNOTATOR,
    "reviewer": _REVIEWER,
    "researcher": _RESEARCHER,
    "admin": _ADMIN,
}


def demand(duty: Duty | None, action: str, *, actor: str, project: str) -> None:
    """Return if the duty allows the action. Raises NotPermitted, naming who could help."""
    if duty is not None and action in MAY[duty]:
        return
    needed = [name for name, actions in MAY.items() if action in actions]
    raise NotPermitted(
        f"{actor} may not {action} in project {project}",
        expected=f"the duty {' or '.join(needed)}",
        got=duty or "no duty in this project",
        do="ask the project's admin",
    )
