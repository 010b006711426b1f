import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import av
import psutil
import pytest
from aiortc import rtp as rtcp
from redis.asyncio import Redis

from media.config import MediaConfig
from media.engines.base import VideoFrame
from media.engines.embedded.renditions import RenditionTrack
from media.engines.embedded.viewer import Viewer
from media.h264 import annex_b
from media.renditions.ladder import RenditionChoice, ladder
from media.renditions.transcoder import Transcoder
from tests.media.m3u8 import parse
from tests.media.node import LOCAL, Node, PacketTrack, h264_packets, opus_silence, running_node, until
from tests.media.streams import frames
from tests.media.test_passthrough import Received, nals


def test_the_ladder_is_ordered_and_promises_more_than_it_spends() -> None:
    rungs = ladder([360, 480, 360])
    assert [rung.name for rung in rungs] == ["480p", "360p"]
    assert all(rung.bandwidth_bps > rung.bitrate_bps for rung in rungs)


class Path:
    """One report a second from a viewer of three renditions."""

    def __init__(self) -> None:
        self.choice = RenditionChoice()
        self.now = 0.0

    def reports(self, count: int, loss: float = 0.0, rtt: float | None = 20.0, dropped: int = 0) -> list[int]:
        found = []
        for _ in range(count):
            self.now += 1.0
            found.append(self.choice.report(loss, rtt, dropped, 3, self.now))
        return found


def test_loss_leads_down_step_by_step_and_calm_leads_up() -> None:
    path = Path()
    assert path.reports(3) == [0, 0, 0]
    assert path.reports(7, loss=0.15) == [0, 0, 1, 1, 1, 2, 2]
    assert path.reports(23) == [2] * 10 + [1] * 10 + [0] * 3


def test_repaired_loss_and_single_bad_reports_change_nothing() -> None:
    path = Path()
    for _ in range(10):
        assert path.reports(2, loss=0.3) == [0, 0]
        assert path.reports(3, loss=0.05) == [0, 0, 0]


def test_a_round_trip_far_above_the_best_leads_down_too() -> None:
    path = Path()
    path.reports(3, rtt=40)
    assert path.reports(3, rtt=200) == [0, 0, 0]
    assert path.reports(3, rtt=300) == [0, 0, 1]
    assert path.reports(3, rtt=None) == [1, 1, 1]


def test_dropped_pictures_lead_down() -> None:
    path = Path()
    assert [path.reports(1, dropped=60 * n)[0] for n in range(1, 4)] == [0, 0, 1]


def test_each_failed_attempt_upwards_waits_longer() -> None:
    path = Path()
    path.reports(3, loss=0.2)
    waits = []
    for _ in range(4):
        waited = 0
        while path.reports(1) == [1]:
            waited += 1
        waits.append(waited)
        assert path.reports(3, loss=0.2)[-1] == 1
    assert waits == [10, 20, 40, 80]


def test_a_room_that_has_lost_its_renditions_sends_the_source() -> None:
    path = Path()
    path.reports(3, loss=0.2)
    assert path.choice.report(0.2, 20.0, 0, 1, 10.0) == 0


@dataclass
class Frame:
    rendition: int
    timestamp: int
    key: bool = False


def test_on_the_way_down_the_source_is_held_until_the_smaller_picture_of_the_moment() -> None:
    track = RenditionTrack()
    assert track.follows(Frame(0, 0, key=True))
    assert not track.follows(Frame(1, 0, key=True))
    track.wanted = 1
    assert track.follows(Frame(0, 3000))
    assert not track.follows(Frame(1, 3000))
    assert not track.follows(Frame(0, 6000, key=True))
    assert not track.follows(Frame(0, 9000))
    assert track.follows(Frame(1, 6000, key=True))
    assert not track.follows(Frame(0, 12_000))
    assert track.follows(Frame(1, 9000))
    # Up again: the source is ahead, what is on its way of the smaller one is left out.
    track.wanted = 0
    assert track.follows(Frame(0, 15_000, key=True))
    assert not track.follows(Frame(1, 12_000))
    assert track.rendition == 0


def test_a_change_that_does_not_come_is_given_up() -> None:
    track = RenditionTrack()
    track.follows(Frame(0, 0, key=True))
    track.wanted = 1
    assert not track.follows(Frame(0, 90_000, key=True))
    assert not track.follows(Frame(0, 93_000))
    assert track.follows(Frame(0, 180_000, key=True))
    assert track.follows(Frame(0, 183_000))
    assert track.wanted == 0


def test_a_rendition_that_falls_silent_is_left_for_the_source() -> None:
    track = RenditionTrack()
    track.wanted = 1
    assert track.follows(Frame(1, 0, key=True))
    assert not track.follows(Frame(0, 90_000, key=True))
    assert track.follows(Frame(0, 270_000, key=True))


def sizes(pictures: list[VideoFrame]) -> list[tuple[int, int]]:
    codec = av.CodecContext.create("h264", "r")
    decoded = [f for p in pictures for f in codec.decode(av.Packet(annex_b(p.payloads)))]
    return [(frame.width, frame.height) for frame in [*decoded, *codec.decode(None)]]


def decoded_sizes(received: list[bytes]) -> list[tuple[int, int]]:
    """From the first key frame on."""
    codec = av.CodecContext.create("h264", "r")
    first = next(n for n, data in enumerate(received) if any(nal[0] & 0x1F == 7 for nal in nals(data)))
    return [(f.width, f.height) for data in received[first:] for f in codec.decode(av.Packet(data))]


def report(viewer: Viewer, lost: int) -> rtcp.RtcpReceiverInfo:
    """What a receiver says of its video; `lost` of 256."""
    return rtcp.RtcpReceiverInfo(viewer._sources["video"].ssrc, lost, 0, 0, 0, 0, 0)


def rendition_count(node: Node) -> int:
    return node.engine._rooms[str(node.room)].renditions


@pytest.fixture
async def made() -> AsyncIterator[tuple[Transcoder, dict[int, list[VideoFrame]]]]:
    found: dict[int, list[VideoFrame]] = {0: [], 1: []}
    transcoder = Transcoder(ladder([120, 96]), lambda number, frame: found[number].append(frame))
    yield transcoder, found
    await transcoder.close()


async def test_every_picture_becomes_one_smaller_picture_a_rung_with_the_same_key_frames(
    made: tuple[Transcoder, dict[int, list[VideoFrame]]],
) -> None:
    transcoder, found = made
    source = list(frames(60, keyint=20))
    for frame in source:
        transcoder.push(frame)
    await until(lambda: len(found[0]) == len(found[1]) == 60)
    for number, size in ((0, (160, 120)), (1, (128, 96))):
        assert [(f.timestamp, f.key) for f in found[number]] == [(f.timestamp, f.key) for f in source]
        assert sizes(found[number]) == [size] * 60


async def test_a_change_of_size_goes_on_and_smaller_sources_have_fewer_rungs(
    made: tuple[Transcoder, dict[int, list[VideoFrame]]],
) -> None:
    transcoder, found = made
    for frame in [*frames(10), *frames(10, size=(176, 112), start_s=1)]:
        transcoder.push(frame)
    await until(lambda: len(found[1]) == 20)
    assert sizes(found[1]) == [(128, 96)] * 10 + [(150, 96)] * 10
    assert sizes(found[0]) == [(160, 120)] * 10


async def test_a_process_that_dies_is_started_again(
    made: tuple[Transcoder, dict[int, list[VideoFrame]]],
) -> None:
    transcoder, found = made
    source = frames(400, keyint=10)
    for _ in range(10):
        transcoder.push(next(source))
    await until(lambda: len(found[0]) == 10)
    children = psutil.Process().children()
    worker = next(child for child in children if "media.renditions.worker" in child.cmdline())
    os.kill(worker.pid, signal.SIGKILL)
    await until(lambda: transcoder.starts == 2)
    while len(found[0]) < 20:
        transcoder.push(next(source))
        await asyncio.sleep(0.02)
    assert found[0][10].key


async def test_a_weak_path_gets_smaller_pictures_by_webrtc_and_by_hls(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = Received()
    received.install(monkeypatch)
    config = MediaConfig(engine=LOCAL, renditions=ladder([240, 120]))
    async with running_node(redis, config) as node:
        host = node.client("whip")
        host.send(PacketTrack("video", h264_packets(1500, keyint=15, size=(640, 480)), 0.03))
        host.send(PacketTrack("audio", opus_silence(2000), 0.02))
        await host.connect()
        await until(lambda: node.events.started)
        viewer = node.client("whep")
        viewer.receive("video")
        await viewer.connect()
        await until(lambda: rendition_count(node) == 3 and len(received.video) > 10)
        session = node.engine.viewer(node.engine.room(str(node.room)).viewer_session_ids[0])  # type: ignore[union-attr]
        now = time.monotonic()
        for second in range(10):
            session._on_report(report(session, lost=80), now + second)
        await until(lambda: session.rendition == 2)
        count = len(received.video)
        await until(lambda: len(received.video) > count + 20)
        assert decoded_sizes(received.video[-60:])[-1] == (160, 120)
        for second in range(10, 60):
            session._on_report(report(session, lost=0), now + second)
        await until(lambda: session.rendition == 0)
        count = len(received.video)
        await until(lambda: len(received.video) > count + 20)
        assert decoded_sizes(received.video[-60:])[-1] == (640, 480)

        base = f"/hls/{node.room}"
        entry = (await node.http.get(f"{base}/index.m3u8")).text
        assert re.findall(r"RESOLUTION=(\d+x\d+).*\n(.+)", entry) == [
            ("640x480", "live.m3u8"),
            ("320x240", "240p/live.m3u8"),
            ("160x120", "120p/live.m3u8"),
        ]
        leader = {s.number: s for s in node.streams[str(node.room)].window().segments}
        follower = node.streams.renditions[str(node.room)]["240p"].window().segments
        shared = [s for s in follower if s.complete]
        assert shared
        assert {"mp4a.40.2" in segment.init.codecs for segment in shared} == {True}
        assert len({segment.init.number for segment in shared}) == 1
        for segment in shared:
            assert segment.began_at == leader[segment.number].began_at
            assert segment.duration_s == pytest.approx(leader[segment.number].duration_s)
        playlist = parse((await node.http.get(f"{base}/240p/plain.m3u8")).text)
        name = playlist.segments[-1].uri
        assert (await node.http.get(f"{base}/240p/{name}")).status_code == 200
        await viewer.close()
        await host.close()
