"""What the rest of the media role asks of an engine, and what it is told in return."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from app.core.errors import Problem

VIDEO_CLOCK_HZ = 90_000
AUDIO_CLOCK_HZ = 48_000


class BadSdp(Problem):
    """The body is not a session description that WebRTC media could come from."""

    code = "bad_sdp"
    status = 400
    title = "Not a usable session description"


class CodecNotSupported(Problem):
    """The offer holds no H.264 (packetization mode 1) for video."""

    code = "codec_not_supported"
    status = 406
    title = "No supported codec offered"


class AlreadyPublishing(Problem):
    """Someone sends media to this room right now."""

    code = "already_publishing"
    status = 409
    title = "The room already has a publisher"


class PublishingStopped(Problem):
    """Moderation has stopped this room's stream; `detail` is the reason, for the host."""

    code = "publishing_stopped"
    status = 403
    title = "This stream was stopped"


class StreamOffline(Problem):
    """Nobody publishes to this room."""

    code = "stream_offline"
    status = 409
    title = "The stream is offline"


class SessionNotFound(Problem):
    """The WHIP or WHEP session does not exist (any more)."""

    code = "session_not_found"
    status = 404
    title = "No such session"


class NodeFull(Problem):
    """The node serves as many viewers as its operator allows."""

    code = "node_full"
    status = 503
    title = "This media node is full"


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One coded picture as the host sent it.

    `payloads` are RTP payloads (RFC 6184), passed on untouched; `timestamp` counts
    90 kHz ticks since the session's first picture and never wraps.
    """

    timestamp: int
    payloads: tuple[bytes, ...]
    key: bool
    received_at: float


@dataclass(frozen=True, slots=True)
class AudioPacket:
    """One Opus packet; `timestamp` counts 48 kHz ticks since the session's first packet."""

    sequence: int
    timestamp: int
    payload: bytes
    received_at: float


class MediaSink(Protocol):
    """Takes one publisher's media inside the engine's loop: must return at once, never raise."""

    def on_video(self, frame: VideoFrame) -> None: ...
    def on_audio(self, packet: AudioPacket) -> None: ...
    async def close(self) -> None: ...


SinkFactory = Callable[[str, str], MediaSink]
"""Called with (room_id, session_id) when a publisher's first media arrives."""


class EngineListener(Protocol):
    """Told of publishers coming and going; called in the engine's loop, must not block."""

    def publish_started(self, room_id: str, session_id: str) -> None: ...
    def publish_ended(self, room_id: str, session_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class StreamOrder:
    """What moderation orders for a room's stream; the default forbids nothing.

    `stopped`: nobody may publish. `muted`: pictures go on, sound becomes silence for everyone.
    `reason` is told to the host.
    """

    stopped: bool = False
    muted: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A session that was opened: its id and the SDP answer."""

    session_id: str
    sdp: str


@dataclass(frozen=True, slots=True)
class PublisherState:
    """How a host's stream arrives; rates over the last second."""

    session_id: str
    started_at: float
    last_media_at: float
    bitrate_bps: int
    loss_share: float
    round_trip_ms: float | None
    frames_per_s: float
    key_frames: int
    keyframe_requests: int


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room on this engine. `publisher` is None while nobody's media arrives."""

    room_id: str
    publisher: PublisherState | None
    viewers: int
    frames_dropped: int = 0
    muted: bool = False
    viewer_session_ids: Sequence[str] = field(default=())


class MediaEngine(Protocol):
    """Terminates WebRTC. Every method may raise the `Problem`s named in this module."""

    name: ClassVar[str]
    """What operators call it."""

    async def start(self) -> None: ...
    async def close(self) -> None: ...

    async def publish(self, room_id: str, offer: str) -> Answer:
        """Open a publisher's session; `AlreadyPublishing` while another one's media arrives."""

    async def subscribe(self, room_id: str, offer: str) -> Answer:
        """Open a viewer's session; `StreamOffline` when nobody publishes."""

    async def trickle(self, session_id: str, fragment: str) -> str | None:
        """Take a `trickle-ice-sdpfrag`; an ICE restart returns the new fragment to answer with."""

    def ice_tag(self, session_id: str) -> str:
        """Names the session's current ICE generation; `SessionNotFound`."""

    def session_room(self, session_id: str) -> tuple[str, str] | None:
        """("whip" or "whep", room_id) of a session; None where there is none."""

    async def hang_up(self, session_id: str) -> None:
        """End a session; unknown ones raise `SessionNotFound`."""

    async def evict(self, room_id: str) -> None:
        """End every session of a room that this node no longer has."""

    def obey(self, room_id: str, order: StreamOrder) -> None:
        """Carry out an order at once and from now on, also for who publishes later."""

    def on_rendition(self, room_id: str, rendition: int, frame: VideoFrame) -> None:
        """A smaller picture for viewers whose path is weak; 1 is the ladder's first rung."""

    def rooms(self) -> Sequence[RoomState]: ...
    def room(self, room_id: str) -> RoomState | None: ...
