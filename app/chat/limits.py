"""How fast somebody may write, counted in Redis over all gateways."""

from uuid import UUID

from redis.asyncio import Redis

from app.core.pace import Pace, PaceKeeper

DEFAULT_PACE = Pace(interval_ms=1_000, burst=5)


class ChatPace:
    """Refuses whoever writes too fast."""

    def __init__(self, redis: Redis, pace: Pace = DEFAULT_PACE) -> None:
        self._pace = pace
        self._keeper = PaceKeeper(redis)

    async def take(self, room_id: UUID, author_id: UUID, slow_mode_s: int) -> None:
        """Count a message; raises RateLimited, counting nothing."""
        paces = {f"pace:{{{author_id}}}": self._pace}
        if slow_mode_s:
            paces[f"pace:{{{author_id}}}:{room_id}"] = Pace(slow_mode_s * 1_000, burst=1)
        await self._keeper.take(paces)
