"""Ending background tasks for sure."""

import asyncio
from collections.abc import Collection
from typing import Any

ASK_AGAIN_AFTER_S = 0.2


async def stop(tasks: Collection["asyncio.Task[Any]"]) -> None:
    """Cancel the tasks and wait until each has ended, whatever it ended with.

    Before Python 3.12 `asyncio.wait_for` may swallow a cancellation that comes together with what it
    waits for (CPython issue 86296), and psycopg waits by it: so the cancellation is repeated.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=ASK_AGAIN_AFTER_S)
