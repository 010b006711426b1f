"""Ties publishers to their rooms' HLS streams."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from media.engines.base import AudioPacket, VideoFrame
from media.hls.live import LiveStream
from media.hls.segmenter import Cutting, Segmenter


class HlsSink:
    """A `MediaSink` that feeds one publisher's media to its room's stream."""

    def __init__(
        self,
        stream: LiveStream,
        cutting: Cutting | None = None,
        *,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self._segmenter = Segmenter(
            stream, started_at=datetime.now(UTC), next_init=stream.next_init, cutting=cutting
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


class HlsStreams(dict[str, LiveStream]):
    """The streams by room. One is forgotten `linger_s` after its last publisher has gone."""

    def __init__(self, open_stream: Callable[[str], LiveStream], linger_s: float = 60.0) -> None:
        super().__init__()
        self._open = open_stream
        self._linger_s = linger_s
        self._publishers: dict[str, int] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def sink(self, room_id: str, cutting: Cutting | None = None) -> HlsSink:
        """A sink for a new publisher of a room."""
        timer = self._timers.pop(room_id, None)
        if timer is not None:
            timer.cancel()
        stream = self.get(room_id)
        if stream is None:
            stream = self[room_id] = self._open(room_id)
        self._publishers[room_id] = self._publishers.get(room_id, 0) + 1
        return HlsSink(stream, cutting, on_close=lambda: self._left(room_id))

    def close(self) -> None:
        """Cancel what waits."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _left(self, room_id: str) -> None:
        self._publishers[room_id] -= 1
        if self._publishers[room_id] == 0:
            loop = asyncio.get_running_loop()
            self._timers[room_id] = loop.call_later(self._linger_s, self._forget, room_id)

    def _forget(self, room_id: str) -> None:
        self._timers.pop(room_id, None)
        self._publishers.pop(room_id, None)
        stream = self.pop(room_id, None)
        if stream is not None:
            stream.end()
