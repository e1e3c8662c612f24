"""``earmark worker`` carries jobs, ``jobs`` and ``cancel`` look after them, ``--background`` makes them."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import socket
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, cast, get_type_hints

import typer
from typer.models import ArgumentInfo

from pipeline.cli.context import (
    JsonOption,
    ProjectOption,
    WorkspaceOption,
    command,
    opened,
    out,
    print_json,
)
from pipeline.core.logs import start_logging, tell
from pipeline.core.settings import DEFAULT_RECIPE
from pipeline.storage import is_local, path_of
from pipeline.workflows.workspace import Workspace

if TYPE_CHECKING:
    from pipeline.workflows.live import LiveQueues

SWEEP_EVERY_S, LOOK_EVERY_S = 5.0, 0.5
_GRACE_S = 1.0  # then what runs is put back for another worker

BackgroundOption = Annotated[
    bool, typer.Option("--background", help="Leave it to a worker and go on; earmark jobs shows it.")
]

_FLAG = "is_background"
_PLACES = ("workspace", "project", "is_json")
_PATHS = ("source", "folder", "table")


def worker(
    until_idle_s: Annotated[
        float | None, typer.Option("--until-idle", min=0, help="Leave after so many seconds without a job.")
    ] = None,
    is_once: Annotated[bool, typer.Option("--once", help="Carry what waits now, then leave.")] = False,
    concurrency: Annotated[int, typer.Option(min=1, help="How many jobs at a time.")] = 1,
    first_retry_s: Annotated[float, typer.Option("--first-retry", hidden=True)] = 5.0,
    is_helper: Annotated[bool, typer.Option("--helper", hidden=True)] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Carry the jobs of every project of this database, one after the other, and keep live queues; Ctrl+C leaves."""
    from pipeline.catalog import jobs
    from pipeline.workflows.carry import Carrier, sweep
    from pipeline.workflows.jobs import ensure_queue
    from pipeline.workflows.live import LiveQueues

    with opened(workspace, None) as space:
        conn = space.conn
        ensure_queue(conn)
        if not jobs.hold_worker(conn, is_helper=is_helper):
            return
        start_logging("worker", space.settings, stderr="everything")
        tell("worker started", who=space.person, concurrency=concurrency)
        began = time.monotonic()
        sweep(conn)
        carrier = Carrier(
            url=space.url,
            environ=_environ(space),
            worker=f"{socket.gethostname()}:{os.getpid()}",
            first_retry_s=first_retry_s,
        )
        while True:
            with closing(LiveQueues(url=space.url)) as live:
                work = _work(space, carrier, live, until_idle_s=until_idle_s, is_once=is_once, concurrency=concurrency)
                asyncio.run(work)
            jobs.release_worker(conn)
            # Who submitted in this moment saw us alive and started nobody.
            if until_idle_s is None or jobs.count_open(conn) == 0 or not jobs.hold_worker(conn, is_helper=is_helper):
                tell("worker stopped", who=space.person, duration_s=time.monotonic() - began)
                return


def jobs(workspace: WorkspaceOption = None, project: ProjectOption = None, is_json: JsonOption = False) -> None:
    """List the latest jobs, newest first."""
    from pipeline.workflows.jobs import list_jobs

    with command(workspace, project, is_json=is_json) as context:
        found = list_jobs(context.workspace.conn, context.project)
        if is_json:
            print_json([asdict(job) for job in found])
            return
        for job in found:
            lines = "; ".join(" ".join(words) for words in job.verbs)
            done = f"{job.n_verbs_done}/{len(job.verbs)}"
            out.print(f"{job.job_id:>6}  {job.state:<9}  {done:<5} {lines}", markup=False, soft_wrap=True)
            if job.message:
                out.print(f"        {job.message}", markup=False, soft_wrap=True)


def cancel(
    job_id: Annotated[int, typer.Argument(help="The number that earmark jobs shows.")],
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Cancel a job that waits, or stop one that runs at its next commit."""
    from pipeline.workflows.jobs import cancel as run

    with command(workspace, project, is_json=is_json) as context:
        job = run(context.workspace.conn, context.project, job_id)
        if is_json:
            print_json(asdict(job))
        else:
            told = "will stop at its next commit" if job.state == "running" else f"is {job.state}"
            out.print(f"job {job_id} {told}")


def long_verb(verb: Callable[..., None]) -> Callable[..., None]:
    """The same verb with the flag ``--background``, which leaves it to a worker."""
    hints = get_type_hints(verb, include_extras=True)

    @functools.wraps(verb)
    def run(*, is_background: bool, **given: Any) -> None:
        if is_background:
            _submit(verb.__name__.replace("_", "-"), _words(verb, hints, given), given)
        else:
            verb(**given)

    flag = inspect.Parameter(_FLAG, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=BackgroundOption)
    signature = inspect.signature(verb)
    whole = [parameter.replace(annotation=hints[name]) for name, parameter in signature.parameters.items()]
    # typer reads the options from these two.
    run.__signature__ = signature.replace(  # pyright: ignore[reportAttributeAccessIssue]
        parameters=[*whole, flag]
    )
    run.__annotations__ = {**hints, _FLAG: BackgroundOption}
    return run


def _words(verb: Callable[..., None], hints: dict[str, Any], given: dict[str, Any]) -> list[str]:
    """The command line again, in the worker's terms: paths are whole, since it works in another folder."""
    options: list[str] = []
    arguments: list[str] = []
    for name, parameter in inspect.signature(verb).parameters.items():
        value = given[name]
        if name in _PLACES or value is None:
            continue
        info: Any = next(iter(getattr(hints[name], "__metadata__", ())), None)
        values = cast("list[object]", value) if isinstance(value, list) else [value]
        texts = [path_of(str(one)) if name in _PATHS and is_local(str(one)) else str(one) for one in values]
        if isinstance(info, ArgumentInfo):
            arguments += texts
        elif value != parameter.default:
            # In an Annotated, typer keeps the first name that an option is given as its default.
            named = [getattr(info, "default", None), *(getattr(info, "param_decls", None) or ())]
            option = next((str(one) for one in named if str(one).startswith("--")), "--" + name.replace("_", "-"))
            options += [option] if value is True else [f"{option}={text}" for text in texts]
    return [*options, *arguments]


def _submit(verb: str, words: list[str], given: dict[str, Any]) -> None:
    from pipeline.workflows.jobs import see_to_worker, submit

    is_json = bool(given["is_json"])
    recipe = DEFAULT_RECIPE if verb == "ingest" else None
    with command(given["workspace"], given["project"], is_json=is_json, recipe=recipe) as context:
        job_id = submit(context.workspace.conn, context.project, [[verb, *words]])
        is_alive = see_to_worker(context.workspace)
        if is_json:
            print_json({"job": job_id, "verb": verb})
            return
        out.print(f"job {job_id} waits for a worker; earmark jobs shows it")
        if not is_alive:
            out.print("no worker is alive: start one with earmark worker", style="yellow")


async def _work(
    space: Workspace,
    carrier: Any,
    live: LiveQueues,
    *,
    until_idle_s: float | None,
    is_once: bool,
    concurrency: int,
) -> None:
    """Carry jobs until told to end, or until there was none for long enough."""
    from pipeline.workflows.queue_app import queue_app

    app = queue_app(carrier, n_connections=concurrency + 3)
    async with app.open_async():
        working = asyncio.create_task(
            app.run_worker_async(
                name=carrier.worker,
                concurrency=concurrency,
                wait=not is_once,
                # Any login can send notifications: a forged one would abort jobs, a broken one end the worker.
                listen_notify=False,
                fetch_job_polling_interval=0.25,
                shutdown_graceful_timeout=_GRACE_S,
            )
        )
        looking = asyncio.create_task(_look_after(space, working, live, until_idle_s))
        ranking = asyncio.create_task(_rank(live))
        try:
            with suppress(asyncio.CancelledError):
                await working
        finally:
            for beside in (looking, ranking):
                beside.cancel()
                with suppress(asyncio.CancelledError):
                    await beside


async def _rank(live: LiveQueues) -> None:
    """Keep the live queues, in a thread: jobs are carried meanwhile. A ranking that runs at the end is waited for."""
    while True:
        await asyncio.to_thread(live.rank_due)
        await asyncio.sleep(LOOK_EVERY_S)


async def _look_after(
    space: Workspace, working: asyncio.Task[None], live: LiveQueues, until_idle_s: float | None
) -> None:
    """Sweep up what other workers left, look again at watched sources, end the work when nothing came for so long."""
    from pipeline.catalog import jobs
    from pipeline.workflows.carry import sweep
    from pipeline.workflows.watch import submit_all_due

    busy_at = time.monotonic()
    swept_at = busy_at - SWEEP_EVERY_S
    passed_over: set[int] = set()
    while not working.done():
        await asyncio.sleep(LOOK_EVERY_S)
        now = time.monotonic()
        if now - swept_at > SWEEP_EVERY_S:
            sweep(space.conn)
            submit_all_due(space.conn, passed_over=passed_over)
            swept_at = now
        if until_idle_s is None:
            continue
        if live.is_sitting or jobs.count_open(space.conn) > 0:
            busy_at = now
        elif now - busy_at >= until_idle_s:
            working.cancel()
            return


def _environ(space: Workspace) -> dict[str, str]:
    settings = space.settings
    environ = {
        **os.environ,
        "EARMARK_WORKSPACE": str(settings.workspace),
        "EARMARK_STORE": space.store.uri,
        "EARMARK_WORKERS": str(settings.workers),
    }
    if settings.database_url is not None:
        environ["EARMARK_DATABASE_URL"] = settings.database_url
    return environ
