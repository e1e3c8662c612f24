"""``earmark leaks``: which clips of a split lie on the wrong side, with the pair to hear for each."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.context import (
    JsonOption,
    ProjectOption,
    WorkspaceOption,
    command,
    out,
    print_json,
    print_outcome,
    progress_bar,
)
from pipeline.core.errors import StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.curation.leaks import LeakingPair, LeakKind, SplitClip
from pipeline.storage import path_of

_MAX_SHOWN = 50


def leaks(
    dataset: Annotated[str | None, typer.Argument(help="Name of a dataset: its latest version is examined.")] = None,
    version: Annotated[int | None, typer.Option(help="Another version than the latest.")] = None,
    table: Annotated[
        Path | None, typer.Option(help="CSV with file, split, maybe start_s, stop_s: a split made elsewhere.")
    ] = None,
    deduplicator: Annotated[str | None, typer.Option(help="What knows a recording again, as in fingerprint.")] = None,
    to: Annotated[Path | None, typer.Option("--csv", help="Write the pairs into this file as well.")] = None,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """List the clips that leak between the sides of a split: the same recording, file or source group, however altered.

    One pair for each clip that would have to move; nothing is changed.
    """
    from pipeline.workflows.leaks import leaks_of_table, leaks_of_version

    if (dataset is None) == (table is None):
        raise typer.BadParameter("name a dataset, or a table by --table", param_hint="DATASET")
    spec = None if deduplicator is None else PluginSpec.parse(deduplicator)
    with command(workspace, project, is_json=is_json) as context:
        conn, store = context.workspace.conn, context.workspace.store
        with progress_bar(is_json=is_json) as on_progress:
            if table is not None:
                path = Path(path_of(str(table)))
                report = leaks_of_table(conn, context.project, store, path, deduplicator=spec, on_progress=on_progress)
            else:
                report = leaks_of_version(
                    conn,
                    context.project,
                    store,
                    dataset or "",
                    version=version,
                    deduplicator=spec,
                    on_progress=on_progress,
                )
        if to is not None:
            write_pairs(to, report.pairs)
        if is_json:
            pairs = [_flat(pair) for pair in report.pairs]
            print_json(
                {"verb": "leaks", "pairs": pairs, "n_of_split": report.n_of_split, "outcome": asdict(report.outcome)}
            )
            return
        for pair in report.pairs[:_MAX_SHOWN]:
            out.print(_words(pair), markup=False, soft_wrap=True)
        if len(report.pairs) > _MAX_SHOWN:
            out.print(f"… and {len(report.pairs) - _MAX_SHOWN:,} more: --csv or --json gives all of them")
        print_outcome("leaks", report.outcome, is_json=False)


def write_pairs(path: Path, pairs: Sequence[LeakingPair]) -> None:
    """One line for each pair. Raises StorageError."""
    rows = [_flat(pair) for pair in pairs]
    try:
        with path.open("w", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, _COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise StorageError("cannot write the pairs", which=path, got=error.strerror) from error


_COLUMNS = (
    *("kind", "lag_s", "score"),
    *(
        f"{side}{column}"
        for side in ("", "other_")
        for column in ("clip_id", "split", "recording", "start_s", "stop_s", "source_group")
    ),
)


def _flat(pair: LeakingPair) -> dict[str, Any]:
    return {"kind": pair.kind.value, "lag_s": pair.lag_s, "score": pair.score} | {
        f"{side}{column}": value
        for side, clip in (("", pair.clip), ("other_", pair.other))
        for column, value in (
            ("clip_id", clip.clip_id),
            ("split", clip.split),
            ("recording", clip.recording_name),
            ("start_s", round(clip.start_s, 6)),
            ("stop_s", round(clip.stop_s, 6)),
            ("source_group", clip.source_group),
        )
    }


def _words(pair: LeakingPair) -> str:
    how = [pair.kind.value]
    if pair.lag_s is not None and abs(pair.lag_s) >= 0.01:
        how.append(f"{abs(pair.lag_s):.2f} s {'later' if pair.lag_s > 0 else 'earlier'}")
    if pair.score is not None:
        how.append(f"{pair.score:.2f}")
    if pair.kind is LeakKind.SAME_SOURCE:
        how.append(pair.clip.source_group or "")
    return f"{_place(pair.clip)}  ~  {_place(pair.other)}   {', '.join(how)}"


def _place(clip: SplitClip) -> str:
    return f"{clip.split}: clip {clip.clip_id}, {clip.recording_name} {clip.start_s:.2f}-{clip.stop_s:.2f} s"
