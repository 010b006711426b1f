"""Each role's process says every two seconds that it is alive; who falls silent is gone after six.

Its figures (`app.core.metrics`) go with it.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from prometheus_client import Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core import metrics
from app.core.ids import new_id

EVERY_S = 2
GONE_AFTER_S = 6

LOOP_LAG = Gauge("shopcast_event_loop_lag_seconds", "By how much the event loop was late at the last beat.")

log = structlog.get_logger()


@asynccontextmanager
async def beating(redis: Redis, role: str) -> AsyncIterator[None]:
    """Say that this process of `role` is ready and alive while the block runs."""
    process = str(new_id())
    key = f"role:{role}:{process}"
    await redis.set(key, os.getpid(), ex=GONE_AFTER_S)
    loop = asyncio.get_running_loop()

    async def beat() -> None:
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            LOOP_LAG.set(loop.time() - due)
            try:
                await redis.set(key, os.getpid(), ex=GONE_AFTER_S)
                await metrics.publish(redis, role, process)
            except RedisError:
                log.warning("no heartbeat: Redis does not answer")

    task = asyncio.create_task(beat(), name=f"heartbeat-{role}")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        with suppress(RedisError):
            await redis.delete(key)


async def alive(redis: Redis) -> dict[str, int]:
    """The number of live processes a role."""
    keys = [key async for key in redis.scan_iter(match="role:*", count=1_000)]
    return dict(Counter(key.decode().split(":")[1] for key in keys))
