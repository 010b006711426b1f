"""Wake-ups: which topics' logs have grown, heard over one pub/sub connection a process."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.bus import wake_channel

RETRY_AFTER_S = 0.5
SHARDED_FROM = 7
"""The version of Redis that brought sharded pub/sub."""
_KEEP_OPEN = "-"
_TELLING = ("message", "subscribe", "smessage", "ssubscribe")
_PREFIX_LENGTH = len(wake_channel("")) - 1

log = structlog.get_logger()


class Wakes:
    """Calls `on_wake(topic)` whenever a followed topic's log may have grown.

    That is: at each publication, and whenever a subscription begins or begins again after Redis was
    away. Whoever listens reads the log then; a wake-up says nothing about what is in it.
    """

    def __init__(self, redis: Redis, on_wake: Callable[[str], None]) -> None:
        self._redis = redis
        self._pubsub = redis.pubsub()
        self._sharded: bool | None = None
        self._on_wake = on_wake
        self._speaking = asyncio.Lock()

    async def follow(self, topics: Collection[str]) -> None:
        """Begin to listen; raises RedisError where Redis is away."""
        async with self._speaking:  # two at once would open two connections
            subscribe, _ = await self._commands()
            await subscribe(*map(wake_channel, topics))

    async def unfollow(self, topics: Collection[str]) -> None:
        """Listen no longer."""
        async with self._speaking:
            _, unsubscribe = await self._commands()
            await unsubscribe(*map(wake_channel, topics))

    async def _commands(self) -> tuple[Callable[..., Awaitable[Any]], Callable[..., Awaitable[Any]]]:
        """How to subscribe and unsubscribe: to sharded channels where the server has them (`app.core.bus`)."""
        if self._sharded is None:
            version = (await self._redis.info("server"))["redis_version"]
            self._sharded = int(str(version).split(".")[0]) >= SHARDED_FROM
        if self._sharded:
            return self._pubsub.ssubscribe, self._pubsub.sunsubscribe
        return self._pubsub.subscribe, self._pubsub.unsubscribe

    async def run(self) -> None:
        """Listen until cancelled; an outage of Redis is waited out."""
        try:
            while True:
                try:
                    await self.follow([_KEEP_OPEN])
                    while True:
                        self._hear(await self._pubsub.get_message(timeout=None))
                except (RedisError, OSError) as error:
                    log.warning("wake-ups interrupted", error=str(error))
                    await asyncio.sleep(RETRY_AFTER_S)
        finally:
            await self._pubsub.aclose()  # type: ignore[no-untyped-call]

    def _hear(self, message: dict[str, Any] | None) -> None:
        if message is not None and message["type"] in _TELLING:
            topic = message["channel"][_PREFIX_LENGTH:-1].decode()
            if topic != _KEEP_OPEN:
                self._on_wake(topic)
