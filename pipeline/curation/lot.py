"""The lot: one fixed random order of a project's clips, from whose beginning the honest estimates come."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

SALT = "audit"


def audit_order(project_id: int, clip_ids: Sequence[int], *, salt: str = SALT) -> list[int]:
    """The clips in the order of the lot, by md5 of salt, project and clip: the same clips, the same order for ever.

    Whoever asks by lot asks the first clip in it that nobody has answered. A clip that comes later takes a place of its
    own among the others, and none of those already there changes sides.
    """

    def place(clip_id: int) -> bytes:
        return hashlib.md5(f"{salt}/{project_id}/{clip_id}".encode(), usedforsecurity=False).digest()

    return sorted(clip_ids, key=place)
