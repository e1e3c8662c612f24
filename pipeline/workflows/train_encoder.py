"""Train an encoder: let lightly_ssl learn from the project's own clips, and keep its weights in the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.catalog import annotations, augmentations, embeddings
from pipeline.catalog.clip_columns import read_columns
from pipeline.catalog.clips import ClipSound, clip_sounds
from pipeline.catalog.projects import Project, get_project, set_recipe
from pipeline.core import registry
from pipeline.core.errors import PluginError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Outcome
from pipeline.curation.consensus import consensus
from pipeline.storage import Store
from pipeline.training.ssl import CurvePoint, SslSettings, train_ssl
from pipeline.workflows.clip_audio import StoredClips
from pipeline.workflows.operation import Conn, OnProgress, Run, operation, silent

TRAINABLE = ("fused", "lightly_ssl")
MAX_CLIPS = 20_000
_REPORT_S = 0.5


@dataclass(frozen=True, kw_only=True)
class TrainedEncoder:
    """What training gave: the spec to embed with, the learning curve, and what became of the clips.

    ``is_in_recipe``: the project's recipe names this encoder now.
    """

    encoder: PluginSpec
    curve: tuple[CurvePoint, ...]
    device: str
    is_resumed: bool
    is_in_recipe: bool
    outcome: Outcome


def train_encoder(
    conn: Conn,
    project: Project,
    store: Store,
    *,
    folder: Path,
    encoder: str = "fused",
    settings: SslSettings | None = None,
    keeps_recipe: bool = False,
    on_progress: OnProgress = silent,
) -> TrainedEncoder:
    """Train on the active clips that are not redundant, at most 20,000 drawn by the seed; embed by what it gives.

    Clips in = learned from + failed. Labels, where clips have them, are for the curve alone, in which no clip is
    judged by one of its own source group or recording. ``folder`` keeps the checkpoint while training lasts: a run
    that was stopped or killed goes on from there when the same clips are trained on with the same settings.
    The encoder goes into the project's recipe unless ``keeps_recipe``; what served before serves until ``embed``.
    Raises PluginError for an encoder without weights, SettingsError for fewer than eight clips.
    """
    if encoder not in TRAINABLE:
        raise PluginError("an encoder that learns nothing", which=encoder, expected=" or ".join(TRAINABLE))
    chosen = settings or SslSettings()
    spec = {"train": encoder, **asdict(chosen), "augmenters": [step.to_json() for step in chosen.augmenters]}
    with operation(conn, project, "embed", spec, on_progress=on_progress) as run:
        sounds = _drawn(conn, project, seed=chosen.seed)
        run.begin_stage("making views", n_total=len(sounds))
        checkpoint = folder / f"{chosen.sha256([sound.sha256 for sound in sounds]).hex()}.ckpt"
        folder.mkdir(parents=True, exist_ok=True)
        trained = train_ssl(
            StoredClips(store, sounds),
            chosen,
            labels=_labels(conn, project, sounds),
            groups=_groups(conn, project, sounds),
            checkpoint=checkpoint,
            on_step=_teller(run),
        )
        run.fail(replace(lost, item=str(sounds[int(lost.item)].clip_id)) for lost in trained.failed)
        run.n_done = len(sounds) - len(run.failed)
        run.begin_stage("keeping the weights")
        given = PluginSpec(name=encoder, params={"weights": store.put(trained.weights.to_bytes(), suffix=".npz")})
        plugin = registry.create("encoder", given)
        full = registry.spec_of(encoder, plugin)
        with run.transaction():
            # The row is what keeps the object from being an orphan.
            embeddings.use_encoder(conn, project.project_id, full, n_dims=plugin.n_dims)
            if not keeps_recipe:
                # As it stands now: it may have been changed while the training lasted.
                recipe = get_project(conn, project.name).recipe
                set_recipe(conn, project.project_id, replace(recipe, encoder=full))
        run.detail |= {"weights": full.params["weights"], "device": trained.device}
        run.detail |= {"curve": [asdict(point) for point in trained.curve]}
    checkpoint.unlink(missing_ok=True)
    return TrainedEncoder(
        encoder=full,
        curve=trained.curve,
        device=trained.device,
        is_resumed=trained.is_resumed,
        is_in_recipe=not keeps_recipe,
        outcome=run.outcome,
    )


def _drawn(conn: Conn, project: Project, *, seed: int) -> list[ClipSound]:
    ids = augmentations.clips_to_augment(conn, project.project_id)
    if len(ids) > MAX_CLIPS:
        places = np.random.default_rng(seed).choice(len(ids), MAX_CLIPS, replace=False)
        ids = [ids[place] for place in sorted(places.tolist())]
    return clip_sounds(conn, project.project_id, ids)


def _labels(conn: Conn, project: Project, sounds: Sequence[ClipSound]) -> list[str | None]:
    settled = {clip: consensus(votes) for clip, votes in annotations.read_votes(conn, project.project_id).items()}
    found = (settled.get(sound.clip_id) for sound in sounds)
    return [None if one is None else one.label for one in found]


def _groups(conn: Conn, project: Project, sounds: Sequence[ClipSound]) -> list[str]:
    """Who or what was recorded, where that is known, else the recording: such clips are near each other anyway."""
    columns = read_columns(conn, project.project_id, [s.clip_id for s in sounds], ["source_group", "recording"])
    known = zip(columns["source_group"].tolist(), columns["recording"].tolist(), strict=True)
    return [f"recording {name}" if group is None else f"source {group}" for group, name in known]


def _teller(run: Run) -> Callable[[str, int, int], None]:
    told_s = time.monotonic()

    def tell(stage: str, n_done: int, n_total: int) -> None:
        nonlocal told_s
        if stage == "making views":
            run.n_done = n_done
        if stage != run.stage:
            run.begin_stage(stage)
        if time.monotonic() - told_s < _REPORT_S:
            return
        told_s = time.monotonic()
        run.stage = stage if stage == "making views" else f"{stage}, {n_done} %"
        run.report()
        run.stage = stage
        run.stop_if_asked()

    return tell
