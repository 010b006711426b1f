"""The same question asked again within minutes: one public answer that names how many asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from redis.asyncio import Redis

from app.core.clock import Clock

WINDOW_S = 120
ANNOUNCED_AT = (3, 10, 30, 100, 300, 1000)
"""Numbers of askers at which the answer is given again."""


@dataclass(frozen=True, slots=True)
class Asking:
    """`askers` of this question within the window; `due`: it is to be answered (again) now."""

    askers: int
    due: bool


class RecentQuestions(Protocol):
    async def note(self, room_id: str, key: str, askers: Sequence[str], message_id: str) -> Asking:
        """Counts askers (each once) of the question `key` in a room. The message that was due once
        is due again: its answer may not have got through."""
        ...


def _due(before: int, now: int) -> bool:
    return before == 0 or any(before < step <= now for step in ANNOUNCED_AT)


class RedisRecent:
    """Shared by every process of the role `ai`."""

    def __init__(self, redis: Redis, window_s: int = WINDOW_S) -> None:
        self._redis = redis
        self._window_s = window_s

    async def note(self, room_id: str, key: str, askers: Sequence[str], message_id: str) -> Asking:
        name = f"assistant:askers:{room_id}:{key}"
        opened = await self._redis.set(f"{name}:open", message_id, nx=True, ex=self._window_s)
        again = (
            not opened and message_id != "" and await self._redis.get(f"{name}:open") == message_id.encode()
        )
        async with self._redis.pipeline(transaction=True) as pipe:
            if opened:
                pipe.delete(name)
            pipe.scard(name)
            pipe.sadd(name, *askers)
            pipe.scard(name)
            pipe.expire(name, 2 * self._window_s)
            *_, before, _, now, _ = await pipe.execute()
        return Asking(now, _due(before, now) or again)


@dataclass
class MemoryRecent:
    """For tests and single processes."""

    clock: Clock
    window_s: int = WINDOW_S
    _seen: dict[tuple[str, str], tuple[float, str, set[str]]] = field(default_factory=dict)

    async def note(self, room_id: str, key: str, askers: Sequence[str], message_id: str) -> Asking:
        at = self.clock.monotonic()
        began, opener, known = self._seen.get((room_id, key), (at, message_id, set()))
        if at - began >= self.window_s:
            began, opener, known = at, message_id, set()
        before = len(known)
        known.update(askers)
        self._seen[(room_id, key)] = (began, opener, known)
        return Asking(len(known), _due(before, len(known)) or (opener == message_id != ""))
