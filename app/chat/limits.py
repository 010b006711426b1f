"""How fast somebody may write, counted in Redis over all gateways."""

from dataclasses import dataclass
from uuid import UUID

from redis.asyncio import Redis

from app.core.errors import RateLimited

# Generic cell rate algorithm: the key holds when the allowance is whole again, in ms; a message
# moves that by `interval`, and is refused where it would move it more than `burst` intervals ahead.
_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local wait = 0
for i, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local whole = math.max(tonumber(redis.call('GET', key) or 0), now)
  wait = math.max(wait, whole + interval - burst * interval - now)
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  local interval = tonumber(ARGV[2 * i - 1])
  local whole = math.max(tonumber(redis.call('GET', key) or 0), now) + interval
  redis.call('SET', key, string.format('%.0f', whole), 'PX', math.ceil(whole - now))
end
return 0
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """`burst` messages at once, then one every `interval_ms`."""

    interval_ms: int
    burst: int


DEFAULT_PACE = Pace(interval_ms=1_000, burst=5)


class ChatPace:
    """Refuses whoever writes too fast."""

    def __init__(self, redis: Redis, pace: Pace = DEFAULT_PACE) -> None:
        self._pace = pace
        self._take = redis.register_script(_TAKE)

    async def take(self, room_id: UUID, author_id: UUID, slow_mode_s: int) -> None:
        """Count a message; raises RateLimited, counting nothing."""
        keys = [f"pace:{{{author_id}}}"]
        args = [self._pace.interval_ms, self._pace.burst]
        if slow_mode_s:
            keys.append(f"pace:{{{author_id}}}:{room_id}")
            args += [slow_mode_s * 1_000, 1]
        wait_ms = int(await self._take(keys=keys, args=args))
        if wait_ms:
            raise RateLimited(retry_after_s=-(-wait_ms // 1_000))
