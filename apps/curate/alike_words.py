"""What the slider of the near-duplicates tab says, from what the search for near-duplicates wrote down. Pure."""

from __future__ import annotations

from typing import Any

from apps.curate.state import AlikeCosts
from apps.curate.words import clip_detail, clips
from apps.main_job import duration_words
from pipeline.catalog.clips import ClipCard
from pipeline.widgets.alike_slider import AlikeStep, HeardClip


def alike_steps(alike: AlikeCosts, *, n_clips: int, all_s: float) -> list[AlikeStep]:
    """The steps of the slider, rising; pairs with a clip that is gone are left out."""
    found: list[dict[str, Any]] = [] if alike.found is None else alike.found["steps"]
    return [
        {
            "distance": step["distance"],
            "share": step["n_redundant"] / n_clips if n_clips else 0.0,
            "words": _cost_words(step["n_redundant"], step["redundant_s"], n_clips=n_clips, all_s=all_s),
            "pairs": [
                {
                    "stays": _heard_clip(alike.cards[stays]),
                    "goes": _heard_clip(alike.cards[goes]),
                    "distance": distance,
                }
                for stays, goes, distance in step["borderline"]
                if stays in alike.cards and goes in alike.cards
            ],
        }
        for step in found
    ]


def alike_trouble(alike: AlikeCosts | None) -> str:
    """Why there is nothing to choose from, and what to do; empty where there is."""
    if alike is None or alike.found is None:
        return "The clips had no embeddings when near-duplicates were looked for. Find near-duplicates again."
    if not alike.found["steps"]:
        return "No two clips sound alike enough to stand for each other."
    return ""


def _cost_words(n_redundant: int, redundant_s: float, *, n_clips: int, all_s: float) -> str:
    of_clips = f" ({100 * n_redundant / n_clips:.1f} % of {n_clips:,})" if n_clips else ""
    of_sound = f" ({100 * redundant_s / all_s:.1f} % of all sound)" if all_s else ""
    goes = "goes" if n_redundant == 1 else "go"
    return f"{clips(n_redundant)}{of_clips} {goes}, {duration_words(redundant_s)}{of_sound}"


def _heard_clip(card: ClipCard) -> HeardClip:
    return {"clip_id": card.clip_id, "name": card.recording_name, "detail": clip_detail(card)}
