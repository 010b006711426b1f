"""What each process of the role `ai` says of its language model, for whoever runs the platform."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Protocol

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ai.assistant.breaker import ModelHealth
from app.core.clock import Clock

EVERY_S = 2
GONE_AFTER_S = 6
_PREFIX = "assistant:status:"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """`model` None: answers are composed from facts alone. `outcomes`: what became of the model's
    calls since the process began; `dropped`: questions that waited too long."""

    process: str
    model: str | None
    circuit: str | None
    outcomes: dict[str, int]
    dropped: int
    at: str


class Observed(Protocol):
    """What a process reports on."""

    @property
    def health(self) -> ModelHealth | None: ...

    @property
    def dropped(self) -> int: ...


@asynccontextmanager
async def reporting(
    redis: Redis, clock: Clock, process: str, model: str | None, observed: Observed
) -> AsyncIterator[None]:
    """Reports every two seconds while the block runs; who falls silent is gone after six."""

    async def report() -> None:
        health = observed.health
        status = ProcessStatus(
            process=process,
            model=model,
            circuit=None if health is None else health.state.value,
            outcomes={} if health is None else dict(health.outcomes),
            dropped=observed.dropped,
            at=clock.now().isoformat(),
        )
        await redis.set(_PREFIX + process, orjson.dumps(asdict(status)), ex=GONE_AFTER_S)

    async def repeat() -> None:
        while True:
            try:
                await report()
            except RedisError:
                log.warning("assistant_status_unsent")
            await asyncio.sleep(EVERY_S)

    task = asyncio.create_task(repeat(), name="assistant-status")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        with suppress(RedisError):
            await redis.delete(_PREFIX + process)


async def processes(redis: Redis) -> list[ProcessStatus]:
    """Every process that answers now."""
    keys = sorted([key async for key in redis.scan_iter(match=f"{_PREFIX}*", count=1_000)])
    found = await redis.mget(keys) if keys else []
    return [ProcessStatus(**orjson.loads(raw)) for raw in found if raw]
