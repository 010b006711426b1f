"""The picture that stands for a room: the host's own, or one from the stream."""

from typing import cast
from uuid import UUID

import structlog
from psycopg.rows import DictRow
from redis.asyncio import Redis

from app.core.auth import Principal
from app.core.db import Database, fetch_all
from app.core.errors import Problem
from app.rooms import service
from commerce.catalog.pictures import PictureStore

AT_ONCE = 20

log = structlog.get_logger()


def frames_key(room_id: UUID) -> str:
    """A stream of pictures `jpeg`, kept by the media role while a host publishes."""
    return f"frames:{room_id}"


async def upload(
    db: Database, pictures: PictureStore, user: Principal, room_id: UUID, content: bytes
) -> DictRow:
    """Raises RoomNotFound, Forbidden, NotAPicture, PictureTooLarge."""
    async with db.transaction() as tx:
        service.require_host(user, await service.get(tx, room_id))
    cover_url = await pictures.add(content)
    async with db.transaction() as tx:
        return await service.set_cover(tx, room_id, cover_url)


async def from_streams(db: Database, redis: Redis, pictures: PictureStore) -> int:
    """Give live rooms that have no cover the newest picture of their stream; how many there were."""
    async with db.transaction() as tx:
        rows = await fetch_all(
            tx,
            """SELECT id FROM rooms WHERE status = 'live' AND cover_url IS NULL ORDER BY started_at DESC
               LIMIT %(limit)s""",
            {"limit": AT_ONCE},
        )
    taken = 0
    for row in rows:
        newest = cast(
            "list[tuple[bytes, dict[bytes, bytes]]]", await redis.xrevrange(frames_key(row["id"]), count=1)
        )
        if not newest:
            continue
        try:
            cover_url = await pictures.add(newest[0][1][b"jpeg"])
        except Problem as problem:
            log.warning("no cover", room_id=str(row["id"]), code=problem.code)
            continue
        async with db.transaction() as tx:
            if (await service.lock(tx, row["id"]))["cover_url"] is None:
                await service.set_cover(tx, row["id"], cover_url)
                taken += 1
    return taken
