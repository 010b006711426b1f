"""Which worker listens to which room: `ai:claim:{room_id}` holds the worker's name for 3.5 s at a time."""

from redis.asyncio import Redis

CLAIM_S = 3.5
RENEW_S = 1.0
"""With a look for free rooms every second, a dead worker's room is taken within 5 s."""
_CLAIM_MS = round(CLAIM_S * 1000)

_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Claims:
    """A worker that dies loses its rooms 3.5 s after its last renewal."""

    def __init__(self, redis: Redis, worker: str) -> None:
        """`worker` must be unique among living workers."""
        self._redis = redis
        self._worker = worker
        self._renew = redis.register_script(_RENEW)
        self._release = redis.register_script(_RELEASE)

    async def take(self, room_id: str) -> bool:
        """Whether the room is ours from now on."""
        return bool(await self._redis.set(_key(room_id), self._worker, nx=True, px=_CLAIM_MS))

    async def renew(self, room_id: str) -> bool:
        """False: another worker has it, or the claim ran out."""
        return bool(await self._renew(keys=[_key(room_id)], args=[self._worker, _CLAIM_MS]))

    async def release(self, room_id: str) -> None:
        await self._release(keys=[_key(room_id)], args=[self._worker])


def _key(room_id: str) -> str:
    return f"ai:claim:{room_id}"
