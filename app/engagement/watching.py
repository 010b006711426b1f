"""How long each person has been in a room, in Redis, from the gateways' comings and goings."""

from collections.abc import Collection
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

LIFETIME_S = 7 * 24 * 3600


def came(pipe: "Pipeline", room_id: UUID, subjects: Collection[str], now_s: float) -> None:
    """Note in `pipe` that these are in the room from `now_s` (Unix time); who was there already stays so."""
    for subject in subjects:
        pipe.hsetnx(_since_key(room_id), subject, now_s)
    pipe.expire(_since_key(room_id), LIFETIME_S)


async def went(redis: Redis, room_id: UUID, subjects: Collection[str], now_s: float) -> None:
    """These have left the room: add their time."""
    people = list(subjects)
    if not people:
        return
    since = await redis.hmget(_since_key(room_id), people)
    async with redis.pipeline(transaction=True) as pipe:
        for subject, began in zip(people, since, strict=True):
            if began is not None:
                pipe.hincrbyfloat(_watched_key(room_id), subject, max(0.0, now_s - float(began)))
        pipe.hdel(_since_key(room_id), *people)
        pipe.expire(_watched_key(room_id), LIFETIME_S)
        await pipe.execute()


async def watched_s(redis: Redis, room_id: UUID, subject: str, now_s: float | None = None) -> float:
    """The seconds that somebody has been in the room so far; `now_s` is Redis's time unless given."""
    if now_s is None:
        seconds, microseconds = await redis.time()
        now_s = seconds + microseconds / 1e6
    before = float(await redis.hget(_watched_key(room_id), subject) or 0)
    since = await redis.hget(_since_key(room_id), subject)
    return before + (max(0.0, now_s - float(since)) if since is not None else 0.0)


def _since_key(room_id: UUID) -> str:
    return f"watching:{{{room_id}}}"


def _watched_key(room_id: UUID) -> str:
    return f"watched:{{{room_id}}}"
