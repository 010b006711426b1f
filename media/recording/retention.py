"""Deletes recordings whose time is over."""

import asyncio
import logging
from collections.abc import Callable, Container
from datetime import UTC, datetime, timedelta

from media.recording.library import Library
from media.recording.ports import Retention

logger = logging.getLogger(__name__)

INTERVAL_S = 3600.0


class KeepDays:
    """A `Retention` of the same number of days for every room."""

    def __init__(self, days: int) -> None:
        self._days = days

    async def days(self, room_id: str) -> int:
        return self._days


class Sweeper:
    """Looks once an hour; a room's recordings go together, after the last of them is old enough."""

    def __init__(
        self,
        library: Library,
        retention: Retention,
        live: Container[str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._library = library
        self._retention = retention
        self._live = live
        self._now = now

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            try:
                await self.sweep()
            except Exception:
                logger.exception("recordings were not swept")
            await asyncio.sleep(INTERVAL_S)

    async def sweep(self) -> list[str]:
        """Delete what is due; returns the rooms."""
        deleted = []
        for room_id in await asyncio.to_thread(self._library.rooms):
            recordings = await asyncio.to_thread(self._library.recordings, room_id)
            if room_id in self._live or not recordings:
                continue
            days = await self._retention.days(room_id)
            if days >= 0 and recordings[-1].ended_at + timedelta(days=days) < self._now():
                await asyncio.to_thread(self._library.delete, room_id)
                deleted.append(room_id)
                logger.info("recordings of room %s are deleted after %d days", room_id, days)
        return deleted
