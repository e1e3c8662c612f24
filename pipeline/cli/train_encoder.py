"""The verb train-encoder: an encoder that learns from the project's own clips."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from pipeline.workflows.train_encoder import TrainedEncoder


def train_encoder(
    encoder: Annotated[str, typer.Option(help="fused, or lightly_ssl alone.")] = "fused",
    minutes: Annotated[float, typer.Option(min=0.05, help="CPU minutes to spend at most.")] = 5.0,
    n_threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of this machine.")] = 1,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="What is drawn is drawn by it.")] = 0,
    keeps_recipe: Annotated[
        bool, typer.Option("--keep-recipe", help="Leave the encoder that the project's recipe names.")
    ] = False,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Let an encoder learn from the clips, without a label; earmark embed then embeds by it.

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
                keeps_recipe=keeps_recipe,
                on_progress=on_progress,
            )
        if is_json:
            told = {"encoder": trained.encoder.to_json(), "is_in_recipe": trained.is_in_recipe}
            told["is_resumed"] = trained.is_resumed
            print_json({"verb": "train-encoder", **told, **asdict(trained.outcome)})
            return
        for point in trained.curve:
            knn = "" if point.knn_accuracy is None else f"  kNN accuracy {point.knn_accuracy:.3f}"
            out.print(f"{point.cpu_s:>8.0f} s  loss {point.loss:.3f}{knn}")
        print_outcome("train-encoder", replace(trained.outcome, detail={}), is_json=False)
        _print_next(context.project.name, trained)


def _print_next(project: str, trained: TrainedEncoder) -> None:
    words = ",".join(f"{key}={value}" for key, value in trained.encoder.params.items())
    spelt = f"earmark embed --encoder {trained.encoder.name}:{words}"
    if trained.is_in_recipe:
        said = f"The recipe of {project} names this encoder now: earmark embed uses it, until then the old one serves."
    else:
        said = f"The recipe of {project} is as it was; to use this encoder: {spelt}"
    out.print(said, markup=False, soft_wrap=True)
