"""A room's fan-out: one numbering and timeline for all viewers, whoever publishes."""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from media.engines.base import (
    AUDIO_CLOCK_HZ,
    VIDEO_CLOCK_HZ,
    AudioPacket,
    EngineListener,
    MediaSink,
    RoomState,
    SinkFactory,
    VideoFrame,
)
from media.engines.embedded import rtp
from media.engines.embedded.keyframes import KeyFrameRequests
from media.engines.embedded.negotiation import Source
from media.engines.embedded.publisher import RoomPublisher
from media.engines.embedded.viewer import OutFrame, SenderClock, SentPacket, Viewer
from media.opus import silence_like

logger = logging.getLogger(__name__)

HISTORY_PACKETS = 4096
MAX_GOP_FRAMES = 300
MAX_GOP_BYTES = 8 << 20
FRESH_S = 2.0
_RENDITION_SHIFT = 48
_CLOCK_HZ = {"video": VIDEO_CLOCK_HZ, "audio": AUDIO_CLOCK_HZ}


class _Timeline:
    """Maps one kind's session timestamps to the room's, across changes of publisher."""

    def __init__(self, clock_hz: int) -> None:
        self.clock_hz = clock_hz
        self.shift = 0
        self.newest = secrets.randbits(30)
        self.arrived_at: float | None = None
        self.reported: tuple[float, int] | None = None

    def begin(self, first: int, now: float) -> None:
        """A new publisher's media starts at its timestamp `first`: go on where time stands."""
        elapsed = 0.0 if self.arrived_at is None else now - self.arrived_at
        self.shift = self.newest + max(1, int(elapsed * self.clock_hz)) - first
        self.reported = None

    def place(self, timestamp: int, now: float) -> int:
        """The room's timestamp for a session's."""
        placed = timestamp + self.shift
        if placed > self.newest:
            self.newest = placed
            self.arrived_at = now
        return placed


class _Numbering:
    """One rendition's outgoing numbers, and its recent packets by them."""

    def __init__(self, rendition: int) -> None:
        self._rendition = rendition
        self._next = (rendition << _RENDITION_SHIFT) + secrets.randbits(14)
        self._history: list[tuple[int, SentPacket] | None] = [None] * HISTORY_PACKETS

    def number(self, frame: VideoFrame, timestamp: int, ssrc: int) -> OutFrame:
        """Give a picture its place."""
        out = OutFrame(self._next, timestamp, ssrc, frame.payloads, frame.key, self._rendition)
        self._next = out.next_sequence
        last = len(frame.payloads) - 1
        for index, payload in enumerate(frame.payloads):
            sequence = out.first_sequence + index
            packet = SentPacket(timestamp, index == last, payload)
            self._history[sequence % HISTORY_PACKETS] = (sequence, packet)
        return out

    def sent_packet(self, sequence: int) -> SentPacket | None:
        """A recent packet."""
        entry = self._history[sequence % HISTORY_PACKETS]
        return entry[1] if entry is not None and entry[0] == sequence else None


class Room:
    """Holds a room's publisher, viewers, current group of pictures and recent packets."""

    def __init__(
        self,
        room_id: str,
        *,
        listener: EngineListener,
        sink_factories: Sequence[SinkFactory],
        keyframes: KeyFrameRequests,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.room_id = room_id
        self._listener = listener
        self._sink_factories = sink_factories
        self._wall = wall
        self.keyframes = keyframes
        self.publisher: RoomPublisher | None = None
        self.viewers: dict[str, Viewer] = {}
        self.muted = False
        self.sinks: list[MediaSink] = []
        self.failed_sinks: list[MediaSink] = []
        self.sources = {
            "video": Source(_ssrc(), _ssrc()),
            "audio": Source(_ssrc()),
        }
        self._video = _Timeline(VIDEO_CLOCK_HZ)
        self._audio = _Timeline(AUDIO_CLOCK_HZ)
        self._layers = {0: _Numbering(0)}
        self._audio_sequence = secrets.randbits(14)
        self._audio_shift: int | None = None
        self._gop: list[OutFrame] = []
        self._gop_bytes = 0
        self._skew: float | None = None
        self._started: set[str] = set()
        self._dropped_before = 0

    @property
    def live(self) -> bool:
        """Whether a publisher's media has begun and not ended."""
        return self.publisher is not None and self.publisher.started_at is not None

    def is_fresh(self, now: float) -> bool:
        """Whether media came within the last 2 s."""
        publisher = self.publisher
        last = publisher.last_media_at if publisher is not None else None
        return last is not None and now - last < FRESH_S

    def state(self, now: float) -> RoomState:
        """A snapshot for the heartbeat and for operators."""
        dropped = sum(viewer.frames_dropped for viewer in self.viewers.values())
        return RoomState(
            room_id=self.room_id,
            publisher=self.publisher.state(now) if self.publisher is not None else None,
            viewers=len(self.viewers),
            frames_dropped=self._dropped_before + dropped,
            muted=self.muted,
            viewer_session_ids=tuple(self.viewers),
        )

    def begin(self, publisher: RoomPublisher) -> list[MediaSink]:
        """Let a new publisher take the room; returns the former one's sinks, to be closed."""
        former, self.publisher = self.publisher, publisher
        sinks: list[MediaSink] = []
        if former is not None:
            sinks = self._end(former)
            former.close()
        self._gop.clear()
        self._audio_shift = None
        self._skew = None
        return sinks

    def end(self, publisher: RoomPublisher) -> list[MediaSink]:
        """The publisher is gone; returns its sinks, to be closed. Viewers stay for the next."""
        if self.publisher is not publisher:
            return []
        self.publisher = None
        self._gop.clear()
        return self._end(publisher)

    def _end(self, publisher: RoomPublisher) -> list[MediaSink]:
        self._layers = {0: self._layers[0]}
        sinks, self.sinks, self.failed_sinks = self.sinks + self.failed_sinks, [], []
        if publisher.session_id in self._started:
            self._started.discard(publisher.session_id)
            self._listener.publish_ended(self.room_id, publisher.session_id)
        return sinks

    def _start(self, publisher: RoomPublisher) -> None:
        self._started.add(publisher.session_id)
        self._video.begin(0, time.monotonic())
        self._audio.begin(0, time.monotonic())
        self.sinks = [make(self.room_id, publisher.session_id) for make in self._sink_factories]
        self._listener.publish_started(self.room_id, publisher.session_id)

    def on_video(self, publisher: RoomPublisher, frame: VideoFrame) -> None:
        """Number a picture, keep it for joiners and retransmission, send it to everyone."""
        if publisher is not self.publisher:
            return
        if publisher.session_id not in self._started:
            self._start(publisher)
        timestamp = self._video.place(frame.timestamp, frame.received_at)
        out = self._layers[0].number(frame, timestamp, self.sources["video"].ssrc)
        self._keep(out)
        now = frame.received_at
        for viewer in self.viewers.values():
            viewer.send_video(out, now)
        self._tell_sinks(lambda sink: sink.on_video(frame))

    @property
    def renditions(self) -> int:
        """How many there are to choose from, the source among them."""
        return len(self._layers)

    def on_rendition(self, rendition: int, frame: VideoFrame) -> None:
        """Send a smaller picture to those who watch that rendition (1 and up)."""
        layer = self._layers.get(rendition)
        if layer is None:
            layer = self._layers[rendition] = _Numbering(rendition)
        timestamp = frame.timestamp + self._video.shift
        out = layer.number(frame, timestamp, self.sources["video"].ssrc)
        for viewer in self.viewers.values():
            viewer.send_video(out, frame.received_at)

    def on_audio(self, publisher: RoomPublisher, packet: AudioPacket) -> None:
        """Send an Opus packet to everyone; gaps in the numbering stay gaps."""
        if publisher is not self.publisher:
            return
        if self.muted:
            packet = replace(packet, payload=silence_like(packet.payload))
        if publisher.session_id not in self._started:
            self._start(publisher)
        if self._audio_shift is None:
            self._audio_shift = self._audio_sequence + 1 - packet.sequence
        sequence = packet.sequence + self._audio_shift
        self._audio_sequence = max(self._audio_sequence, sequence)
        timestamp = self._audio.place(packet.timestamp, packet.received_at)
        packed: dict[int, bytes] = {}
        ssrc = self.sources["audio"].ssrc
        for viewer in self.viewers.values():
            payload_type = viewer.audio_payload_type
            if payload_type is None:
                continue
            data = packed.get(payload_type)
            if data is None:
                data = rtp.build(payload_type, False, sequence, timestamp, ssrc, packet.payload)
                packed[payload_type] = data
            viewer.send_audio(data, len(packet.payload))
        self._tell_sinks(lambda sink: sink.on_audio(packet))

    def _tell_sinks(self, tell: Callable[[MediaSink], None]) -> None:
        """A sink that fails is left out from then on; viewers do not notice."""
        for sink in tuple(self.sinks):
            try:
                tell(sink)
            except Exception:
                logger.exception("room %s: %s failed, goes on without it", self.room_id, type(sink).__name__)
                self.sinks.remove(sink)
                self.failed_sinks.append(sink)

    def on_sender_report(self, kind: str, host_unix: float, timestamp: int, now: float) -> None:
        """Learn how the host's clock and this stream's timestamps belong together."""
        timeline = self._video if kind == "video" else self._audio
        timeline.reported = (host_unix, timestamp + timeline.shift)
        skew = self._wall() - host_unix
        self._skew = skew if self._skew is None else min(self._skew, skew)

    def attach(self, viewer: Viewer) -> None:
        """A viewer is connected: give it the current group of pictures."""
        self.viewers[viewer.session_id] = viewer
        viewer.catch_up(self._gop)
        if not self._gop:
            self.want_key_frame()

    def detach(self, viewer: Viewer) -> None:
        """A viewer is gone."""
        if self.viewers.pop(viewer.session_id, None) is not None:
            self._dropped_before += viewer.frames_dropped

    def want_key_frame(self) -> None:
        """Pass on a wish; `KeyFrameRequests` limits how often the host hears of it."""
        self.keyframes.want()

    def sent_packet(self, sequence: int) -> SentPacket | None:
        """A recent packet by its number."""
        layer = self._layers.get(sequence >> _RENDITION_SHIFT)
        return layer.sent_packet(sequence) if layer is not None else None

    def sender_clock(self) -> SenderClock | None:
        """Both streams at this moment; None until the host has reported on all it sends."""
        publisher = self.publisher
        if publisher is None or self._skew is None:
            return None
        unix = self._wall()
        timestamps = {}
        for kind in publisher.kinds:
            timeline = self._video if kind == "video" else self._audio
            if timeline.reported is None:
                return None
            host_unix, timestamp = timeline.reported
            elapsed = unix - self._skew - host_unix
            timestamps[kind] = timestamp + int(elapsed * _CLOCK_HZ[kind])
        return SenderClock(unix, timestamps)

    def _keep(self, frame: OutFrame) -> None:
        if frame.key:
            self._gop.clear()
            self._gop_bytes = 0
        elif not self._gop:
            return
        self._gop.append(frame)
        self._gop_bytes += frame.size
        if len(self._gop) > MAX_GOP_FRAMES or self._gop_bytes > MAX_GOP_BYTES:
            self._gop.clear()


def _ssrc() -> int:
    return secrets.randbits(31) | 1
