"""Hosts and viewers who do what they should not, over real connections."""

import asyncio
import contextlib
import itertools
import secrets

from aiortc import rtp as rtcp
from pylibsrtp import Error as SrtpError

from media.bench.load import AUDIO_TYPE, VIDEO_TYPE, Crowd, LoadPeer, play
from media.engines.base import PublisherState, VideoFrame
from media.engines.embedded import rtp
from media.engines.embedded.keyframes import KeyFrameRequests
from media.engines.embedded.negotiation import Codec
from media.engines.embedded.peer import FakeLink
from media.engines.embedded.room import MAX_GOP_FRAMES, Room
from media.engines.embedded.viewer import Viewer
from tests.media.node import Node, PacketTrack, h264_packets, opus_silence, until
from tests.media.streams import frames


def malformed() -> list[bytes]:
    """Truncated and random RTP and RTCP of every kind, as it comes out of the decryption."""
    report = bytes(rtcp.RtcpRrPacket(ssrc=1, reports=[rtcp.RtcpReceiverInfo(2, 0, 0, 0, 0, 0, 0)]))
    nack = bytes(rtcp.RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=2, lost=[1, 2, 40]))
    remb = bytes(rtcp.RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=rtcp.pack_remb_fci(1_000_000, [1, 2])))
    sender = bytes(rtcp.RtcpSrPacket(ssrc=1, sender_info=rtcp.RtcpSenderInfo(1, 2, 3, 4)))
    extended = bytes.fromhex("80cf0003000000010700000000000000")
    whole = [report, nack, remb, sender, extended, report + nack]
    found = [data[:length] for data in whole for length in range(8, len(data), 3)]
    found += [data[:1] + bytes([data[1]]) + secrets.token_bytes(30) for data in whole for _ in range(10)]
    video = rtp.build(VIDEO_TYPE, True, 7, 90_000, 5, b"\x7c\x85" + bytes(20))
    audio = rtp.build(AUDIO_TYPE, True, 7, 90_000, 6, b"")
    found += [video[:length] for length in range(12, len(video))] + [audio]
    found += [bytes([0x80 | n, VIDEO_TYPE]) + secrets.token_bytes(10 + n) for n in range(64)]
    return found


def send(peer: LoadPeer, data: bytes) -> None:
    """Encrypted, as whatever its second byte says that it is (RFC 5761 §4), as far as it can be."""
    if len(data) < 12:
        return
    with contextlib.suppress(SrtpError):
        if 192 <= data[1] <= 223:
            peer.send_rtcp(data)
        else:
            peer.send_rtp([data])


async def test_malformed_packets_from_those_who_are_let_in_harm_nobody(node: Node) -> None:
    host = node.client("whip")
    host.send(PacketTrack("video", h264_packets(1200, keyint=30), 0.02))
    await host.connect()
    await until(lambda: node.events.started)
    crowd = Crowd()
    whep = f"{node.url}/whep/{node.room}"
    good = await crowd.join(node.http, whep, node.token("whep"))
    bad = await crowd.join(node.http, whep, node.token("whep"))
    await crowd.connected()
    for number, data in enumerate(malformed()):
        send(bad, data)
        if number % 40 == 0:
            await until(lambda before=good.packets: good.packets > before)
    before = good.packets
    await until(lambda: good.packets > before + 30)
    assert node.engine.session_count == 3
    await crowd.close()
    await host.close()


async def test_a_host_that_sends_malformed_packets_is_live_again_with_good_ones(node: Node) -> None:
    crowd = Crowd()
    host = await crowd.join(node.http, f"{node.url}/whip/{node.room}", node.token("whip"), publish=True)
    await crowd.connected()
    for data in malformed():
        send(host, data)
    stop = asyncio.Event()
    playing = asyncio.create_task(play(host.send_rtp, host.send_rtp, stop))
    viewers = Crowd()

    def flowing() -> bool:
        room = node.engine.room(str(node.room))
        return room is not None and room.publisher is not None and room.publisher.frames_per_s > 10

    await until(flowing)
    viewer = await viewers.join(node.http, f"{node.url}/whep/{node.room}", node.token("whep"))
    await viewers.connected()
    await until(lambda: viewer.packets > 100)
    stop.set()
    await playing
    await viewers.close()
    await crowd.close()


async def test_a_host_that_changes_the_picture_size_stays_live(node: Node) -> None:
    """As a phone that is turned: viewers go on, HLS marks the joint."""
    host = node.client("whip")
    packets = itertools.chain(
        h264_packets(120, keyint=30, size=(320, 240)), h264_packets(400, keyint=30, size=(240, 320))
    )
    host.send(PacketTrack("video", packets, 0.015))
    await host.connect()
    await until(lambda: node.events.started)
    crowd = Crowd()
    viewer = await crowd.join(node.http, f"{node.url}/whep/{node.room}", node.token("whep"))
    await crowd.connected()

    def sizes() -> list[tuple[int, int, bool]]:
        stream = node.streams.get(str(node.room))
        segments = stream.window().segments if stream is not None else ()
        return [(s.init.width, s.init.height, s.discontinuity) for s in segments]

    await until(lambda: sizes()[-1:] == [(240, 320, True)])
    assert sizes()[0] == (320, 240, False)
    before = viewer.packets
    await until(lambda: viewer.packets > before + 30)
    assert len(node.events.started) == 1
    await crowd.close()
    await host.close()


async def test_a_host_without_sound_is_watched_both_ways(node: Node) -> None:
    host = node.client("whip")
    host.send(PacketTrack("video", h264_packets(600, keyint=30), 0.015))
    await host.connect()
    await until(lambda: node.events.started)
    crowd = Crowd()
    viewer = await crowd.join(node.http, f"{node.url}/whep/{node.room}", node.token("whep"))
    await crowd.connected()
    await until(lambda: viewer.packets > 50)
    await until(lambda: (s := node.streams.get(str(node.room))) and s.newest is not None)
    entry = (await node.http.get(f"/hls/{node.room}/index.m3u8")).text
    assert "mp4a" not in entry
    await crowd.close()
    await host.close()


async def test_a_host_without_pictures_is_heard(node: Node) -> None:
    host = node.client("whip")
    host.send(PacketTrack("audio", opus_silence(1500), 0.02))
    await host.connect()
    await until(lambda: node.events.started)
    crowd = Crowd()
    viewer = await crowd.join(node.http, f"{node.url}/whep/{node.room}", node.token("whep"))
    await crowd.connected()
    await until(lambda: viewer.packets > 50)
    await crowd.close()
    await host.close()


class Publisher:
    """Whose pictures a room takes."""

    session_id = "s"
    started_at: float | None = 0.0
    last_media_at: float | None = 0.0
    profile = "42e0"
    kinds = ("video",)

    def state(self, now: float) -> PublisherState | None:
        return None

    def close(self) -> None: ...


class Listener:
    def publish_started(self, room_id: str, session_id: str) -> None: ...
    def publish_ended(self, room_id: str, session_id: str) -> None: ...


def test_thirty_seconds_without_a_key_frame_cost_joiners_only() -> None:
    requests = KeyFrameRequests()
    room = Room("r", listener=Listener(), sink_factories=[], keyframes=requests)
    publisher = Publisher()
    room.begin(publisher)

    def watch(name: str) -> tuple[Viewer, FakeLink]:
        link = FakeLink()
        video = Codec(108, "H264", 90_000, None, "packetization-mode=1", ())
        viewer = Viewer(
            name, link, room, video=video, audio=None, sources=room.sources, cname="r",
            call_later=lambda delay_s, callback: callback(), monotonic=lambda: now,
        )  # fmt: skip
        viewer.on_connected()
        return viewer, link

    now = 0.0
    _, early = watch("early")
    asked = 0
    for frame in frames(900, keyint=900):
        now = frame.received_at
        if frame.key:
            requests.arrived(now)
        room.on_video(publisher, frame)
        asked += requests.due(now)
    assert 13 <= asked <= 30  # every other second, never more than once a second
    pictures = sum(rtp.parse(data).marker for data in early.rtp)
    assert pictures == 900
    assert len(room._gop) <= MAX_GOP_FRAMES
    late, link = watch("late")
    assert link.rtp == []
    assert requests.due(now + 1)
    key = next(frames(1))
    room.on_video(publisher, VideoFrame(900 * 3000, key.payloads, True, now + 1.1))
    assert link.rtp
    assert late.frames_dropped == 0
