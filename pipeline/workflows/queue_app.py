"""procrastinate's application: its queue in a schema of its own, its one task, and when that is tried again."""

from __future__ import annotations

from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.jobs import Job
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pipeline.catalog.jobs import QUEUE_SCHEMA
from pipeline.workflows.carry import Again, Carrier
from pipeline.workflows.jobs import QUEUE, TASK


def queue_app(carrier: Carrier, *, n_connections: int) -> App:
    """The application of a worker; it is to be opened."""
    options = str(conninfo_to_dict(carrier.url).get("options") or "")
    conninfo = make_conninfo(
        carrier.url,
        options=f"{options} -c search_path={QUEUE_SCHEMA},pg_temp".strip(),
        application_name="earmark worker queue",
    )
    app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=n_connections))

    # Not a coroutine: procrastinate gives it a thread, and the heartbeat goes on beside it.
    @app.task(name=TASK, queue=QUEUE, pass_context=True, retry=_WhenAsked())
    def carry(context: JobContext, *, job_id: int) -> None:  # pyright: ignore[reportUnusedFunction]
        carrier.carry(job_id, should_stop=context.should_abort)

    return app


class _WhenAsked(BaseRetryStrategy):
    """Again when ``Again`` says so. What fails in another way is looked after by the sweep."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        return RetryDecision(retry_at=exception.retry_at) if isinstance(exception, Again) else None
