"""How fast somebody may act, counted in Redis over all processes."""

from collections.abc import Mapping
from dataclasses import dataclass

from redis.asyncio import Redis

from app.core.errors import RateLimited

# Generic cell rate algorithm: the key holds when the allowance is whole again, in ms; an act
# moves that by `interval`, and is refused where it would move it more than `burst` intervals ahead.
_PACE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local wait = 0
local mode = ARGV[2 * #KEYS + 1]
for i, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local whole = math.max(tonumber(redis.call('GET', key) or 0), now)
  wait = math.max(wait, whole + interval - burst * interval - now)
end
if mode == 'check' or mode == 'take' and wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  local interval = tonumber(ARGV[2 * i - 1])
  local whole = math.max(tonumber(redis.call('GET', key) or 0), now) + interval
  redis.call('SET', key, string.format('%.0f', whole), 'PX', math.ceil(whole - now))
end
return 0
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """`burst` acts at once, then one every `interval_ms`."""

    interval_ms: int
    burst: int


class PaceKeeper:
    """Refuses whoever is too fast. On a Redis Cluster the keys of one call must share a hash tag."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._pace = redis.register_script(_PACE)

    async def take(self, paces: Mapping[str, Pace]) -> None:
        """Count an act under every key; raises RateLimited where one refuses, counting nothing."""
        await self._refuse(paces, "take")

    async def check(self, paces: Mapping[str, Pace]) -> None:
        """Raises RateLimited where an act would be refused now; counts nothing."""
        await self._refuse(paces, "check")

    async def count(self, paces: Mapping[str, Pace]) -> None:
        """Count an act that has happened, whether or not it was in time."""
        await self._run(paces, "count")

    async def forget(self, key: str) -> None:
        """The allowance is whole again."""
        await self._redis.delete(key)

    async def _refuse(self, paces: Mapping[str, Pace], mode: str) -> None:
        wait_ms = await self._run(paces, mode)
        if wait_ms > 0:
            raise RateLimited(retry_after_s=-(-wait_ms // 1_000))

    async def _run(self, paces: Mapping[str, Pace], mode: str) -> int:
        args = [figure for pace in paces.values() for figure in (pace.interval_ms, pace.burst)]
        return int(await self._pace(keys=list(paces), args=[*args, mode]))
