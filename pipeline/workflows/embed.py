"""Embed: give every clip its embedding, and lay all of them out on the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pipeline.catalog import embeddings
from pipeline.catalog.clips import ClipSound
from pipeline.catalog.failures import resolve_failures
from pipeline.catalog.projects import Project
from pipeline.catalog.search import index_embeddings
from pipeline.compute import Result, parallel_map
from pipeline.core import registry
from pipeline.core.errors import EarmarkError, PluginError, StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio, Failure, Float32, Outcome, Workers
from pipeline.curation.placing import places_among
from pipeline.storage import Store
from pipeline.workflows.clip_audio import read_clip
from pipeline.workflows.encoder_weights import kept_encoder, names_place, ready_encoder
from pipeline.workflows.operation import Conn, OnProgress, Run, in_batches, operation, silent

_CLIPS_A_TASK = 16
MAP_SEED = 0


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """What one task gave: embeddings by clip id, and the clips whose sound could not be read."""

    vectors: list[tuple[int, Float32]]
    failed: list[Failure]


def embed(
    conn: Conn,
    project: Project,
    store: Store,
    *,
    encoder: PluginSpec | None = None,
    draws_anew: bool = False,
    workers: Workers = 1,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Embed every active clip by the encoder (the recipe's if None); only those that lack it are worked on.

    An encoder may name weights by the file or the hub where they lie: they are put into the store, and the encoder that
    embeds names them there.

    Active clips in = done + failed. The encoder becomes the current one when all are done. New clips go onto its map
    beside those that they are most alike and nobody moves, unless fewer than half of all have a place or
    ``draws_anew``: then the project's projector lays out all of them. Raises PluginError for a wrong spec,
    StorageError if most clips failed: the encoder that served before then serves on.
    """
    given = encoder or project.recipe.encoder
    logged = given if names_place(given) else kept_encoder(given, store)
    projector = project.recipe.projector
    with operation(conn, project, "embed", {"encoder": logged.to_json()}, on_progress=on_progress) as run:
        full = kept_encoder(given, store)
        n_dims = ready_encoder(full, store).n_dims
        with run.transaction():
            encoder_id = embeddings.use_encoder(conn, project.project_id, full, n_dims=n_dims)
        run.detail["encoder"] = full.name
        todo = embeddings.clips_to_embed(conn, project.project_id, encoder_id)
        run.n_done = run.n_unchanged = embeddings.count_embedded(conn, project.project_id, encoder_id)
        run.begin_stage("embedding", n_total=run.n_done + len(todo))
        tasks = [todo[i : i + _CLIPS_A_TASK] for i in range(0, len(todo), _CLIPS_A_TASK)]
        work = partial(encode_clips, encoder=full, store=store)
        for batch in in_batches(parallel_map(work, tasks, workers=workers), max_n=20):
            with run.transaction():
                _save(run, encoder_id, tasks, batch)
            run.report()
            run.stop_if_asked()
        _demand_most(run)
        run.begin_stage("drawing the map")
        _draw_map(run, encoder_id, projector, draws_anew=draws_anew)
        run.begin_stage("indexing for search")
        with conn.transaction():
            index_embeddings(conn, project.project_id, encoder_id)
    return run.outcome


def encode_clips(clips: Sequence[ClipSound], *, encoder: PluginSpec, store: Store) -> Encoded:
    """The embeddings of some clips; one whose sound cannot be read fails alone."""
    read: list[tuple[int, Audio]] = []
    failed: list[Failure] = []
    for clip in clips:
        try:
            read.append((clip.clip_id, read_clip(store, clip)))
        except EarmarkError as error:
            failed.append(Failure(item=str(clip.clip_id), error=type(error).__name__, message=str(error)))
    if not read:
        return Encoded(vectors=[], failed=failed)
    plugin = ready_encoder(encoder, store)
    try:
        vectors = list(zip((clip_id for clip_id, _ in read), plugin.encode([audio for _, audio in read]), strict=True))
    except PluginError:
        # A network from elsewhere may stumble over one clip; the others are as they would be alone.
        vectors = []
        for clip_id, audio in read:
            try:
                vectors.append((clip_id, plugin.encode([audio])[0]))
            except PluginError as error:
                failed.append(Failure(item=str(clip_id), error=type(error).__name__, message=str(error)))
    return Encoded(vectors=vectors, failed=failed)


def _save(run: Run, encoder_id: int, tasks: Sequence[Sequence[ClipSound]], batch: Sequence[Result[Encoded]]) -> None:
    project_id = run.project.project_id
    for result in batch:
        if result.value is not None:
            embeddings.save_embeddings(run.conn, project_id, encoder_id, result.value.vectors)
            resolve_failures(run.conn, project_id, "embed", [str(clip_id) for clip_id, _ in result.value.vectors])
            run.n_done += len(result.value.vectors)
            run.fail(result.value.failed)
        elif result.failure is not None:
            lost = result.failure
            run.fail(
                Failure(item=str(clip.clip_id), error=lost.error, message=lost.message) for clip in tasks[result.index]
            )


def _demand_most(run: Run) -> None:
    # A store that is not mounted must not empty the map, the near-duplicate groups and the queue.
    if len(run.failed) > run.n_done:
        n_clips = run.n_done + len(run.failed)
        raise StorageError(
            "most clips could not be embedded",
            which=f"{len(run.failed):,} of {n_clips:,}",
            got=f"for the first: {run.failed[0].message}",
        )


def _draw_map(run: Run, encoder_id: int, projector: PluginSpec, *, draws_anew: bool) -> None:
    conn, project_id = run.conn, run.project.project_id
    found = embeddings.read_vectors(conn, project_id, encoder_id)
    known = embeddings.read_places(conn, encoder_id)
    row_of = {clip_id: row for row, clip_id in enumerate(known.clip_ids)}
    old = [row for row, clip_id in enumerate(found.clip_ids) if clip_id in row_of]
    new = [row for row, clip_id in enumerate(found.clip_ids) if clip_id not in row_of]
    if draws_anew or len(old) < len(new):
        places = registry.create("projector", projector).project(found.vectors, seed=MAP_SEED)
        with run.transaction():
            embeddings.save_map(conn, project_id, encoder_id, found.clip_ids, places)
        run.detail["map"] = "drawn anew"
    elif new:
        known_places = known.places[[row_of[found.clip_ids[row]] for row in old]]
        places = places_among(found.vectors[new], found.vectors[old], known_places, seed=MAP_SEED)
        with run.transaction():
            embeddings.add_places(conn, project_id, encoder_id, [found.clip_ids[row] for row in new], places)
        run.detail["map"] = f"joined by {len(new)}"
    with run.transaction():
        embeddings.set_current(conn, project_id, encoder_id)
