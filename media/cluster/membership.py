"""This node's place among the others: it says that it is alive, keeps its rooms, lets go of lost ones."""

import asyncio
import logging
import time
from collections.abc import Callable

from redis.exceptions import RedisError

from media.cluster.placement import Placement
from media.engines.base import MediaEngine

logger = logging.getLogger(__name__)

INTERVAL_S = 1.0


class Membership:
    """Beats once a second. A room that moved to another node while this one was held up is ended here."""

    def __init__(
        self,
        placement: Placement,
        engine: MediaEngine,
        *,
        max_viewers: int,
        cpu_s: Callable[[], float] = time.process_time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._placement = placement
        self._engine = engine
        self._max_viewers = max_viewers
        self._cpu_s = cpu_s
        self._monotonic = monotonic
        self._measured = cpu_s(), monotonic()

    async def run(self) -> None:
        """Beat until cancelled; then leave."""
        try:
            while True:
                try:
                    await self.beat()
                except (RedisError, OSError) as error:
                    logger.warning("this node is not in touch with the others: %s", error)
                await asyncio.sleep(INTERVAL_S)
        finally:
            try:
                await self._placement.leave()
            except (RedisError, OSError):
                logger.info("the others will notice in 3 s that this node is gone")

    async def beat(self) -> None:
        """Say that this node lives, and keep the rooms that it serves."""
        await self._placement.beat(self.load())
        for room_id in await self._placement.keep([room.room_id for room in self._engine.rooms()]):
            logger.warning("room %s lives on another node now", room_id)
            await self._engine.evict(room_id)

    def load(self) -> float:
        """How full this node is: its share of a core, or of the viewers that it may have."""
        cpu, now = self._cpu_s(), self._monotonic()
        before_cpu, before = self._measured
        busy = (cpu - before_cpu) / (now - before) if now > before else 0.0
        self._measured = cpu, now
        viewers = sum(room.viewers for room in self._engine.rooms())
        return max(busy, viewers / self._max_viewers)
