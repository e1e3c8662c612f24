"""Clips as FiftyOne's samples, and the writes to them.

``earmark_label`` and ``earmark_tags`` keep what was last pushed or pulled, ``earmark_sha256`` the hash of what was
pushed. Writes go to the collection itself, because the library cannot say "only if not modified since".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from pipeline.core.plugin_spec import canonical_json
from pipeline.plugins.connectors.base import ClipCopy, Edit

FIELDS = (
    ("clip_id", "IntField", None),
    ("audio_path", "StringField", None),
    ("recording", "StringField", None),
    ("start_s", "FloatField", None),
    ("duration_s", "FloatField", None),
    ("label", "EmbeddedDocumentField", "Classification"),
    ("answered_by", "StringField", None),
    ("prediction", "EmbeddedDocumentField", "Classification"),
    ("embedding", "VectorField", None),
    ("earmark_label", "StringField", None),
    ("earmark_tags", "StringField", None),
    ("earmark_sha256", "StringField", None),
)
_CHUNK_N = 1_000


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A sample as it was read: what people may edit of it, and what that is compared with."""

    sample_id: Any
    clip_id: int
    modified_at: datetime
    label: str | None
    tags: frozenset[str]
    base_label: str | None
    base_tags: frozenset[str]
    sha256: str


def is_edited(seen: Seen) -> bool:
    """Whether people changed it since it was pushed or pulled."""
    return (seen.label, seen.tags) != (seen.base_label, seen.base_tags)


def sha256_of(clip: ClipCopy) -> str:
    """The hash of everything that is pushed of a clip."""
    plain = {name: value for name, value in vars(clip).items() if name not in ("vector", "scores", "tags", "place")}
    plain |= {"scores": dict(clip.scores), "tags": sorted(clip.tags)}
    plain["place"] = None if clip.place is None else [float(value) for value in clip.place]
    digest = hashlib.sha256(canonical_json(plain))
    if clip.vector is not None:
        digest.update(np.ascontiguousarray(clip.vector, np.float32).tobytes())
    return digest.hexdigest()


def read_seen(dataset: Any) -> list[Seen]:
    """All samples that are clips, by clip id."""
    names = (
        "clip_id",
        "last_modified_at",
        "tags",
        "label.label",
        *(f"earmark_{n}" for n in ("label", "tags", "sha256")),
    )
    rows = dataset._sample_collection.find({"clip_id": {"$type": "number"}}, dict.fromkeys(names, 1)).sort("clip_id", 1)
    return [
        Seen(
            sample_id=row["_id"],
            clip_id=row["clip_id"],
            modified_at=row["last_modified_at"].replace(tzinfo=UTC),
            label=(row.get("label") or {}).get("label") or None,
            tags=frozenset(row.get("tags") or ()),
            base_label=row.get("earmark_label"),
            base_tags=_tags_from(row.get("earmark_tags")),
            sha256=row.get("earmark_sha256") or "",
        )
        for row in rows
    ]


def add_missing(fo: Any, dataset: Any, clips: Sequence[tuple[ClipCopy, str]]) -> int:
    """How many samples were added, of clips with their hashes."""
    for at in range(0, len(clips), _CHUNK_N):
        samples = [fo.Sample(**_values(fo, *pair)) for pair in clips[at : at + _CHUNK_N]]
        dataset.add_samples(samples, dynamic=False, progress=False)
    return len(clips)


def change_stale(fo: Any, dataset: Any, stale: Sequence[tuple[Seen, ClipCopy, str]]) -> int:
    """How many samples took over their clip's new values; one modified in this moment is left alone."""
    from pymongo import UpdateOne

    n_changed = 0
    for at in range(0, len(stale), _CHUNK_N):
        writes: list[Any] = []
        for seen, clip, sha256 in stale[at : at + _CHUNK_N]:
            values = _values(fo, clip, sha256)
            for name in values.keys() - dataset.get_field_schema().keys():
                dataset.add_sample_field(name, fo.FloatField)
            made = fo.Sample(**values).to_mongo_dict()
            fields = {name: made.get(name) for name in values} | {"last_modified_at": _now()}
            writes.append(UpdateOne(_as_seen(seen), {"$set": fields}))
        n_changed += dataset._sample_collection.bulk_write(writes, ordered=False).modified_count
    if stale:
        dataset.reload()
    return n_changed


def remove_gone(dataset: Any, gone: Sequence[Seen]) -> int:
    """How many samples were removed; one modified in this moment is left alone."""
    if not gone:
        return 0
    from pymongo import DeleteOne

    writes = [DeleteOne(_as_seen(seen)) for seen in gone]
    n_removed: int = dataset._sample_collection.bulk_write(writes, ordered=False).deleted_count
    dataset.reload()
    return n_removed


def settle_base(dataset: Any, edits: Sequence[Edit]) -> None:
    """Compare later edits of these clips with what these say. What was edited again meanwhile still differs.

    They count as modified now: the App replaces whole samples, and must not bring back what they were compared with.
    """
    if not edits:
        return
    from pymongo import UpdateOne

    # Not the hash: what is pushed next puts the catalog's own words in place of the edit, also where they disagree.
    writes = [
        UpdateOne(
            {"clip_id": edit.clip_id},
            {
                "$set": {
                    "earmark_label": edit.label,
                    "earmark_tags": _tags_text(edit.tags),
                    "earmark_sha256": "",
                    "last_modified_at": _now(),
                }
            },
        )
        for edit in edits
    ]
    dataset._sample_collection.bulk_write(writes, ordered=False)
    dataset.reload()


def _as_seen(seen: Seen) -> dict[str, Any]:
    return {"_id": seen.sample_id, "last_modified_at": seen.modified_at.replace(tzinfo=None)}


def _values(fo: Any, clip: ClipCopy, sha256: str) -> dict[str, Any]:
    return {
        "filepath": clip.image_path,
        "tags": sorted(clip.tags),
        "clip_id": clip.clip_id,
        "audio_path": clip.audio_path,
        "recording": clip.recording,
        "start_s": clip.start_s,
        "duration_s": clip.duration_s,
        "label": None if clip.label is None else fo.Classification(label=clip.label),
        "answered_by": clip.answered_by,
        "prediction": None
        if clip.proposed_label is None
        else fo.Classification(label=clip.proposed_label, confidence=clip.proposed_confidence),
        "embedding": clip.vector,
        "earmark_label": clip.label,
        "earmark_tags": _tags_text(clip.tags),
        "earmark_sha256": sha256,
        **{name: float(value) for name, value in clip.scores.items()},
    }


def _tags_text(tags: Sequence[str] | frozenset[str]) -> str:
    return "\n".join(sorted(tags))


def _tags_from(text: str | None) -> frozenset[str]:
    return frozenset(text.split("\n")) if text else frozenset()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
