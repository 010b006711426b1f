"""Orders to a room's stream from other processes: stop it, or take its sound away, until taken back.

`media:control:{room_id}` in Redis holds the order that is in force; the channel `media:control`
says which room's has changed. A node reads the key when it is told, when somebody wants to publish,
and every two seconds besides, so that a lost message costs no more than that.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Protocol

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from media.engines.base import RoomState, StreamOrder

logger = logging.getLogger(__name__)

CHANNEL = "media:control"
CHECK_S = 2.0
KEPT_S = 30 * 24 * 3600


def order_key(room_id: str) -> str:
    return f"media:control:{room_id}"


class Obedient(Protocol):
    """The part of an engine that orders concern."""

    def obey(self, room_id: str, order: StreamOrder) -> None: ...
    def rooms(self) -> Sequence[RoomState]: ...


class StreamControl:
    """What another process uses: `shopcast` roles and adapters, moderation above all."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def give(self, room_id: str, order: StreamOrder, *, ttl_s: int = KEPT_S) -> None:
        """Put an order in force for `ttl_s`; one that neither stops nor mutes lifts what was."""
        async with self._redis.pipeline() as pipe:
            if order.stopped or order.muted:
                body = {"stopped": order.stopped, "muted": order.muted, "reason": order.reason}
                pipe.set(order_key(room_id), orjson.dumps(body), ex=ttl_s)
            else:
                pipe.delete(order_key(room_id))
            pipe.publish(CHANNEL, room_id)
            await pipe.execute()

    async def lift(self, room_id: str) -> None:
        """Let the room stream with sound again."""
        await self.give(room_id, StreamOrder())

    async def current(self, room_id: str) -> StreamOrder:
        """The order in force; one that forbids nothing where there is none."""
        return _parse(room_id, await self._redis.get(order_key(room_id)))


class ControlWatcher:
    """Makes an engine obey: each room's order as soon as it changes."""

    def __init__(self, engine: Obedient, redis: Redis) -> None:
        self._engine = engine
        self._redis = redis
        self._control = StreamControl(redis)
        self._forbidden: set[str] = set()

    async def apply(self, room_id: str) -> None:
        """Read a room's order and make the engine obey; without Redis the last one stays in force."""
        try:
            order = await self._control.current(room_id)
        except (RedisError, OSError) as error:
            logger.warning("orders for room %s cannot be read: %s", room_id, error)
            return
        (self._forbidden.add if order.stopped or order.muted else self._forbidden.discard)(room_id)
        self._engine.obey(room_id, order)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    await self._listen(channel)
            except (RedisError, OSError) as error:
                logger.warning("orders: %s", error)
                await asyncio.sleep(CHECK_S)

    async def _listen(self, channel: Any) -> None:
        loop = asyncio.get_running_loop()
        checked_at = loop.time() - CHECK_S
        while True:
            if loop.time() - checked_at >= CHECK_S:
                checked_at = loop.time()
                for room_id in {room.room_id for room in self._engine.rooms()} | self._forbidden:
                    await self.apply(room_id)
            message = await channel.get_message(ignore_subscribe_messages=True, timeout=CHECK_S)
            if message is not None:
                await self.apply(message["data"].decode())


def _parse(room_id: str, body: bytes | str | None) -> StreamOrder:
    if body is None:
        return StreamOrder()
    try:
        found = orjson.loads(body)
        return StreamOrder(
            bool(found.get("stopped")), bool(found.get("muted")), str(found.get("reason") or "")
        )
    except (orjson.JSONDecodeError, AttributeError):
        logger.warning("the order for room %s is not readable", room_id)
        return StreamOrder()
