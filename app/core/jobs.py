"""Background jobs on PostgreSQL (Procrastinate). A job deferred in a transaction exists only once it commits.

A task is declared where its noun lives (`tasks.py`) with `@blueprint.task(...)`; the jobs role adds
each blueprint to `create_jobs_app` and runs the worker. Tasks reach the platform's services by the
context that the worker was started with: `context.additional_context["services"]`.
"""

from datetime import datetime
from typing import Any

import orjson
import procrastinate
from psycopg.types.json import Jsonb

from app.core.db import Tx

QUEUE = "default"


def create_jobs_app(dsn: str, blueprints: dict[str, procrastinate.Blueprint]) -> procrastinate.App:
    """The Procrastinate app over `dsn`, its tasks named `<noun>:<task>`."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=dsn, min_size=1, max_size=4))
    for noun, blueprint in blueprints.items():
        app.add_tasks_from(blueprint, namespace=noun)
    return app


async def defer_in(
    tx: Tx,
    task: str,
    *,
    at: datetime | None = None,
    lock: str | None = None,
    queueing_lock: str | None = None,
    **args: Any,
) -> None:
    """Enqueue `task` (`<noun>:<task>`) with JSON-ready `args` in `tx`, to run at `at` or at once.

    While a job with the same `queueing_lock` waits, a second is not added.
    """
    if queueing_lock is not None:
        waiting = await tx.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = %s AND status = 'todo'", (queueing_lock,)
        )
        if await waiting.fetchone():
            return
    await tx.execute(
        """SELECT procrastinate_defer_jobs_v1(ARRAY[
             ROW(%s, %s, 0, %s, %s, %s, %s)::procrastinate_job_to_defer_v1])""",
        (QUEUE, task, lock, queueing_lock, Jsonb(args, dumps=orjson.dumps), at),
    )
