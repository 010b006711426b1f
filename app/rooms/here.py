"""Who is in a room now, over all gateways."""

from typing import cast
from uuid import UUID

from pydantic import BaseModel
from redis.asyncio import Redis

from app.core.db import Database, fetch_all
from app.engagement import counters
from app.rooms import service
from app.rooms.schemas import Host

NAMED = 100


class People(BaseModel):
    """The audience: `total` counts guests too, `named` are up to 100 of those with an account."""

    total: int
    named: list[Host]


def here_key(room_id: UUID) -> str:
    """The gateways that serve people of the room; each keeps a set `{key}:{gateway}` of them."""
    return f"here:{{{room_id}}}"


async def people(db: Database, redis: Redis, room_id: UUID) -> People:
    """Raises RoomNotFound."""
    async with db.transaction() as tx:
        await service.get(tx, room_id)
    [stats] = await counters.read(redis, [room_id])
    found: set[UUID] = set()
    for gateway in cast("list[bytes]", await redis.zrange(here_key(room_id), 0, -1)):
        key = f"{here_key(room_id)}:{gateway.decode()}"
        for subject in cast("list[bytes]", await redis.srandmember(key, 2 * NAMED)):
            if not subject.startswith(b"guest-"):
                found.add(UUID(subject.decode()))
    async with db.transaction() as tx:
        rows = await fetch_all(
            tx,
            """SELECT id, display_name FROM users WHERE id = ANY(%(ids)s)
               ORDER BY display_name, id LIMIT %(limit)s""",
            {"ids": list(found), "limit": NAMED},
        )
    return People(total=stats.viewers, named=[Host(**row) for row in rows])
