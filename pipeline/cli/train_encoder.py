"""The verb train-encoder: an encoder that learns from the project's own clips."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

import typer
from rich.markup import escape

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


def train_encoder(
    encoder: Annotated[str, typer.Option(help="fused, or lightly_ssl alone.")] = "fused",
    minutes: Annotated[float, typer.Option(min=0.05, help="CPU minutes to spend at most.")] = 5.0,
    n_threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of this machine.")] = 1,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="What is drawn is drawn by it.")] = 0,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Let an encoder learn from the clips, without a label, and say how to embed by it.

    Uses a GPU if there is one. Run the same again after a stop or a crash, and it goes on.
    """
    from pipeline.training.ssl import SslSettings
    from pipeline.workflows.train_encoder import train_encoder as run

    settings = SslSettings(max_cpu_s=60 * minutes, n_threads=n_threads, seed=seed)
    with command(workspace, project, is_json=is_json) as context:
        with progress_bar(is_json=is_json) as on_progress:
            trained = run(
                context.workspace.conn,
                context.project,
                context.workspace.store,
                folder=context.settings.workspace / "training",
                encoder=encoder,
                settings=settings,
                on_progress=on_progress,
            )
        if is_json:
            print_json({"verb": "train-encoder", "encoder": trained.encoder.to_json(), **asdict(trained.outcome)})
            return
        for point in trained.curve:
            knn = "" if point.knn_accuracy is None else f"  kNN accuracy {point.knn_accuracy:.3f}"
            out.print(f"{point.cpu_s:>8.0f} s  loss {point.loss:.3f}{knn}")
        print_outcome("train-encoder", replace(trained.outcome, detail={}), is_json=False)
        words = ",".join(f"{key}={value}" for key, value in trained.encoder.params.items())
        out.print(escape(f"earmark embed --encoder {trained.encoder.name}:{words}"), soft_wrap=True)
