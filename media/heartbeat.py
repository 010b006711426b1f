"""Tells the other roles which rooms are live: `stream:{room_id}`, renewed every second."""

import asyncio
import logging
import time
from datetime import UTC, datetime

import orjson
from prometheus_client import Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from media.engines.base import MediaEngine, RoomState

logger = logging.getLogger(__name__)

INTERVAL_S = 1.0
EXPIRY_MS = 3_000
_SILENCE_S = 3.0

ROOMS = Gauge("shopcast_media_rooms", "Rooms whose host's media arrives here.")
VIEWERS = Gauge("shopcast_media_viewers", "Who watches by WebRTC.", ["engine"])
BITRATE = Gauge("shopcast_media_ingest_bits_per_second", "What all hosts together send.")


class Heartbeat:
    """Writes a JSON object a room: session, node, started_at, viewers, and how the host's media arrives.

    The key expires 3 s after the last renewal: a media role that dies needs nobody to clean up.
    """

    def __init__(self, engine: MediaEngine, redis: Redis, node: str) -> None:
        self._engine = engine
        self._redis = redis
        self._node = node
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            self.wake.clear()
            try:
                await self.beat()
            except (RedisError, OSError) as error:
                logger.warning("heartbeat: %s", error)
            try:
                await asyncio.wait_for(self.wake.wait(), INTERVAL_S)
            except TimeoutError:
                continue

    async def beat(self) -> None:
        """Renew the key of every room whose host's media came within the last 3 s."""
        now = time.monotonic()
        rooms = self._engine.rooms()
        live = [
            (room, room.publisher)
            for room in rooms
            if room.publisher is not None and now - room.publisher.last_media_at <= _SILENCE_S
        ]
        ROOMS.set(len(live))
        VIEWERS.labels(self._engine.name).set(sum(room.viewers for room in rooms))
        BITRATE.set(sum(publisher.bitrate_bps for _, publisher in live))
        for room, _ in live:
            body = orjson.dumps(self._document(room, now))
            await self._redis.set(f"stream:{room.room_id}", body, px=EXPIRY_MS)

    async def ended(self, room_id: str) -> None:
        """Remove the key at once where a host has left for good, unless another node has the room now."""
        body = await self._redis.get(f"stream:{room_id}")
        if body is not None and orjson.loads(body)["node"] == self._node:
            await self._redis.delete(f"stream:{room_id}")

    def _document(self, room: RoomState, now: float) -> dict[str, object]:
        publisher = room.publisher
        assert publisher is not None
        started = datetime.fromtimestamp(time.time() - (now - publisher.started_at), UTC)
        return {
            "session": publisher.session_id,
            "node": self._node,
            "started_at": started.isoformat(),
            "viewers": room.viewers,
            "bitrate_bps": publisher.bitrate_bps,
            "loss_share": round(publisher.loss_share, 4),
            "frames_per_s": publisher.frames_per_s,
            "frames_dropped": room.frames_dropped,
            "muted": room.muted,
        }
