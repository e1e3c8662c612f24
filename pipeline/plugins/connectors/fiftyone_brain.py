"""What FiftyOne's brain makes of the clips, beside our own findings, and our map as its App shows it.

It works on our vectors, labels and predictions alone: no model is loaded and nothing is fetched. A run whose input is
the one of the last time is left as it is. Clips that were edited and not yet pulled are no part of a run that writes
to clips, because the moment of their edit must stay.

Measured with fiftyone-brain 0.25: up to 15,000 clips its uniqueness leaves the nearest neighbour out, so that a clip
with a single copy counts as unique. Ask our own duplicates first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.core.plugin_spec import canonical_json
from pipeline.plugins.connectors.base import ClipCopy
from pipeline.plugins.connectors.fiftyone_samples import Seen, is_edited, read_seen

METHODS = ("uniqueness", "visualization", "mistakenness", "similarity")
OUR_MAP = "map"
THEIR_MAP = "pca"
ALIKE_FIELD = "sounds_like_clip"
_SEED = 0
_LEAST_CLIPS = 2
_NO_VECTORS = "too few clips have an embedding: run `earmark embed`"
_NO_PLACES = "too few clips lie on the map: run `earmark embed`"
_NO_ANSWERS = "too few clips have both a label and a model's prediction, which `earmark queue` makes"


@dataclass(frozen=True, kw_only=True)
class _Known:
    """A clip beside the sample that shows it."""

    seen: Seen
    clip: ClipCopy

    @property
    def sample_id(self) -> str:
        return str(self.seen.sample_id)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One brain run: over which clips, what of them decides its outcome, how it is made, which field it fills."""

    key: str
    known: Sequence[_Known]
    of_clip: Callable[[_Known], Any]
    make: Callable[[Any, Any], None]
    lacking: str
    field: str | None = None
    params: tuple[float, ...] = ()

    def sha256(self) -> str:
        rows = [[one.sample_id, self.of_clip(one)] for one in self.known]
        return hashlib.sha256(canonical_json([rows, self.params])).hexdigest()


def methods_in(text: str) -> tuple[str, ...]:
    """The methods in words like ``uniqueness,similarity``, in the order they run. Raises ValueError."""
    asked = {word.strip() for word in text.split(",") if word.strip()}
    if unknown := sorted(asked - set(METHODS)):
        raise ValueError(f"brain must be of {', '.join(METHODS)}, not {', '.join(unknown)}")
    return tuple(method for method in METHODS if method in asked)


def run_brain(
    dataset: Any, clips: Sequence[ClipCopy], methods: Sequence[str], *, alike_distance: float
) -> dict[str, str]:
    """What became of each run by its brain key: made, unchanged, or why it was left out. Our map is always one."""
    by_id = {clip.clip_id: clip for clip in clips}
    known = [_Known(seen=seen, clip=by_id[seen.clip_id]) for seen in read_seen(dataset) if seen.clip_id in by_id]
    runs = [_our_map(known), *(_MADE_BY[method](known, alike_distance) for method in methods)]
    return {run.key: _carry_out(dataset, run) for run in runs}


def _carry_out(dataset: Any, run: _Run) -> str:
    done: dict[str, str] = dataset.info.setdefault("earmark_brain", {})
    if len(run.known) < _LEAST_CLIPS:
        return f"left out: {run.lacking}"
    sha256 = run.sha256()
    if done.get(run.key) == sha256 and dataset.has_brain_run(run.key):
        return "unchanged"
    # Forgotten first: if this process dies in between, the next one makes the run anew.
    if done.pop(run.key, None) is not None:
        dataset.save()
    view = dataset.select([one.sample_id for one in run.known], ordered=True)
    run.make(dataset, view)
    if run.field is not None:
        _clear_others(dataset, run)
    dataset.reload()
    dataset.info.setdefault("earmark_brain", {})[run.key] = sha256
    dataset.save()
    return f"of {len(run.known):,} clips"


def _clear_others(dataset: Any, run: _Run) -> None:
    """Clips outside the run have no value of it; theirs is no edit, so that their time of change stays."""
    others = {"_id": {"$nin": [one.seen.sample_id for one in run.known]}, run.field: {"$ne": None}}
    dataset._sample_collection.update_many(others, {"$set": {run.field: None}})


def _our_map(known: Sequence[_Known]) -> _Run:
    placed = [one for one in known if one.clip.place is not None]

    def make(dataset: Any, view: Any) -> None:
        import fiftyone.brain as brain

        _forget(dataset, OUR_MAP)
        brain.compute_visualization(view, points=np.array([one.clip.place for one in placed]), brain_key=OUR_MAP)

    return _Run(key=OUR_MAP, known=placed, of_clip=_place_of, make=make, lacking=_NO_PLACES)


def _their_map(known: Sequence[_Known], _alike_distance: float) -> _Run:
    def make(dataset: Any, view: Any) -> None:
        import fiftyone.brain as brain

        _forget(dataset, THEIR_MAP)
        brain.compute_visualization(view, embeddings="embedding", method="pca", seed=_SEED, brain_key=THEIR_MAP)

    return _Run(key=THEIR_MAP, known=_with_vector(known), of_clip=_vector_of, make=make, lacking=_NO_VECTORS)


def _uniqueness(known: Sequence[_Known], _alike_distance: float) -> _Run:
    def make(_dataset: Any, view: Any) -> None:
        import fiftyone.brain as brain

        brain.compute_uniqueness(view, uniqueness_field="uniqueness", embeddings="embedding", progress=False)

    writable = [one for one in _with_vector(known) if not is_edited(one.seen)]
    return _Run(
        key="uniqueness", known=writable, of_clip=_vector_of, make=make, lacking=_NO_VECTORS, field="uniqueness"
    )


def _mistakenness(known: Sequence[_Known], _alike_distance: float) -> _Run:
    def make(_dataset: Any, view: Any) -> None:
        import fiftyone.brain as brain

        brain.compute_mistakenness(view, "prediction", label_field="label", progress=False)

    both = [one for one in known if not is_edited(one.seen) and None not in _answers_of(one)]
    return _Run(
        key="mistakenness", known=both, of_clip=_answers_of, make=make, lacking=_NO_ANSWERS, field="mistakenness"
    )


def _similarity(known: Sequence[_Known], alike_distance: float) -> _Run:
    def make(dataset: Any, view: Any) -> None:
        import fiftyone as fo
        import fiftyone.brain as brain

        _forget(dataset, "similarity")
        index: Any = brain.compute_similarity(
            view, embeddings="embedding", brain_key="similarity", backend="sklearn", metric="cosine"
        )
        with index.use_view(view):
            index.find_duplicates(thresh=alike_distance)
            kept = index.neighbors_map or {}
        clip_of = {one.sample_id: one.clip.clip_id for one in writable}
        likeness = {copy: clip_of[first] for first, found in kept.items() for copy, _distance in found}
        if ALIKE_FIELD not in dataset.get_field_schema():
            dataset.add_sample_field(ALIKE_FIELD, fo.IntField)
        view.set_values(ALIKE_FIELD, {one: likeness.get(one) for one in clip_of}, key_field="id")

    writable = [one for one in _with_vector(known) if not is_edited(one.seen)]
    return _Run(
        key="similarity",
        known=writable,
        of_clip=_vector_of,
        make=make,
        lacking=_NO_VECTORS,
        field=ALIKE_FIELD,
        params=(alike_distance,),
    )


_MADE_BY: dict[str, Callable[[Sequence[_Known], float], _Run]] = {
    "uniqueness": _uniqueness,
    "visualization": _their_map,
    "mistakenness": _mistakenness,
    "similarity": _similarity,
}


def _forget(dataset: Any, key: str) -> None:
    if dataset.has_brain_run(key):
        dataset.delete_brain_run(key)


def _with_vector(known: Sequence[_Known]) -> list[_Known]:
    return [one for one in known if one.clip.vector is not None]


def _place_of(one: _Known) -> list[float] | None:
    return None if one.clip.place is None else [float(value) for value in one.clip.place]


def _vector_of(one: _Known) -> str | None:
    vector = one.clip.vector
    return None if vector is None else hashlib.sha256(np.ascontiguousarray(vector, np.float32).tobytes()).hexdigest()


def _answers_of(one: _Known) -> tuple[str | None, str | None, float | None]:
    return one.clip.label, one.clip.proposed_label, one.clip.proposed_confidence
