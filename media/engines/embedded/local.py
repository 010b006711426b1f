"""A publisher whose media does not come by WebRTC: RTMP, a file."""

import time
from collections.abc import Callable

from media.engines.base import AUDIO_CLOCK_HZ, VIDEO_CLOCK_HZ, AudioPacket, PublisherState, VideoFrame
from media.engines.embedded.publisher import PublisherOutput
from media.engines.embedded.reports import RateMeter
from media.h264 import packetize

_REPORT_INTERVAL_S = 1.0


class LocalPublisher:
    """Takes coded pictures and Opus on one timeline; the room treats it as any publisher."""

    def __init__(
        self,
        session_id: str,
        output: PublisherOutput,
        *,
        profile: str | None,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_close` is called when the room takes somebody else, or the engine closes."""
        self.session_id = session_id
        self.profile = profile
        self.started_at: float | None = None
        self.last_media_at: float | None = None
        self._output = output
        self._on_close = on_close
        self._epoch_unix = time.time()
        self._reported_at: dict[str, float] = {}
        self._sequence = 0
        self._heard: set[str] = set()
        self._bitrate = RateMeter()
        self._frames = RateMeter()
        self._key_frames = 0
        self._closed = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """What has arrived so far."""
        return tuple(sorted(self._heard))

    def push_video(self, nals: list[bytes], key: bool, time_s: float) -> None:
        """One picture, `time_s` after the session's beginning. The first must be a key frame."""
        if self._closed or (not key and not self._key_frames):
            return
        now = self._arrived("video", sum(map(len, nals)))
        self._frames.add(1, now)
        self._key_frames += key
        timestamp = round(time_s * VIDEO_CLOCK_HZ)
        self._output.on_video(self, VideoFrame(timestamp, tuple(packetize(nals)), key, now))
        self._report("video", timestamp, time_s, now)

    def push_audio(self, packet: bytes, timestamp: int) -> None:
        """One Opus packet, its timestamp at 48 kHz on the same timeline."""
        if self._closed:
            return
        now = self._arrived("audio", len(packet))
        self._sequence += 1
        self._output.on_audio(self, AudioPacket(self._sequence, timestamp, packet, now))
        self._report("audio", timestamp, timestamp / AUDIO_CLOCK_HZ, now)

    def state(self, now: float) -> PublisherState | None:
        """Figures as for any publisher; None before the first media."""
        if self.started_at is None or self.last_media_at is None:
            return None
        return PublisherState(
            session_id=self.session_id,
            started_at=self.started_at,
            last_media_at=self.last_media_at,
            bitrate_bps=self._bitrate.bits_per_s(now),
            loss_share=0.0,
            round_trip_ms=None,
            frames_per_s=self._frames.events_per_s(now),
            key_frames=self._key_frames,
            keyframe_requests=0,
        )

    def close(self) -> None:
        """End it, from whichever side."""
        if not self._closed:
            self._closed = True
            self._on_close()
            self._output.on_publisher_closed(self)

    def _arrived(self, kind: str, size: int) -> float:
        now = time.monotonic()
        self._heard.add(kind)
        self._bitrate.add(size, now)
        if self.started_at is None:
            self.started_at = now
        self.last_media_at = now
        return now

    def _report(self, kind: str, timestamp: int, time_s: float, now: float) -> None:
        if now - self._reported_at.get(kind, -_REPORT_INTERVAL_S) >= _REPORT_INTERVAL_S:
            self._reported_at[kind] = now
            self._output.on_sender_report(kind, self._epoch_unix + time_s, timestamp, now)
