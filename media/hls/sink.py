"""Ties publishers to their rooms' HLS streams."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from media.engines.base import AudioPacket, VideoFrame
from media.hls.live import Limits, LiveStream
from media.hls.rendition import RenditionStream
from media.hls.segmenter import Cutting, Segmenter
from media.hls.segments import Segment


class HlsSink:
    """A `MediaSink` that feeds one publisher's media to its room's stream."""

    def __init__(
        self,
        stream: LiveStream,
        cutting: Cutting | None = None,
        *,
        started_at: datetime | None = None,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        """`started_at`: when the publisher's media began; now, unless told."""
        self.started_at = started_at or datetime.now(UTC)
        self._segmenter = Segmenter(
            stream,
            started_at=self.started_at,
            next_init=stream.next_init,
            cutting=cutting,
            cut_at=stream.cuts_at if isinstance(stream, RenditionStream) else None,
        )
        self._on_close = on_close

    def on_video(self, frame: VideoFrame) -> None:
        self._segmenter.on_video(frame)

    def on_audio(self, packet: AudioPacket) -> None:
        self._segmenter.on_audio(packet)

    async def close(self) -> None:
        """Complete the last segment."""
        self._segmenter.finish()
        self._on_close()


class SegmentKeeper(Protocol):
    """Keeps complete segments beyond memory: a recorder."""

    def submit(self, segment: Segment, stored: Callable[[int, Callable[[], bytes]], None]) -> None: ...
    async def close(self) -> None: ...


class HlsStreams(dict[str, LiveStream]):
    """The streams by room. One is forgotten `linger_s` after its last publisher has gone."""

    def __init__(
        self,
        limits: Limits | None = None,
        linger_s: float = 60.0,
        open_keeper: Callable[[str], SegmentKeeper] | None = None,
    ) -> None:
        """`open_keeper` is called with a room's id for every new stream."""
        super().__init__()
        self._limits = limits
        self._linger_s = linger_s
        self._open_keeper = open_keeper
        self._keepers: dict[str, SegmentKeeper] = {}
        self._publishers: dict[str, int] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._started_at: dict[str, datetime] = {}
        self.renditions: dict[str, dict[str, RenditionStream]] = {}

    def rendition_sink(self, room_id: str, name: str, cutting: Cutting | None = None) -> HlsSink | None:
        """A sink for a rendition of what `sink` was opened for last; None where that is gone."""
        leader = self.get(room_id)
        if leader is None:
            return None
        streams = self.renditions.setdefault(room_id, {})
        stream = streams.get(name)
        if stream is None:
            limits = self._limits or Limits()
            stream = streams[name] = RenditionStream(leader, Limits(limits.memory_s, limits.memory_s))
        return HlsSink(stream, cutting, started_at=self._started_at[room_id])

    def sink(
        self, room_id: str, cutting: Cutting | None = None, started_at: datetime | None = None
    ) -> HlsSink:
        """A sink for a new publisher of a room, whose media began at `started_at`: now, unless told."""
        timer = self._timers.pop(room_id, None)
        if timer is not None:
            timer.cancel()
        stream = self.get(room_id)
        if stream is None:
            stream = self[room_id] = self._begin(room_id)
        self._publishers[room_id] = self._publishers.get(room_id, 0) + 1
        sink = HlsSink(stream, cutting, started_at=started_at, on_close=lambda: self._left(room_id))
        self._started_at[room_id] = sink.started_at
        return sink

    def started_at(self, room_id: str) -> datetime | None:
        """When the newest publisher's media began: its timestamps count from there."""
        return self._started_at.get(room_id)

    async def close(self) -> None:
        """End all streams and wait until what they hold is kept."""
        for timer in self._timers.values():
            timer.cancel()
        for room_id in list(self):
            self._forget(room_id)
        if self._closing:
            await asyncio.gather(*self._closing, return_exceptions=True)

    def _begin(self, room_id: str) -> LiveStream:
        if self._open_keeper is None:
            return LiveStream(room_id, self._limits)
        keeper = self._keepers[room_id] = self._open_keeper(room_id)
        stream = LiveStream(
            room_id, self._limits, store=lambda segment: keeper.submit(segment, stream.stored)
        )
        return stream

    def _left(self, room_id: str) -> None:
        self._publishers[room_id] -= 1
        if self._publishers[room_id] == 0:
            loop = asyncio.get_running_loop()
            self._timers[room_id] = loop.call_later(self._linger_s, self._forget, room_id)

    def _forget(self, room_id: str) -> None:
        self._timers.pop(room_id, None)
        self._publishers.pop(room_id, None)
        self._started_at.pop(room_id, None)
        for stream in self.renditions.pop(room_id, {}).values():
            stream.end()
        self.pop(room_id).end()
        keeper = self._keepers.pop(room_id, None)
        if keeper is not None:
            task = asyncio.create_task(keeper.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
