import asyncio
from collections.abc import Sequence

import av
import orjson
import pytest
from aiortc import rtcrtpreceiver
from aiortc.jitterbuffer import JitterFrame
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from media.client import WebRtcClient
from media.engines.base import AudioPacket, VideoFrame
from media.engines.embedded.engine import EmbeddedEngine
from media.h264 import annex_b
from tests.media.node import LOCAL, Node, PacketTrack, h264_packets, opus_silence, until


class Received:
    """aiortc's decoder, replaced by one that keeps what it should decode."""

    def __init__(self) -> None:
        self.video: list[bytes] = []
        self.audio: list[bytes] = []

    def install(self, patch: pytest.MonkeyPatch) -> None:
        original = rtcrtpreceiver.get_decoder

        class Keep:
            def __init__(self, into: list[bytes]) -> None:
                self._into = into

            def decode(self, frame: JitterFrame) -> list[av.VideoFrame]:
                self._into.append(frame.data)
                return []

        def choose(codec: object) -> object:
            mime = codec.mimeType.lower()  # type: ignore[attr-defined]
            if mime == "video/h264":
                return Keep(self.video)
            return Keep(self.audio) if mime == "audio/opus" else original(codec)

        patch.setattr(rtcrtpreceiver, "get_decoder", choose)


def nals(data: bytes) -> list[bytes]:
    return [part.rstrip(b"\x00") for part in data.split(b"\x00\x00\x01") if part.rstrip(b"\x00")]


async def watch(node: Node) -> WebRtcClient:
    viewer = node.client("whep")
    viewer.receive("video")
    viewer.receive("audio")
    await viewer.connect()
    return viewer


async def test_what_a_viewer_gets_is_what_the_host_sent_byte_for_byte(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = Received()
    received.install(monkeypatch)
    host = node.client("whip")
    video = PacketTrack("video", h264_packets(400, size=(640, 480)), 0.02)
    audio = PacketTrack("audio", opus_silence(400), 0.02)
    host.send(video)
    host.send(audio)
    await host.connect()
    await until(lambda: node.events.started)
    viewer = await watch(node)
    await until(lambda: len(received.video) > 60 and len(received.audio) > 60)
    await viewer.close()
    await host.close()

    sent = [nals(data) for data in video.sent]
    got = [nals(data) for data in received.video]
    start = sent.index(got[0])
    assert got == sent[start : start + len(got)]
    assert got[0][0][0] & 0x1F == 7  # the first thing is a sequence parameter set
    first = audio.sent.index(received.audio[0])
    assert received.audio == audio.sent[first : first + len(received.audio)]


async def test_viewers_who_lose_pictures_do_not_flood_the_host(node: Node) -> None:
    host = node.client("whip")
    host.send(PacketTrack("video", h264_packets(400, keyint=400), 0.01))
    await host.connect()
    await until(lambda: node.events.started)
    viewers = [await watch(node) for _ in range(3)]
    await until(lambda: len(room_of(node).viewer_session_ids) == 3)
    before = requests(node)
    began = asyncio.get_running_loop().time()
    for _ in range(30):
        for session_id in room_of(node).viewer_session_ids:
            node.engine.viewer(session_id).on_rtcp(bytes.fromhex("81ce00020000000100000002"), 0.0)
        await asyncio.sleep(0.05)
    elapsed = asyncio.get_running_loop().time() - began
    assert 1 <= requests(node) - before <= elapsed + 1
    for client in (*viewers, host):
        await client.close()


async def test_viewers_stay_and_go_on_when_the_host_comes_back(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = Received()
    received.install(monkeypatch)
    first = node.client("whip")
    first.send(PacketTrack("video", h264_packets(300), 0.01))
    await first.connect()
    await until(lambda: node.events.started)
    viewer = await watch(node)
    await until(lambda: len(received.video) > 10)
    await first.close()
    await until(lambda: node.events.ended)
    got = len(received.video)
    second = node.client("whip")
    second.send(PacketTrack("video", h264_packets(300), 0.01))
    await second.connect()
    await until(lambda: len(received.video) > got + 20)
    assert viewer.connection.connectionState == "connected"
    await viewer.close()
    await second.close()


async def test_the_room_is_known_as_live_and_the_voice_is_tapped(node: Node, redis: Redis) -> None:
    host = node.client("whip")
    host.send(PacketTrack("video", h264_packets(600), 0.02))
    host.send(PacketTrack("audio", opus_silence(600), 0.02))
    await host.connect()
    await until(lambda: node.events.started)
    entries: Sequence[tuple[bytes, dict[bytes, bytes]]] = []
    async with asyncio.timeout(20):
        while len(entries) < 5:
            entries = await redis.xrange(f"tap:{node.room}")
            await asyncio.sleep(0.05)
    session = node.events.started[0][1]
    assert [int(fields[b"at_ms"]) for _, fields in entries[:5]] == [
        int(entries[0][1][b"at_ms"]) + n * 100 for n in range(5)
    ]
    assert {len(fields[b"pcm"]) for _, fields in entries} == {3200}
    assert {fields[b"session"] for _, fields in entries} == {session.encode()}

    key = f"stream:{node.room}"
    assert 0 < await redis.pttl(key) <= 3000
    assert REGISTRY.get_sample_value("shopcast_media_rooms") == 1
    assert (REGISTRY.get_sample_value("shopcast_tap_lag_seconds_count") or 0) >= len(entries)
    assert orjson.loads(await redis.get(key) or b"")["session"] == session
    await host.close()
    await until(lambda: node.events.ended)
    assert await redis.exists(key) == 0


class Broken:
    """A sink that cannot be closed."""

    def on_video(self, frame: VideoFrame) -> None: ...
    def on_audio(self, packet: AudioPacket) -> None: ...

    async def close(self) -> None:
        raise OSError("disk full")


async def test_sinks_hear_frames_and_a_broken_one_harms_nobody(node: Node) -> None:
    frames: list[VideoFrame] = []

    class Keep(Broken):
        def on_video(self, frame: VideoFrame) -> None:
            frames.append(frame)

    class Listener:
        def publish_started(self, room_id: str, session_id: str) -> None: ...
        def publish_ended(self, room_id: str, session_id: str) -> None: ...

    engine = EmbeddedEngine(LOCAL, Listener(), [lambda room_id, session_id: Keep()])
    await engine.start()
    host = node.client("whip")
    track = PacketTrack("video", h264_packets(60), 0.01)
    host.send(track)
    connection = host.connection
    await connection.setLocalDescription(await connection.createOffer())
    answer = await engine.publish("room", connection.localDescription.sdp)
    await connection.setRemoteDescription(type(connection.localDescription)(answer.sdp, "answer"))
    await until(lambda: len(frames) >= 20)
    assert [frame.timestamp - frames[0].timestamp for frame in frames[:20]] == [n * 3000 for n in range(20)]
    assert nals(annex_b(frames[0].payloads)) in [nals(data) for data in track.sent]
    await host.close()
    await engine.close()


def room_of(node: Node):
    room = node.engine.room(str(node.room))
    assert room is not None
    return room


def requests(node: Node) -> int:
    publisher = room_of(node).publisher
    assert publisher is not None
    return publisher.keyframe_requests
