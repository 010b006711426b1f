"""A viewer's session: a bounded queue of frames, paced, with retransmission."""

import logging
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from aiortc import rtp as rtcp
from prometheus_client import Counter

from media.engines.embedded import rtp
from media.engines.embedded.negotiation import Codec, Source
from media.engines.embedded.peer import PeerLink
from media.engines.embedded.renditions import RenditionTrack
from media.engines.embedded.reports import answer_reference_time, ntp_from_unix, round_trip_ms
from media.renditions.ladder import RenditionChoice

logger = logging.getLogger(__name__)

DROPPED = Counter(
    "shopcast_media_frames_dropped_total", "Pictures left out for viewers whose network could not take them."
)
PACE_BPS = 25_000_000
BUCKET_BYTES = 128_000
MAX_QUEUED_FRAMES = 60
_CATCH_UP_STEP = 90
_SR_INTERVAL_S = 1.0
_SEGMENTS_KEPT = 16
_MAX_RETRANSMISSION_DEBT = -64_000


class OutFrame:
    """A picture with its place in the room's outgoing numbering, packed once per payload type.

    `rendition` 0 is the source; each rendition has numbers of its own, far from the others'.
    """

    __slots__ = ("_packed", "first_sequence", "key", "payloads", "rendition", "size", "ssrc", "timestamp")

    def __init__(
        self,
        first_sequence: int,
        timestamp: int,
        ssrc: int,
        payloads: tuple[bytes, ...],
        key: bool,
        rendition: int = 0,
    ) -> None:
        self.first_sequence = first_sequence
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payloads = payloads
        self.key = key
        self.rendition = rendition
        self.size = sum(map(len, payloads))
        self._packed: tuple[int, list[bytes]] | None = None

    @property
    def next_sequence(self) -> int:
        """The sequence number behind this picture."""
        return self.first_sequence + len(self.payloads)

    def packed(self, payload_type: int) -> list[bytes]:
        """All packets in the room's own numbering; kept for the next viewer with this type."""
        if self._packed is None or self._packed[0] != payload_type:
            self._packed = (payload_type, self.repacked(payload_type, 0, self.timestamp))
        return self._packed[1]

    def repacked(self, payload_type: int, offset: int, timestamp: int) -> list[bytes]:
        """All packets with the sequence numbers lowered by `offset`."""
        first = self.first_sequence - offset
        last = len(self.payloads) - 1
        return [
            rtp.build(payload_type, i == last, first + i, timestamp, self.ssrc, payload)
            for i, payload in enumerate(self.payloads)
        ]


@dataclass(frozen=True, slots=True)
class SentPacket:
    """A packet as kept for retransmission."""

    timestamp: int
    marker: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class SenderClock:
    """Where both streams stand at one wall-clock moment, for the sender report."""

    unix: float
    timestamps: dict[str, int]


class ViewerRoom(Protocol):
    """What a viewer asks of its room."""

    def attach(self, viewer: "Viewer") -> None: ...
    def detach(self, viewer: "Viewer") -> None: ...
    def want_key_frame(self) -> None: ...
    @property
    def renditions(self) -> int: ...
    def sent_packet(self, sequence: int) -> SentPacket | None: ...
    def sender_clock(self) -> SenderClock | None: ...


@dataclass(slots=True)
class _Queued:
    frame: OutFrame
    timestamp: int
    packets_sent: int = 0


class Viewer:
    """One WHEP session."""

    def __init__(
        self,
        session_id: str,
        peer: PeerLink,
        room: ViewerRoom,
        *,
        video: Codec | None,
        audio: Codec | None,
        sources: dict[str, Source],
        cname: str,
        call_later: Callable[[float, Callable[[], None]], object],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session_id = session_id
        self.peer = peer
        self._room = room
        self._video = video
        self._audio = audio
        self._sources = sources
        self._cname = cname.encode()
        self._call_later = call_later
        self._monotonic = monotonic
        self._queue: deque[_Queued] = deque()
        self._waiting_for_key = True
        self._draining = False
        self._tokens = float(BUCKET_BYTES)
        self._refilled_at = monotonic()
        self._max_queue = MAX_QUEUED_FRAMES
        self._offset = 0
        self._next_sequence: int | None = None
        self._segments: deque[tuple[int, int]] = deque(maxlen=_SEGMENTS_KEPT)
        self._retimed: dict[int, int] = {}
        self._rtx_sequence = 0
        self._sent = {"video": [0, 0], "audio": [0, 0]}
        self._reported_at = 0.0
        self._track = RenditionTrack()
        self._choice = RenditionChoice()
        self.frames_dropped = 0
        self.retransmissions = 0
        self.loss_share = 0.0
        self.round_trip_ms: float | None = None

    def on_connected(self) -> None:
        self._room.attach(self)

    def on_closed(self) -> None:
        self._queue.clear()
        self._room.detach(self)

    def on_rtp(self, data: bytes, now: float) -> None:
        """Viewers send no media."""

    def on_rtcp(self, data: bytes, now: float) -> None:
        """Take feedback; REMB is ignored: one slow viewer must not slow the host."""
        answer = answer_reference_time(data, self._sources["video"].ssrc)
        if answer is not None:
            self.peer.send_rtcp(answer)
        for packet in rtcp.RtcpPacket.parse(data):
            if isinstance(packet, rtcp.RtcpRtpfbPacket) and packet.fmt == 1:
                self._on_nack(packet, now)
            elif isinstance(packet, rtcp.RtcpPsfbPacket) and packet.fmt in (1, 4):
                self._room.want_key_frame()
            elif isinstance(packet, rtcp.RtcpRrPacket):
                for report in packet.reports:
                    self._on_report(report, now)

    def catch_up(self, frames: list[OutFrame]) -> None:
        """Queue the current group of pictures, squeezed in time to end just before now."""
        if self._video is None or not frames:
            return
        self._waiting_for_key = False
        self._max_queue = len(frames) + MAX_QUEUED_FRAMES
        newest = frames[-1].timestamp
        for index, frame in enumerate(frames):
            timestamp = newest - (len(frames) - 1 - index) * _CATCH_UP_STEP
            if timestamp != frame.timestamp:
                for sequence in range(frame.first_sequence, frame.next_sequence):
                    self._retimed[sequence] = timestamp
            self._queue.append(_Queued(frame, timestamp))
        self._drain()

    def send_video(self, frame: OutFrame, now: float) -> None:
        """Send a picture, or queue it behind what still waits."""
        if self._video is None or not self._track.follows(frame):
            return
        if self._waiting_for_key:
            if not frame.key:
                self._count_dropped(1)
                return
            self._waiting_for_key = False
        if not self._queue and self._has_tokens(now):
            item = _Queued(frame, frame.timestamp)
            if self._send(item):
                return
            self._queue.append(item)
            self._draining = True
            self.peer.when_writable(self._drain)
            return
        self._queue.append(_Queued(frame, frame.timestamp))
        if len(self._queue) > self._max_queue:
            self._drop_to_key_frame()
        if self._queue and not self._draining:
            self._drain()

    def send_audio(self, packet: bytes, size: int) -> None:
        """Send an audio packet at once; it is dropped while the system's buffer is full."""
        self.peer.send_rtp((packet,))
        counts = self._sent["audio"]
        counts[0] += 1
        counts[1] += size

    @property
    def audio_payload_type(self) -> int | None:
        """The payload type for Opus; None where no audio was negotiated."""
        return self._audio.payload_type if self._audio else None

    @property
    def queued_frames(self) -> int:
        """Pictures waiting."""
        return len(self._queue)

    def poll(self, now: float) -> None:
        """Report once a second."""
        if now - self._reported_at < _SR_INTERVAL_S or not self.peer.connected:
            return
        clock = self._room.sender_clock()
        if clock is None:
            return
        self._reported_at = now
        compound = b""
        chunks = []
        for kind, codec in (("video", self._video), ("audio", self._audio)):
            if codec is None or kind not in clock.timestamps or not self._sent[kind][0]:
                continue
            ssrc = self._sources[kind].ssrc
            info = rtcp.RtcpSenderInfo(
                ntp_timestamp=ntp_from_unix(clock.unix),
                rtp_timestamp=clock.timestamps[kind] & 0xFFFFFFFF,
                packet_count=self._sent[kind][0] & 0xFFFFFFFF,
                octet_count=self._sent[kind][1] & 0xFFFFFFFF,
            )
            compound += bytes(rtcp.RtcpSrPacket(ssrc=ssrc, sender_info=info))
            chunks.append(rtcp.RtcpSourceInfo(ssrc=ssrc, items=[(1, self._cname)]))
        if compound:
            self.peer.send_rtcp(compound + bytes(rtcp.RtcpSdesPacket(chunks=chunks)))

    def _send(self, item: _Queued) -> bool:
        """Send what is left of a picture; False where the system took only a part."""
        assert self._video is not None
        frame = item.frame
        start = frame.first_sequence + item.packets_sent
        if self._next_sequence is None:
            self._segments.append((start, 0))
        elif start != self._next_sequence:
            self._offset += start - self._next_sequence
            self._segments.append((start - self._offset, self._offset))
        if self._offset == 0 and item.timestamp == frame.timestamp:
            packets = frame.packed(self._video.payload_type)
        else:
            packets = frame.repacked(self._video.payload_type, self._offset, item.timestamp)
        if item.packets_sent:
            packets = packets[item.packets_sent :]
        taken = self.peer.send_rtp(packets)
        item.packets_sent += taken
        self._next_sequence = start + taken
        complete = taken == len(packets)
        counts = self._sent["video"]
        counts[0] += taken
        if complete:
            counts[1] += frame.size
            self._tokens -= frame.size
        return complete

    def _drain(self) -> None:
        """Send from the queue as far as the pace allows; come back for the rest."""
        self._draining = False
        now = self._monotonic()
        while self._queue and not self.peer.closed:
            if not self._has_tokens(now):
                self._draining = True
                self._call_later(0.005, self._drain)
                return
            if not self._send(self._queue[0]):
                self._draining = True
                self.peer.when_writable(self._drain)
                return
            self._queue.popleft()
        self._max_queue = MAX_QUEUED_FRAMES

    def _has_tokens(self, now: float) -> bool:
        refill = (now - self._refilled_at) * (PACE_BPS / 8)
        self._tokens = min(float(BUCKET_BYTES), self._tokens + refill)
        self._refilled_at = now
        return self._tokens > 0

    def _count_dropped(self, frames: int) -> None:
        self.frames_dropped += frames
        DROPPED.inc(frames)

    def _drop_to_key_frame(self) -> None:
        """Leave out what a slow path cannot take, up to the newest key frame or the next one."""
        keys = [i for i, item in enumerate(self._queue) if item.frame.key and i > 0]
        dropped = keys[-1] if keys else len(self._queue)
        for _ in range(dropped):
            self._queue.popleft()
        self._count_dropped(dropped)
        if not self._queue:
            self._waiting_for_key = True
            self._room.want_key_frame()
        logger.debug("viewer %s: dropped %d frames", self.session_id, dropped)

    @property
    def rendition(self) -> int:
        """What is watched: 0 the source, larger numbers are smaller pictures."""
        return self._track.rendition

    def _on_report(self, report: rtcp.RtcpReceiverInfo, now: float) -> None:
        video = self._sources.get("video")
        if video is not None and report.ssrc == video.ssrc:
            self.loss_share = report.fraction_lost / 256
            self.round_trip_ms = round_trip_ms(report)
            wanted = self._choice.report(
                self.loss_share, self.round_trip_ms, self.frames_dropped, self._room.renditions, now
            )
            if wanted != self._track.wanted:
                self._track.wanted = wanted
                self._room.want_key_frame()

    def _on_nack(self, packet: rtcp.RtcpRtpfbPacket, now: float) -> None:
        video = self._sources.get("video")
        if video is None or packet.media_ssrc != video.ssrc or self._next_sequence is None:
            return
        self._has_tokens(now)
        newest = self._next_sequence - 1 - self._offset
        resend = []
        for lost in packet.lost:
            if self._tokens < _MAX_RETRANSMISSION_DEBT:
                break
            number = newest - ((newest - lost) & 0xFFFF)
            found = self._retransmission(number)
            if found is None:
                self._room.want_key_frame()
                break
            resend.append(found)
            self._tokens -= len(found)
        if resend:
            self.retransmissions += self.peer.send_rtp(resend)

    def _retransmission(self, number: int) -> bytes | None:
        """A packet again, by its outgoing (unwrapped) number (RFC 4588 §4)."""
        assert self._video is not None
        offset = next((o for start, o in reversed(self._segments) if start <= number), None)
        if offset is None:
            return None
        sequence = number + offset
        kept = self._room.sent_packet(sequence)
        if kept is None:
            return None
        source = self._sources["video"]
        timestamp = self._retimed.get(sequence, kept.timestamp)
        if self._video.rtx is None or source.rtx_ssrc is None:
            return rtp.build(
                self._video.payload_type, kept.marker, number, timestamp, source.ssrc, kept.payload
            )
        self._rtx_sequence += 1
        return rtp.build(
            self._video.rtx,
            kept.marker,
            self._rtx_sequence,
            timestamp,
            source.rtx_ssrc,
            struct.pack("!H", number & 0xFFFF) + kept.payload,
        )
