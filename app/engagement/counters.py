"""A room's viewer and like counters in Redis, as every gateway keeps them and anyone may read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from redis.asyncio import Redis

from app.core.db import Database
from app.engagement import repository

VIEWERS_LIFETIME_S = 5


@dataclass(frozen=True, slots=True)
class RoomStats:
    """`viewers`: people there now, each once. `streaming`: a host's stream arrives at the media role."""

    viewers: int
    likes: int
    streaming: bool


def viewers_key(room_id: UUID) -> str:
    return f"viewers:{room_id}"


def likes_key(room_id: UUID) -> str:
    return f"likes:{room_id}"


def stream_key(room_id: UUID) -> str:
    """Kept by the media role while a host publishes."""
    return f"stream:{room_id}"


async def read(redis: Redis, room_ids: Sequence[UUID]) -> list[RoomStats]:
    """The counters of each room, in order, in one round trip."""
    async with redis.pipeline(transaction=False) as pipe:
        for room_id in room_ids:
            pipe.mget(viewers_key(room_id), likes_key(room_id))
            pipe.exists(stream_key(room_id))
        answers = await pipe.execute()
    return [
        RoomStats(int(viewers or 0), int(likes or 0), bool(streaming))
        for (viewers, likes), streaming in zip(answers[::2], answers[1::2], strict=True)
    ]


async def add_likes(redis: Redis, db: Database, likes: dict[UUID, int]) -> None:
    """Add to each room's likes; a counter that Redis has lost goes on from what PostgreSQL knows."""
    async with redis.pipeline(transaction=False) as pipe:
        for room_id, count in likes.items():
            pipe.incrby(likes_key(room_id), count)
        totals = await pipe.execute()
    fresh = [room_id for (room_id, count), total in zip(likes.items(), totals, strict=True) if total == count]
    if not fresh:
        return
    async with db.transaction() as tx:
        stored = await repository.likes(tx, fresh)
    for room_id, count in stored.items():
        if count:
            await redis.incrby(likes_key(room_id), count)


async def store_likes(redis: Redis, db: Database, room_ids: Sequence[UUID]) -> None:
    """Write the counters to PostgreSQL, so that they outlive Redis, and bring back those that Redis has lost.

    They never go down there.
    """
    async with db.transaction() as tx:
        stored = await repository.likes(tx, room_ids)
        async with redis.pipeline(transaction=False) as pipe:
            for room_id, total in stored.items():
                pipe.set(likes_key(room_id), total, nx=True)
            await pipe.execute()
        stats = await read(redis, room_ids)
        await repository.set_likes(
            tx, {room_id: stat.likes for room_id, stat in zip(room_ids, stats, strict=True) if stat.likes}
        )
