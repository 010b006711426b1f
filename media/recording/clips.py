"""Cuts a clip per presented product as soon as its window is over and on disk."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from media.recording.library import Library
from media.recording.ports import ExplanationWindow, ExplanationWindows, RecordingEvents

logger = logging.getLogger(__name__)

POLL_S = 5.0
_RECENT = timedelta(hours=24)
_SETTLED = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class ClipMargins:
    """A window begins `lead_s` late, because a product is recognized only once it was named."""

    lead_s: float = 4.0
    shortest_s: float = 3.0


class ClipMaker:
    """Looks every 5 s. One clip is cut at a time; a clip that exists is never cut again.

    A window is cut once the disk holds its end; 15 s after its end nothing more is to come, whether
    the stream is over, interrupted, or was never recorded. Several nodes may share the recordings.
    """

    def __init__(
        self,
        library: Library,
        windows: ExplanationWindows,
        events: RecordingEvents,
        *,
        margins: ClipMargins | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._library = library
        self._windows = windows
        self._events = events
        self._margins = margins or ClipMargins()
        self._now = now
        self._skipped: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Cut until cancelled."""
        while True:
            try:
                await self.cut_due()
            except Exception:
                logger.exception("clips: trying again")
            await asyncio.sleep(POLL_S)

    async def cut_due(self) -> int:
        """Cut everything that is due now; returns how many clips were made."""
        made = 0
        for room_id in await asyncio.to_thread(self._rooms):
            for window in await self._windows.of_room(room_id):
                made += await self._cut(room_id, window)
        return made

    def _rooms(self) -> list[str]:
        since = self._now() - _RECENT
        found = []
        for room_id in self._library.rooms():
            recordings = self._library.recordings(room_id)
            if recordings and recordings[-1].ended_at >= since:
                found.append(room_id)
        return found

    async def _cut(self, room_id: str, window: ExplanationWindow) -> int:
        if window.ended_at is None or (room_id, window.id) in self._skipped:
            return 0
        if self._library.clip_path(room_id, window.id) is not None:
            return 0
        settled = self._now() - window.ended_at > _SETTLED
        if not settled and not await asyncio.to_thread(self._library.covers, room_id, window.ended_at):
            return 0
        began_at = window.began_at - timedelta(seconds=self._margins.lead_s)
        too_short = (window.ended_at - window.began_at).total_seconds() < self._margins.shortest_s
        duration_s = None
        if not too_short:
            try:
                duration_s = await asyncio.to_thread(
                    self._library.cut_clip, room_id, window.id, began_at, window.ended_at
                )
            except FileExistsError:
                return 0  # another node is at it
        if duration_s is None:
            self._skipped.add((room_id, window.id))
            return 0
        await self._events.on_clip_ready(room_id, window, duration_s)
        return 1
