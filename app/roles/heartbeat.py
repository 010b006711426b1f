"""Each role's process says every two seconds that it is alive; who falls silent is gone after six."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.ids import new_id

EVERY_S = 2
GONE_AFTER_S = 6

log = structlog.get_logger()


@asynccontextmanager
async def beating(redis: Redis, role: str) -> AsyncIterator[None]:
    """Say that this process of `role` is ready and alive while the block runs."""
    key = f"role:{role}:{new_id()}"
    await redis.set(key, os.getpid(), ex=GONE_AFTER_S)

    async def beat() -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await redis.set(key, os.getpid(), ex=GONE_AFTER_S)
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
