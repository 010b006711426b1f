"""A host's session: takes its RTP, repairs losses, reports, and steers its encoder."""

import logging
import secrets
from typing import Protocol

from aiortc import rtp as rtcp

from media.engines.base import AUDIO_CLOCK_HZ, VIDEO_CLOCK_HZ, AudioPacket, PublisherState, VideoFrame
from media.engines.embedded import rtp
from media.engines.embedded.assembler import FrameAssembler
from media.engines.embedded.keyframes import KeyFrameRequests
from media.engines.embedded.negotiation import Offer
from media.engines.embedded.peer import PeerLink
from media.engines.embedded.reports import RateMeter, ReceiveStats, unix_from_ntp
from media.engines.embedded.uplink import UplinkEstimate

logger = logging.getLogger(__name__)

REPORT_INTERVAL_S = 0.5


class RoomPublisher(Protocol):
    """Whoever publishes to a room, by whatever way in."""

    session_id: str
    started_at: float | None
    last_media_at: float | None

    @property
    def profile(self) -> str | None:
        """The first two bytes of its H.264 profile-level-id in hex."""

    @property
    def kinds(self) -> tuple[str, ...]: ...
    def state(self, now: float) -> PublisherState | None: ...
    def close(self) -> None: ...


class PublisherOutput(Protocol):
    """Where a host's media goes: the room."""

    def on_video(self, publisher: RoomPublisher, frame: VideoFrame) -> None: ...
    def on_audio(self, publisher: RoomPublisher, packet: AudioPacket) -> None: ...
    def on_sender_report(self, kind: str, host_unix: float, timestamp: int, now: float) -> None: ...
    def on_publisher_closed(self, publisher: RoomPublisher) -> None: ...


class Publisher:
    """One WHIP session. `poll` is to be called every 20 to 50 ms."""

    def __init__(
        self,
        session_id: str,
        peer: PeerLink,
        offer: Offer,
        output: PublisherOutput,
        *,
        keyframes: KeyFrameRequests,
        max_bitrate_bps: int,
    ) -> None:
        self.session_id = session_id
        self.peer = peer
        self._output = output
        self.keyframes = keyframes
        video, audio = offer.section("video"), offer.section("audio")
        self._video = video.codec if video else None
        self._audio = audio.codec if audio else None
        self._abs_send_time = video.abs_send_time if video else None
        self._assembler = FrameAssembler()
        self._video_stats: ReceiveStats | None = None
        self._audio_stats: ReceiveStats | None = None
        self._audio_sequences = rtp.Unwrapper(16)
        self._audio_timestamps = rtp.Unwrapper(32)
        self._audio_origin = 0
        self._audio_shift = 0
        self._next_audio = 0
        self._first_audio: int | None = None
        self._uplink = UplinkEstimate(max_bitrate_bps)
        self._ssrc = secrets.randbits(31) | 1
        self._reported_at = 0.0
        self._bitrate = RateMeter()
        self._frames = RateMeter()
        self._frames_seen = 0
        self._key_frames = 0
        self.started_at: float | None = None
        self.last_media_at: float | None = None

    @property
    def profile(self) -> str | None:
        """As negotiated."""
        return self._video.profile if self._video is not None else None

    def close(self) -> None:
        """End the session."""
        self.peer.close()

    @property
    def kinds(self) -> tuple[str, ...]:
        """What this host sends by its offer."""
        both = (("audio", self._audio), ("video", self._video))
        return tuple(kind for kind, codec in both if codec is not None)

    def state(self, now: float) -> PublisherState | None:
        """Figures for people and for the heartbeat; None before the first media."""
        if self.started_at is None or self.last_media_at is None:
            return None
        losses = [s.loss_share for s in (self._video_stats, self._audio_stats) if s is not None]
        return PublisherState(
            session_id=self.session_id,
            started_at=self.started_at,
            last_media_at=self.last_media_at,
            bitrate_bps=self._bitrate.bits_per_s(now),
            loss_share=max(losses, default=0.0),
            round_trip_ms=None,
            frames_per_s=self._frames.events_per_s(now),
            key_frames=self._key_frames,
            keyframe_requests=self.keyframes.sent,
        )

    def on_connected(self) -> None:
        logger.info("publisher %s connected", self.session_id)

    def on_closed(self) -> None:
        self._output.on_publisher_closed(self)

    def on_rtp(self, data: bytes, now: float) -> None:
        """Take one packet; `ValueError` when it is malformed."""
        packet = rtp.parse(data)
        self._bitrate.add(len(data), now)
        if self._abs_send_time is not None:
            self._estimate(packet, len(data), now)
        video, audio = self._video, self._audio
        if video is not None and packet.payload_type == video.payload_type:
            self._on_video(packet, now)
        elif video is not None and packet.payload_type == video.rtx and len(packet.payload) >= 2:
            original = int.from_bytes(packet.payload[:2], "big")
            self._media_arrived(now)
            self._push(original, packet.timestamp, packet.marker, packet.payload[2:], now)
        elif audio is not None and packet.payload_type == audio.payload_type:
            self._on_audio(packet, now)

    def on_rtcp(self, data: bytes, now: float) -> None:
        """Take one compound packet; `ValueError` when it is malformed."""
        for packet in rtcp.RtcpPacket.parse(data):
            if isinstance(packet, rtcp.RtcpSrPacket):
                self._on_sender_report(packet, now)

    def poll(self, now: float) -> None:
        """Ask for what is missing, report, and hand on frames that need not wait any longer."""
        if not self.peer.connected:
            return
        self._hand_on(self._assembler.poll(now))
        if self._assembler.needs_key and self._video_stats is not None:
            self.keyframes.want()
        feedback = b""
        if self._video_stats is not None:
            feedback += self._repair(self._video_stats.ssrc, now)
        if now - self._reported_at >= REPORT_INTERVAL_S:
            self._reported_at = now
            feedback = self._report(now) + feedback
        if feedback:
            self.peer.send_rtcp(feedback)

    def _on_video(self, packet: rtp.RtpView, now: float) -> None:
        if self._video_stats is None or self._video_stats.ssrc != packet.ssrc:
            if self._video_stats is not None:
                self._assembler = FrameAssembler()
                self._assembler.origin = self._position(now, VIDEO_CLOCK_HZ)
            self._video_stats = ReceiveStats(packet.ssrc, VIDEO_CLOCK_HZ)
        self._video_stats.add(packet.sequence, packet.timestamp, now)
        self._media_arrived(now)
        self._push(packet.sequence, packet.timestamp, packet.marker, packet.payload, now)

    def _push(self, sequence: int, timestamp: int, marker: bool, payload: bytes, now: float) -> None:
        if self._frames_seen == 0:
            self._assembler.origin = self._position(now, VIDEO_CLOCK_HZ)
        self._hand_on(self._assembler.push(sequence, timestamp, marker, payload, now))

    def _hand_on(self, frames: list[VideoFrame]) -> None:
        for frame in frames:
            self._frames_seen += 1
            self._frames.add(1, frame.received_at)
            if frame.key:
                self._key_frames += 1
                self.keyframes.arrived(frame.received_at)
            self._output.on_video(self, frame)

    def _on_audio(self, packet: rtp.RtpView, now: float) -> None:
        if self._audio_stats is None or self._audio_stats.ssrc != packet.ssrc:
            self._audio_stats = ReceiveStats(packet.ssrc, AUDIO_CLOCK_HZ)
            self._audio_sequences, self._audio_timestamps = rtp.Unwrapper(16), rtp.Unwrapper(32)
            self._first_audio = None
            self._audio_shift = self._next_audio - packet.sequence
        self._audio_stats.add(packet.sequence, packet.timestamp, now)
        self._media_arrived(now)
        timestamp = self._audio_timestamps.unwrap(packet.timestamp)
        if self._first_audio is None:
            self._first_audio = timestamp
            self._audio_origin = self._position(now, AUDIO_CLOCK_HZ)
        if packet.payload:
            sequence = self._audio_sequences.unwrap(packet.sequence) + self._audio_shift
            self._next_audio = max(self._next_audio, sequence + 1)
            position = self._audio_origin + timestamp - self._first_audio
            self._output.on_audio(self, AudioPacket(sequence, position, packet.payload, now))

    def _position(self, now: float, clock_hz: int) -> int:
        """This moment on the session's timeline: where a stream that begins now begins."""
        return 0 if self.started_at is None else int((now - self.started_at) * clock_hz)

    def _media_arrived(self, now: float) -> None:
        if self.started_at is None:
            self.started_at = now
        self.last_media_at = now

    def _on_sender_report(self, packet: rtcp.RtcpSrPacket, now: float) -> None:
        info = packet.sender_info
        host_unix = unix_from_ntp(info.ntp_timestamp)
        if self._video_stats is not None and packet.ssrc == self._video_stats.ssrc:
            self._video_stats.sender_report(info.ntp_timestamp, now)
            position = self._assembler.session_timestamp(info.rtp_timestamp)
            if position is not None:
                self._output.on_sender_report("video", host_unix, position, now)
        elif self._audio_stats is not None and packet.ssrc == self._audio_stats.ssrc:
            self._audio_stats.sender_report(info.ntp_timestamp, now)
            if self._first_audio is not None:
                unwrapped = self._audio_timestamps.peek(info.rtp_timestamp)
                position = self._audio_origin + unwrapped - self._first_audio
                self._output.on_sender_report("audio", host_unix, position, now)

    def _estimate(self, packet: rtp.RtpView, size: int, now: float) -> None:
        assert self._abs_send_time is not None
        value = rtp.extension_value(packet.extension, self._abs_send_time)
        if value is not None and len(value) == 3:
            self._uplink.add(int.from_bytes(value, "big"), size, now)

    def _repair(self, media_ssrc: int, now: float) -> bytes:
        feedback = b""
        lost = self._assembler.nacks(now)
        if lost:
            feedback += bytes(rtcp.RtcpRtpfbPacket(fmt=1, ssrc=self._ssrc, media_ssrc=media_ssrc, lost=lost))
        if self.keyframes.due(now):
            feedback += bytes(rtcp.RtcpPsfbPacket(fmt=1, ssrc=self._ssrc, media_ssrc=media_ssrc))
        return feedback

    def _report(self, now: float) -> bytes:
        stats = [s for s in (self._video_stats, self._audio_stats) if s is not None]
        report = rtcp.RtcpRrPacket(ssrc=self._ssrc, reports=[s.report(now) for s in stats])
        remb = rtcp.RtcpPsfbPacket(
            fmt=15,
            ssrc=self._ssrc,
            media_ssrc=0,
            fci=rtcp.pack_remb_fci(self._uplink.target_bps(now), [s.ssrc for s in stats]),
        )
        return bytes(report) + (bytes(remb) if self._video_stats is not None else b"")
