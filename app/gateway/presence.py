"""Who is in which room, over all gateways: each keeps the set of its own people alive in Redis."""

import time
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from redis.asyncio import Redis

from app.engagement import watching
from app.engagement.counters import VIEWERS_LIFETIME_S, viewers_key
from app.rooms.here import here_key

ALIVE_MS = 4_000
"""A gateway that has not been heard of for so long has lost its people."""
WRITE_LIMIT = 1_000

# Counts each person once over the living gateways; within a second only the first asker counts.
_COUNT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
if redis.call('SET', KEYS[1] .. ':counted', 1, 'NX', 'PX', 900) then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[2]))
  local sets = {}
  for _, gateway in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    table.insert(sets, KEYS[1] .. ':' .. gateway)
  end
  local viewers
  if #sets == 1 then
    viewers = redis.call('SCARD', sets[1])
  else
    viewers = redis.call('SUNIONSTORE', KEYS[1] .. ':all', unpack(sets))
    redis.call('PEXPIRE', KEYS[1] .. ':all', ARGV[2])
  end
  redis.call('SET', KEYS[2], viewers, 'EX', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], 10 * ARGV[2])
  return viewers
end
return tonumber(redis.call('GET', KEYS[2]) or 0)
"""


class Presence:
    """The people whom this gateway serves, each once however many tabs they have open.

    A room's staff are no audience: they keep their room among `rooms` and are not counted.
    """

    def __init__(self, redis: Redis, gateway_id: str) -> None:
        self._redis = redis
        self._gateway_id = gateway_id
        self._count = redis.register_script(_COUNT)
        self._here: dict[UUID, Counter[str]] = {}
        self._staff: Counter[UUID] = Counter()
        self._came: dict[UUID, set[str]] = {}
        self._went: dict[UUID, set[str]] = {}

    @property
    def rooms(self) -> Sequence[UUID]:
        return list(self._here)

    def enter(self, room_id: UUID, subject: str, *, staff: bool = False) -> None:
        people = self._here.setdefault(room_id, Counter())
        if staff:
            self._staff[room_id] += 1
            return
        people[subject] += 1
        if people[subject] == 1:
            self._came.setdefault(room_id, set()).add(subject)
            self._went.get(room_id, set()).discard(subject)

    def leave(self, room_id: UUID, subject: str, *, staff: bool = False) -> None:
        if staff:
            self._staff[room_id] -= 1
            return
        people = self._here[room_id]
        people[subject] -= 1
        if not people[subject]:
            del people[subject]
            self._went.setdefault(room_id, set()).add(subject)
            self._came.get(room_id, set()).discard(subject)

    async def beat(self) -> dict[UUID, int]:
        """Tell Redis who came and went and that this gateway lives; the viewers of each of its rooms.

        Call it every second. What Redis has lost meanwhile is written again.
        """
        rooms = list(self._here)
        for room_id in await self._write(rooms):
            await self._repair(room_id)
        counts = await self._counts(rooms)
        for room_id in rooms:
            if not self._here[room_id] and not self._staff[room_id] and not self._went.get(room_id):
                del self._here[room_id]
                del self._staff[room_id]
        return counts

    async def _write(self, rooms: Sequence[UUID]) -> list[UUID]:
        """Send the changes; the rooms whose set in Redis is not what it should be."""
        came, self._came = self._came, {}
        went, self._went = self._went, {}
        now_s = time.time()
        expected = {room_id: len(self._here[room_id]) for room_id in rooms}
        sizes: list[int] = []
        async with self._redis.pipeline(transaction=False) as pipe:
            for room_id in rooms:
                for part in _parts(came.get(room_id, set())):
                    pipe.sadd(self._key(room_id), *part)
                    watching.came(pipe, room_id, part, now_s)
                for part in _parts(went.get(room_id, set())):
                    pipe.srem(self._key(room_id), *part)
                pipe.pexpire(self._key(room_id), ALIVE_MS)
                pipe.scard(self._key(room_id))
                sizes.append(len(pipe) - 1)
            answers = await pipe.execute()
        for room_id, people in went.items():
            await watching.went(self._redis, room_id, people, now_s)
        return [room_id for room_id, at in zip(rooms, sizes, strict=True) if answers[at] != expected[room_id]]

    async def _repair(self, room_id: UUID) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(self._key(room_id))
            for part in _parts(set(self._here[room_id])):
                pipe.sadd(self._key(room_id), *part)
            pipe.pexpire(self._key(room_id), ALIVE_MS)
            await pipe.execute()

    async def leave_all(self) -> None:
        """This gateway ends: its people are gone at once."""
        for room_id, people in self._here.items():
            await watching.went(
                self._redis, room_id, set(people) | self._went.get(room_id, set()), time.time()
            )
        async with self._redis.pipeline(transaction=False) as pipe:
            for room_id in self._here:
                pipe.delete(self._key(room_id))
                pipe.zrem(here_key(room_id), self._gateway_id)
            await pipe.execute()

    def _key(self, room_id: UUID) -> str:
        return f"{here_key(room_id)}:{self._gateway_id}"

    async def _counts(self, rooms: Sequence[UUID]) -> dict[UUID, int]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for room_id in rooms:
                await self._count(
                    keys=[here_key(room_id), viewers_key(room_id)],
                    args=[self._gateway_id, ALIVE_MS, VIEWERS_LIFETIME_S],
                    client=pipe,
                )
            return dict(zip(rooms, map(int, await pipe.execute()), strict=True))


def _parts(people: set[str]) -> list[list[str]]:
    listed = list(people)
    return [listed[start : start + WRITE_LIMIT] for start in range(0, len(listed), WRITE_LIMIT)]
