"""Publish clips to another program, and pull people's labels and tags back: through a connector."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import NAMESPACE_OID, UUID, uuid5

from pipeline.catalog import embeddings, exchange, selections
from pipeline.catalog.clips import ClipSound
from pipeline.catalog.curation_lists import selection_items
from pipeline.catalog.exchange import OwnAnswer, ShownClip
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import Project
from pipeline.compute import parallel_map
from pipeline.core import registry
from pipeline.core.errors import CatalogError, EarmarkError, NotFound, StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import AnswerGiven, Failure, Outcome, Workers
from pipeline.plugins.connectors.base import FLAG_TAG, ClipCopy, Connector, Edit, Place
from pipeline.storage import Store, is_local, path_of
from pipeline.storage.store import write_whole
from pipeline.workflows.annotate import flag_clip, save_answers
from pipeline.workflows.clip_audio import read_clip
from pipeline.workflows.operation import Conn, OnProgress, Run, in_batches, operation, silent

FIFTYONE = PluginSpec(name="fiftyone")
_CLIPS_A_TASK = 16
_SCORES = ("loudness_lufs", "snr_db", "silence_ratio", "clipped_ratio", "bandwidth_hz")


@dataclass(frozen=True, kw_only=True)
class Pictured:
    """Where one clip's picture and sound lie on this machine, or why they do not."""

    clip_id: int
    image_path: str = ""
    audio_path: str = ""
    failure: Failure | None = None


def place_of(project: Project, folder: Path, *, selection: str | None = None) -> Place:
    """Where the project's clips, or those of one selection, are shown; ``folder`` is the connector's own."""
    parts = ["earmark", project.name, *([] if selection is None else [selection])]
    # Two names may differ in characters that the other program drops.
    mark = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:6]
    plain = "-".join("".join(c if c.isascii() and c.isalnum() else "-" for c in part) for part in parts)
    return Place(name=f"{plain[:80]}-{mark}", folder=folder, owner=f"{folder}#{project.project_id}")


def shown_folders(store: Store, folder: Path) -> list[Path]:
    """Where the pictures and sounds lie that ``publish`` names."""
    own = [folder / "images", folder / "sounds"]
    return [*own, Path(path_of(store.uri))] if is_local(store.uri) else own


def publish(
    conn: Conn,
    project: Project,
    store: Store,
    *,
    folder: Path,
    selection: str | None = None,
    connector: PluginSpec = FIFTYONE,
    workers: Workers = 1,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Let the other program show exactly the clips that are not redundant, or those of ``selection``.

    Edits made there are pulled first; one that cannot be pulled stays as it is. Clips in = done + failed. Raises
    SettingsError if the program cannot be used here, NotFound for a selection that is empty.
    """
    plugin: Connector = registry.create("connector", connector)
    plugin.preflight()
    place = place_of(project, folder, selection=selection)
    pulled = pull(conn, project, folder=folder, selection=selection, connector=connector, on_progress=on_progress)
    spec = {"connector": registry.spec_of(connector.name, plugin).to_json(), "selection": selection}
    with operation(conn, project, "publish", spec, on_progress=on_progress) as run:
        shown = exchange.shown_clips(conn, project.project_id, selection=selection)
        if selection is not None and not shown:
            raise NotFound(
                "no clips in this selection", which=selection, do="look at the selections with `earmark status`"
            )
        run.begin_stage("drawing", n_total=len(shown))
        pictured = _pictured(run, shown, plugin=connector, store=store, folder=folder, workers=workers)
        run.fail(found.failure for found in pictured.values() if found.failure)
        run.begin_stage("publishing")
        copies = _copies(conn, project, [clip for clip in shown if clip.clip_id in pictured], pictured)
        report = plugin.push(place, copies, labels=[label.name for label in list_labels(conn, project.project_id)])
        run.n_done = len(shown) - len(run.failed)
        run.n_unchanged = report.n_unchanged
        run.detail |= {
            "n_writes": report.n_writes,
            "n_added": report.n_added,
            "n_changed": report.n_changed,
            "n_removed": report.n_removed,
            "n_kept": report.n_kept,
            "n_pulled": pulled.n_done,
        }
        run.detail |= {f"brain {key}": words for key, words in report.brain.items()}
    return run.outcome


def pull(
    conn: Conn,
    project: Project,
    *,
    folder: Path,
    selection: str | None = None,
    connector: PluginSpec = FIFTYONE,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Take over what people changed in the other program: labels as answers of the person of this connection, the tag
    flag as a flag, every other tag as the selection of its name. Edited clips in = done + failed.

    An answer that this person gave here after the edit stands. Pulling twice changes nothing. Raises SettingsError.
    """
    plugin: Connector = registry.create("connector", connector)
    plugin.preflight()
    place = place_of(project, folder, selection=selection)
    spec = {"connector": registry.spec_of(connector.name, plugin).to_json(), "selection": selection}
    with operation(conn, project, "pull", spec, on_progress=on_progress) as run:
        edits = plugin.pull(place)
        run.begin_stage("pulling", n_total=len(edits))
        run.detail |= {"n_answers": 0, "n_overtaken": 0, "n_flags": 0, "n_selections": 0}
        refused = _take_labels(run, place, edits) | _take_tags(run, place, edits)
        # What was refused is still an edit there; the other half of it is done.
        plugin.settle(place, [settled for edit in edits if (settled := _without(edit, refused)) is not None])
        failed = {clip_id for clip_id, _ in refused}
        run.fail(
            Failure(item=str(clip_id), error="NotPulled", message=f"clip {clip_id}: {why}")
            for clip_id, why in _sentences(refused).items()
        )
        run.n_done = len(edits) - len(failed)
    return run.outcome


_Refused = dict[tuple[int, str], str]
"""Why an edit was not taken, by clip id and the tag, or "" for its label."""


def _take_labels(run: Run, place: Place, edits: Sequence[Edit]) -> _Refused:
    relabelled = [edit for edit in edits if edit.is_relabelled]
    own = exchange.own_answers(run.conn, run.project.project_id, [edit.clip_id for edit in relabelled])
    refused: _Refused = {}
    by_id: dict[UUID, Edit] = {}
    given: list[AnswerGiven] = []
    for edit in relabelled:
        answer = own.get(edit.clip_id)
        if answer is not None and answer.answered_at > edit.edited_at:
            run.detail["n_overtaken"] += answer.annotation_id != str(_id(place, edit, edit.label or ""))
        elif edit.label is None and answer is None:
            refused[edit.clip_id, ""] = "its label was cleared, which is not yours to take back; set it again there"
        else:
            given.append(_answer(place, edit, answer))
            by_id[given[-1].annotation_id] = edit
    report = save_answers(run.conn, run.project, given)
    run.detail["n_answers"] = len(report.saved)
    return refused | {(by_id[i].clip_id, ""): why for i, why in report.refused.items()}


def _answer(place: Place, edit: Edit, former: OwnAnswer | None) -> AnswerGiven:
    return AnswerGiven(
        annotation_id=_id(place, edit, edit.label or ""),
        clip_id=edit.clip_id,
        answer="withdrawn" if edit.label is None else "label",
        label=edit.label,
        heard=None,
        supersedes=None if former is None else UUID(former.annotation_id),
    )


def _take_tags(run: Run, place: Place, edits: Sequence[Edit]) -> _Refused:
    refused: _Refused = {}
    for edit in edits:
        if FLAG_TAG in edit.tags ^ edit.tags_before:
            flag_id = _id(place, edit, f"tag {FLAG_TAG}")
            flag_clip(run.conn, run.project, flag_id, edit.clip_id, is_raised=FLAG_TAG in edit.tags)
            run.detail["n_flags"] += 1
    for tag in sorted({tag for edit in edits for tag in edit.tags ^ edit.tags_before} - {FLAG_TAG}):
        added = [edit.clip_id for edit in edits if tag in edit.tags - edit.tags_before]
        removed = {edit.clip_id for edit in edits if tag in edit.tags_before - edit.tags}
        try:
            run.detail["n_selections"] += _change_selection(run, tag, added=added, removed=removed)
        except CatalogError as error:
            refused |= {(clip_id, tag): str(error) for clip_id in (*added, *removed)}
    return refused


def _change_selection(run: Run, name: str, *, added: Sequence[int], removed: set[int]) -> bool:
    """Whether the selection changed. What others chose meanwhile stays in it."""
    conn, project_id = run.conn, run.project.project_id
    with run.transaction():
        former = selection_items(conn, project_id, name)
        kept = [(item.clip_id, item.reason) for item in former if item.clip_id not in removed]
        held = {clip_id for clip_id, _ in kept}
        picks = kept + [(clip_id, "tagged in FiftyOne") for clip_id in added if clip_id not in held]
        if len(picks) == len(former) == len(kept):
            return False
        selections.save_selection(
            conn, project_id, name, spec=PluginSpec(name="by_hand"), picks=picks, operation_id=run.operation_id
        )
    return True


def _without(edit: Edit, refused: _Refused) -> Edit | None:
    """The part of the edit that was taken, None for nothing."""
    tags = {tag for clip_id, tag in refused if clip_id == edit.clip_id and tag}
    label = edit.label_before if (edit.clip_id, "") in refused else edit.label
    taken = (edit.tags - tags) | (edit.tags_before & tags)
    return None if (label, taken) == (edit.label_before, edit.tags_before) else replace(edit, label=label, tags=taken)


def _sentences(refused: _Refused) -> dict[int, str]:
    by_clip: dict[int, list[str]] = {}
    for (clip_id, _), why in refused.items():
        by_clip.setdefault(clip_id, []).append(why)
    return {clip_id: "; ".join(reasons) for clip_id, reasons in by_clip.items()}


def _id(place: Place, edit: Edit, what: str) -> UUID:
    """The same edit pulled twice has the same id, and is saved once."""
    return uuid5(NAMESPACE_OID, f"{place.owner}/{place.name}/{edit.clip_id}/{edit.edited_at.isoformat()}/{what}")


def _pictured(
    run: Run, shown: Sequence[ShownClip], *, plugin: PluginSpec, store: Store, folder: Path, workers: Workers
) -> dict[int, Pictured]:
    sounds = [_sound(clip) for clip in shown]
    tasks = [sounds[i : i + _CLIPS_A_TASK] for i in range(0, len(sounds), _CLIPS_A_TASK)]
    pictured: dict[int, Pictured] = {}
    for batch in in_batches(
        parallel_map(partial(picture, plugin=plugin, store=store, folder=folder), tasks, workers=workers)
    ):
        for result in batch:
            if result.failure is not None:
                lost = [Pictured(clip_id=c.clip_id, failure=result.failure) for c in tasks[result.index]]
                pictured |= {found.clip_id: found for found in lost}
            pictured |= {found.clip_id: found for found in result.value or ()}
        run.n_done = sum(found.failure is None for found in pictured.values())
        run.report()
        run.stop_if_asked()
    return pictured


def picture(clips: Sequence[ClipSound], *, plugin: PluginSpec, store: Store, folder: Path) -> list[Pictured]:
    """Draw those of the clips that were not drawn yet; one whose sound cannot be read fails alone."""
    made: Connector = registry.create("connector", plugin)
    return [_picture(clip, made, store, folder) for clip in clips]


def _picture(clip: ClipSound, connector: Connector, store: Store, folder: Path) -> Pictured:
    key = hashlib.sha256(clip.sha256 + connector.image_version().encode()).hexdigest()
    path = folder / "images" / key[:2] / f"{key}.png"
    try:
        if not path.is_file():
            data, _ = connector.image(read_clip(store, clip))
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
        return Pictured(clip_id=clip.clip_id, image_path=str(path), audio_path=_heard_at(clip, store, folder))
    except EarmarkError as error:
        failure = Failure(item=str(clip.clip_id), error=type(error).__name__, message=str(error))
        return Pictured(clip_id=clip.clip_id, failure=failure)


def _heard_at(clip: ClipSound, store: Store, folder: Path) -> str:
    """The clip's sound as a file of this machine: the store's own, or a copy of what lies in a remote one."""
    lies_at = store.local_path(clip.object_key)
    if lies_at is not None:
        if not store.exists(clip.object_key):
            raise StorageError("the sound of a clip is gone", which=f"clip {clip.clip_id}", do="restore the store")
        return lies_at
    copy = folder / "sounds" / clip.object_key
    if not copy.is_file():
        copy.parent.mkdir(parents=True, exist_ok=True)
        write_whole(copy, store.read(clip.object_key))
    return str(copy)


def _sound(clip: ShownClip) -> ClipSound:
    return ClipSound(
        clip_id=clip.clip_id,
        object_key=clip.object_key,
        sha256=clip.sha256,
        rate_hz=clip.rate_hz,
        duration_s=clip.duration_s,
    )


def _copies(conn: Conn, project: Project, shown: Iterable[ShownClip], pictured: dict[int, Pictured]) -> list[ClipCopy]:
    held = exchange.selections_of_clips(conn, project.project_id)
    places = exchange.map_places(conn, project.project_id)
    encoder_id = embeddings.current_encoder(conn, project.project_id)
    found = None if encoder_id is None else embeddings.read_vectors(conn, project.project_id, encoder_id)
    vectors = {} if found is None else dict(zip(found.clip_ids, found.vectors, strict=True))
    return [
        ClipCopy(
            clip_id=clip.clip_id,
            image_path=pictured[clip.clip_id].image_path,
            audio_path=pictured[clip.clip_id].audio_path,
            recording=clip.recording,
            start_s=clip.start_s,
            duration_s=clip.duration_s,
            label=clip.label,
            answered_by=clip.answered_by,
            # Without a confidence it is the label that the clip came with, not a model's.
            proposed_label=None if clip.proposed_confidence is None else clip.proposed_label,
            proposed_confidence=clip.proposed_confidence,
            scores={name: value for name in _SCORES if (value := getattr(clip, name)) is not None},
            tags=(*held.get(clip.clip_id, ()), *((FLAG_TAG,) if clip.is_flagged else ())),
            vector=vectors.get(clip.clip_id),
            place=places.get(clip.clip_id),
        )
        for clip in shown
        if pictured[clip.clip_id].failure is None
    ]
