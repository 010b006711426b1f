"""What Janus forwards of a host, as plain RTP to a UDP port: the room's sinks are fed from it."""

from collections.abc import Callable, Sequence

from aiortc import rtp as rtcp

from media.engines.embedded.keyframes import KeyFrameRequests
from media.engines.embedded.mux import Address, UdpPort
from media.engines.embedded.negotiation import Codec, Offer, Section
from media.engines.embedded.publisher import Publisher, PublisherOutput

VIDEO_TYPE, AUDIO_TYPE = 96, 97


class _Wishes:
    """A `PeerLink` to nobody: of what a publisher would be told, only the wish for a key frame counts."""

    connected = True

    def __init__(self, on_key_frame_wanted: Callable[[], None], on_close: Callable[[], None]) -> None:
        self.closed = False
        self._on_key_frame_wanted = on_key_frame_wanted
        self._on_close = on_close

    def send_rtp(self, packets: Sequence[bytes]) -> int:
        return len(packets)

    def send_rtcp(self, compound: bytes) -> None:
        for packet in rtcp.RtcpPacket.parse(compound):
            if isinstance(packet, rtcp.RtcpPsfbPacket) and packet.fmt == 1:
                self._on_key_frame_wanted()

    def when_writable(self, callback: Callable[[], None]) -> None:
        callback()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._on_close()


class Tap:
    """A bound port and the publisher that is read from it."""

    def __init__(
        self,
        session_id: str,
        output: PublisherOutput,
        *,
        kinds: Sequence[str],
        profile: str,
        keyframes: KeyFrameRequests,
        on_key_frame_wanted: Callable[[], None],
        on_close: Callable[[], None],
    ) -> None:
        """`on_close` is called when the room wants the publisher gone."""
        self._port = UdpPort(self._on_datagram)
        self.publisher = Publisher(
            session_id,
            _Wishes(on_key_frame_wanted, on_close),
            _offer(kinds, profile),
            output,
            keyframes=keyframes,
            max_bitrate_bps=1,
        )
        self._now = 0.0
        self.rejected_packets = 0

    @property
    def port(self) -> int:
        """Where to send."""
        return self._port.port

    def open(self, host: str, clock: Callable[[], float]) -> None:
        """Bind to any free port of `host`."""
        self._clock = clock
        self._port.open(host, 0)

    def close(self) -> None:
        """Unbind and tell the room that the publisher is gone."""
        self._port.close()
        self.publisher.on_closed()

    def _on_datagram(self, data: bytes, _: Address) -> None:
        if len(data) > 1 and 192 <= data[1] <= 223:
            return
        try:
            self.publisher.on_rtp(data, self._clock())
        except ValueError:
            self.rejected_packets += 1


def _offer(kinds: Sequence[str], profile: str) -> Offer:
    """What the forwarded streams look like to a publisher."""
    codecs = {
        "video": Codec(VIDEO_TYPE, "H264", 90_000, None, f"profile-level-id={profile}1f", ()),
        "audio": Codec(AUDIO_TYPE, "opus", 48_000, 2, "", ()),
    }
    sections = tuple(Section(kind, kind, "sendonly", codecs[kind]) for kind in kinds)
    return Offer(sections, "", (), dtls_server=True)
