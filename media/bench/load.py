"""Simulated viewers and a synthetic host: real ICE, DTLS and SRTP, no decoding."""

import asyncio
import secrets
import struct
import time
from collections.abc import Callable, Iterator

import httpx
from aioice import stun
from aiortc import rtp as rtcp
from aiortc.sdp import SessionDescription

from media.engines.embedded import rtp
from media.engines.embedded.dtls import Certificate
from media.engines.embedded.mux import Address, UdpPort
from media.engines.embedded.negotiation import LocalTransport, parse_offer, write_answer
from media.engines.embedded.peer import Peer

VIDEO_BPS = 1_500_000
FPS = 30
KEY_INTERVAL = 60
VIDEO_TYPE, RTX_TYPE, AUDIO_TYPE = 108, 109, 111
_PAYLOAD_BYTES = 1150
_CHECK_INTERVAL_S = 2.5
_REPORT_INTERVAL_S = 1.0


Send = Callable[[list[bytes]], object]


def synthetic_frame(number: int) -> list[bytes]:
    """FU-A payloads of one picture at 1.5 Mbit/s; every 60th is a key frame four times as large."""
    key = number % KEY_INTERVAL == 0
    # Key frames take their extra bytes from the others, so that the rate stays.
    ordinary = VIDEO_BPS // 8 // FPS * KEY_INTERVAL // (KEY_INTERVAL + 3)
    left = ordinary * 4 if key else ordinary
    kind = 5 if key else 1
    payloads: list[bytes] = []
    while left > 0:
        size = min(left, _PAYLOAD_BYTES)
        left -= size
        flags = (0x80 if not payloads else 0) | (0x40 if left <= 0 else 0)
        payloads.append(bytes([0x7C, flags | kind]) + bytes(size))
    return payloads


def synthetic_packets(start: int, ssrc: int) -> Iterator[list[bytes]]:
    """The RTP packets of picture after picture, for ever."""
    sequence, number = start, 0
    while True:
        payloads = synthetic_frame(number)
        yield [
            rtp.build(VIDEO_TYPE, i == len(payloads) - 1, sequence + i, number * 3000, ssrc, payload)
            for i, payload in enumerate(payloads)
        ]
        sequence += len(payloads)
        number += 1


async def play(send_video: Send, send_audio: Send, stop: asyncio.Event) -> None:
    """30 pictures and 50 audio packets a second until `stop`."""
    video = synthetic_packets(1, 0x11111111)
    began = time.monotonic()
    frames = packets = 0
    while not stop.is_set():
        elapsed = time.monotonic() - began
        while frames < elapsed * FPS:
            send_video(next(video))
            frames += 1
        while packets < elapsed * 50:
            send_audio(
                [rtp.build(AUDIO_TYPE, False, packets, packets * 960, 0x22222222, b"\x78" + bytes(99))]
            )
            packets += 1
        await asyncio.sleep(0.005)


class LoadPeer(Peer):
    """A client: it checks connectivity itself and only counts what arrives."""

    def __init__(self, certificate: Certificate, remote: "Remote") -> None:
        self.port = UdpPort(self._on_datagram)
        self.port.open("0.0.0.0", 0)
        super().__init__(
            self.port,
            certificate,
            dtls_server=remote.we_are_dtls_server,
            fingerprints=remote.fingerprints,
            remote_ufrag=remote.ufrag,
            bind=lambda peer, address: None,
        )
        self.remote = remote
        self.handler = _Idle()
        self.packets = 0
        self.bytes = 0
        self._ssrcs: dict[int, int] = {}
        self._checked_at = 0.0
        self._reported_at = 0.0

    @property
    def sources(self) -> set[int]:
        """The SSRCs that media came from."""
        return set(self._ssrcs)

    def tick(self, now: float) -> None:
        """Check, report and retransmit where due; call it every 50 ms."""
        self.poll(now)
        interval = _CHECK_INTERVAL_S if self.connected else 0.1
        if self.remote.address is not None and now - self._checked_at >= interval:
            self._checked_at = now
            self._check(self.remote.address)
        if self.connected and now - self._reported_at >= _REPORT_INTERVAL_S:
            self._reported_at = now
            self._report()

    def _check(self, address: Address) -> None:
        request = stun.Message(
            stun.Method.BINDING,
            stun.Class.REQUEST,
            attributes={
                "USERNAME": f"{self.remote.ufrag}:{self.local_ufrag}",
                "PRIORITY": 1,
                "ICE-CONTROLLING": 1,
                "USE-CANDIDATE": None,
            },
        )
        request.add_message_integrity(self.remote.password.encode())
        self.port.send([bytes(request)], address)

    def _on_datagram(self, data: bytes, address: Address) -> None:
        first = data[0] if data else 255
        if 128 <= first <= 191:
            self.packets += 1
            self.bytes += len(data)
            if not 192 <= data[1] <= 223:
                self._ssrcs[int.from_bytes(data[8:12], "big")] = int.from_bytes(data[2:4], "big")
        elif first < 4:
            self._on_check(data, address)
        else:
            self.on_datagram(data, address, time.monotonic())

    def _on_check(self, data: bytes, address: Address) -> None:
        message = stun.parse_message(data)
        if message.message_class == stun.Class.REQUEST:
            self.on_stun(message, address, time.monotonic())
        elif message.message_class == stun.Class.RESPONSE:
            self.heard(address, time.monotonic())

    def _report(self) -> None:
        reports = [
            rtcp.RtcpReceiverInfo(ssrc, 0, 0, sequence, 10, 0, 0) for ssrc, sequence in self._ssrcs.items()
        ]
        if reports:
            self.send_rtcp(bytes(rtcp.RtcpRrPacket(ssrc=1, reports=reports)))

    def finish(self) -> None:
        """Close the peer and its socket."""
        self.close()
        self.port.close()


class _Idle:
    """A peer's handler that does nothing."""

    def on_connected(self) -> None: ...
    def on_rtp(self, data: bytes, now: float) -> None: ...
    def on_rtcp(self, data: bytes, now: float) -> None: ...
    def on_closed(self) -> None: ...


class Remote:
    """The other side, as its session description says."""

    def __init__(self, sdp: str) -> None:
        media = SessionDescription.parse(sdp).media[0]
        assert media.ice is not None
        assert media.dtls is not None
        self.ufrag: str = media.ice.usernameFragment or ""
        self.password: str = media.ice.password or ""
        self.fingerprints = [(f.algorithm, f.value) for f in media.dtls.fingerprints]
        self.we_are_dtls_server = media.dtls.role == "client"
        usable = [c for c in media.ice_candidates if c.ip is not None and ":" not in c.ip]
        chosen = next(iter(usable), None)
        self.address: Address | None = (chosen.ip, chosen.port) if chosen is not None else None


class Crowd:
    """Load peers that share one ticking task."""

    def __init__(self) -> None:
        self.certificate = Certificate()
        self.peers: list[LoadPeer] = []
        self._task = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            now = time.monotonic()
            for peer in self.peers:
                peer.tick(now)
            await asyncio.sleep(0.05)

    async def join(self, http: httpx.AsyncClient, url: str, token: str, *, publish: bool = False) -> LoadPeer:
        """Open a WHEP (or WHIP) session."""
        ufrag, password = secrets.token_hex(4), secrets.token_hex(12)
        offer = client_offer(ufrag, password, self.certificate.fingerprint, publish=publish)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
        answer = await http.post(url, content=offer, headers=headers)
        answer.raise_for_status()
        peer = LoadPeer(self.certificate, Remote(answer.text))
        peer.local_ufrag, peer.local_password = ufrag, password
        self.peers.append(peer)
        return peer

    def answer(self, offer: str) -> tuple[LoadPeer, str]:
        """Answer somebody else's offer of media (Janus)."""
        parsed = parse_offer(offer, role="publisher")
        remote = Remote(offer)
        remote.we_are_dtls_server = parsed.dtls_server
        peer = LoadPeer(self.certificate, remote)
        host = remote.address[0] if remote.address is not None else "127.0.0.1"
        remote.address = None  # as ICE-lite we wait for its checks
        self.peers.append(peer)
        local = LocalTransport(
            peer.local_ufrag,
            peer.local_password,
            self.certificate.fingerprint,
            [(host, peer.port.port)],
        )
        return peer, write_answer(parsed, local)

    async def connected(self, timeout_s: float = 30.0) -> None:
        """Wait until everyone is."""
        async with asyncio.timeout(timeout_s):
            while not all(peer.connected for peer in self.peers):
                await asyncio.sleep(0.05)

    def received(self) -> tuple[int, int]:
        """(packets, bytes) of everybody."""
        return sum(p.packets for p in self.peers), sum(p.bytes for p in self.peers)

    async def close(self) -> None:
        """Everybody leaves."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for peer in self.peers:
            peer.finish()
        self.peers.clear()


def client_offer(ufrag: str, password: str, fingerprint: str, *, publish: bool) -> str:
    """What a small client offers: H.264 with retransmission, and Opus."""
    direction = "sendonly" if publish else "recvonly"
    common = [
        "c=IN IP4 0.0.0.0",
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{password}",
        f"a=fingerprint:sha-256 {fingerprint}",
        "a=setup:actpass",
        f"a={direction}",
        "a=rtcp-mux",
    ]
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
    lines += [f"m=video 9 UDP/TLS/RTP/SAVPF {VIDEO_TYPE} {RTX_TYPE}", "a=mid:0", *common]
    lines += [
        f"a=rtpmap:{VIDEO_TYPE} H264/90000",
        f"a=fmtp:{VIDEO_TYPE} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        f"a=rtcp-fb:{VIDEO_TYPE} nack",
        f"a=rtcp-fb:{VIDEO_TYPE} nack pli",
        f"a=rtpmap:{RTX_TYPE} rtx/90000",
        f"a=fmtp:{RTX_TYPE} apt={VIDEO_TYPE}",
        f"m=audio 9 UDP/TLS/RTP/SAVPF {AUDIO_TYPE}",
        "a=mid:1",
        *common,
        f"a=rtpmap:{AUDIO_TYPE} opus/48000/2",
    ]
    return "\r\n".join(lines) + "\r\n"


def garbage() -> Iterator[bytes]:
    """Random bytes, and truncated STUN, DTLS, RTP and RTCP."""
    for number in range(10_000):
        random = secrets.token_bytes(secrets.randbelow(120))
        match number % 5:
            case 0:
                yield random
            case 1:
                yield struct.pack("!HHI", 1, len(random), stun.COOKIE) + random
            case 2:
                yield b"\x16\xfe\xfd" + random
            case 3:
                yield b"\x80\x6c" + random
            case _:
                yield b"\x80\xc9" + random
