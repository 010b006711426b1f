"""What the media role tells of streams, as rooms understand it."""

from uuid import UUID

import structlog

from app.core.clock import Clock
from app.core.db import Database
from app.rooms import service

log = structlog.get_logger()


class RoomStreamEvents:
    """A `media.ports.StreamEvents`: a host who streams is live, whether or not a button was pressed."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def on_publish_started(self, room_id: str, session_id: str) -> None:
        async with self._db.transaction() as tx:
            await service.begin_show(tx, self._clock, await service.lock(tx, UUID(room_id)))
        log.info("stream began", room_id=room_id, session_id=session_id)

    async def on_publish_ended(self, room_id: str, session_id: str) -> None:
        """The room stays live until its host ends it: the stream may come back."""
        log.info("stream ended", room_id=room_id, session_id=session_id)
