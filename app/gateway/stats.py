"""A room's figures on this gateway: people, likes and the state of the stream, refreshed every second."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import orjson
import psycopg
import structlog
from prometheus_client import Gauge
from psycopg_pool import PoolTimeout
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.clock import Clock
from app.core.db import Database
from app.core.events import room_topic
from app.engagement import counters, repository
from app.engagement.flash_sales import repository as flash_sales
from app.gateway.hub import Hub
from app.gateway.presence import Presence
from app.rooms.service import stream_state

EVERY_S = 1.0

ROOMS = Gauge("shopcast_gateway_rooms", "Rooms in which somebody is connected.")

log = structlog.get_logger()


class StatsKeeper:
    """Sends this gateway's people and likes to Redis, and every room's figures to its viewers."""

    def __init__(self, redis: Redis, db: Database, clock: Clock, hub: Hub, presence: Presence) -> None:
        self._redis = redis
        self._db = db
        self._clock = clock
        self._hub = hub
        self._presence = presence
        self._likes: Counter[UUID] = Counter()
        self._statuses: dict[UUID, str] = {}
        self._flash_left: dict[UUID, dict[str, int]] = {}

    def like(self, room_id: UUID, count: int) -> None:
        """Counted with the next refresh, many likes as one."""
        self._likes[room_id] += count

    async def run(self) -> None:
        """Refresh every EVERY_S until cancelled; an outage of Redis or PostgreSQL is waited out."""
        loop = asyncio.get_running_loop()
        next_s = loop.time()
        while True:
            try:
                await self.refresh()
            except (RedisError, psycopg.Error, PoolTimeout, OSError) as error:
                log.warning("figures not refreshed", error=str(error))
            next_s = max(next_s + EVERY_S, loop.time())
            await asyncio.sleep(next_s - loop.time())

    async def refresh(self) -> None:
        viewers = await self._presence.beat()
        ROOMS.set(len(viewers))
        await self.store_likes()
        if not viewers:
            return
        room_ids = list(viewers)
        stats = await counters.read(self._redis, room_ids)
        await self._read_rooms(room_ids)
        for room_id, stat in zip(room_ids, stats, strict=True):
            state = stream_state(self._statuses.get(room_id, "ended"), streaming=stat.streaming)
            figures: dict[str, Any] = {"viewers": viewers[room_id], "likes": stat.likes, "stream": state}
            if room_id in self._flash_left:
                figures["flash"] = self._flash_left[room_id]
            self._hub.set_stats(room_topic(room_id), orjson.dumps(figures))

    async def store_likes(self) -> None:
        likes, self._likes = self._likes, Counter()
        if not likes:
            return
        try:
            await counters.add_likes(self._redis, self._db, likes)
        except RedisError:
            self._likes.update(likes)
            raise

    async def _read_rooms(self, room_ids: list[UUID]) -> None:
        """Many orders a second change what is left of a flash sale; a viewer is told once a second."""
        async with self._db.transaction() as tx:
            self._statuses = await repository.room_statuses(tx, room_ids)
            self._flash_left = await flash_sales.left(tx, room_ids, self._clock.now())
