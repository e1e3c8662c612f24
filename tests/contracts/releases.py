"""A small dataset version with awkward labels, and the objects that it names."""

from __future__ import annotations

import hashlib

from pipeline.core.types import ReleaseItem

LABELS = ("dog", "a/b", "a?b", "Dog", 'naïve, "quoted"\nlabel', "0")
OBJECTS = {f"ab/{number}.wav": f"RIFF of clip {number}".encode() for number in range(6)}


def release_items(n: int) -> list[ReleaseItem]:
    """At most six items, sorted by clip_id."""
    return [
        ReleaseItem(
            clip_id=number * 7 + 1,
            split=("train", "validation", "test")[number % 3],
            label=LABELS[number],
            confidence=1 / (number + 1),
            n_votes=number,
            object_key=key,
            sha256=hashlib.sha256(OBJECTS[key]).digest(),
            rate_hz=16_000,
            n_channels=1,
            n_samples=16_000 + number,
            recording_uri=f"file:///recordings/räume {number}.wav",
            start_sample=number * 100,
            stop_sample=number * 100 + 16_000,
            group=f"speaker-{number // 2}",
        )
        for number, key in enumerate(list(OBJECTS)[:n])
    ]
