"""Writes a room's segments to disk behind the live stream's back."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from media.hls.segments import Segment
from media.recording.files import RecordingWriter
from media.recording.ports import RecordingEvents

logger = logging.getLogger(__name__)

MAX_QUEUED_SEGMENTS = 60
_TELL_INTERVAL_S = 60.0

Stored = Callable[[int, Callable[[], bytes]], None]


class Recorder:
    """One recording. `submit` never waits: with the disk 60 segments behind, new ones are left out.

    A failing disk is told to `events`, and each later segment is a new attempt.
    """

    def __init__(self, root: Path, room_id: str, events: RecordingEvents) -> None:
        self._room_id = room_id
        self._events = events
        self.recording_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        self._writer = RecordingWriter(root / room_id / self.recording_id)
        self._queue: asyncio.Queue[tuple[Segment, bytes, Stored]] = asyncio.Queue(MAX_QUEUED_SEGMENTS)
        self._told_at: float | None = None
        self.segments_lost = 0
        self._task = asyncio.create_task(self._run(), name=f"recorder {room_id}")

    def submit(self, segment: Segment, stored: Stored) -> None:
        """Take a complete segment; `stored` is called once it is on disk."""
        try:
            self._queue.put_nowait((segment, segment.data, stored))
        except asyncio.QueueFull:
            self.segments_lost += 1

    async def close(self) -> None:
        """Write what waits, then stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), 10)
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        try:
            await asyncio.to_thread(self._writer.close)
        except OSError as error:
            await self._failed(error)

    async def _run(self) -> None:
        while True:
            segment, data, stored = await self._queue.get()
            try:
                reader = await asyncio.to_thread(self._writer.append, segment, data)
                stored(segment.number, reader)
            except OSError as error:
                self.segments_lost += 1
                await self._failed(error)
            finally:
                self._queue.task_done()

    async def _failed(self, error: OSError) -> None:
        now = time.monotonic()
        if self._told_at is not None and now - self._told_at < _TELL_INTERVAL_S:
            return
        self._told_at = now
        logger.error("room %s is not recorded: %s", self._room_id, error)
        try:
            await self._events.on_recording_failed(self._room_id, error.strerror or str(error))
        except Exception:
            logger.exception("room %s: nobody could be told", self._room_id)
