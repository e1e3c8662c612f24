"""What the review page says about a clip."""

from __future__ import annotations

from pipeline.catalog.reviews import ClaimedClip


def place(clip: ClaimedClip) -> str:
    """Length and rate of a clip, and where in its recording it begins."""
    facts = f"{clip.duration_s:.2f} s · {clip.rate_hz / 1000:g} kHz"
    if clip.start_s == 0:
        return facts
    minutes, seconds = divmod(clip.start_s, 60)
    return f"{facts} · from {minutes:.0f}:{seconds:04.1f} of the recording"
