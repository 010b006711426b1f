"""The Janus engine with a real Janus."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from media.config import MediaConfig
from media.control import StreamControl
from media.engines.base import StreamOrder
from media.engines.janus.engine import JanusConfig
from media.engines.janus.sdp import candidates_of, with_one_fingerprint
from tests.media.browser import MISSING, chromium, page_at, publish, statistics, watch
from tests.media.janus import running_janus
from tests.media.node import Node, PacketTrack, h264_packets, opus_silence, running_node, until
from tests.media.test_passthrough import Received, nals

pytestmark = pytest.mark.skipif(shutil.which("janus") is None, reason="needs janus (apt install janus)")


@pytest.fixture
async def node(redis: Redis, tmp_path: Path) -> AsyncIterator[Node]:
    async with (
        running_janus(tmp_path / "janus") as (_, url),
        running_node(redis, MediaConfig(engine=JanusConfig(url))) as running,
    ):
        yield running


def test_janus_is_given_one_fingerprint_and_no_names() -> None:
    sdp = "v=0\r\na=fingerprint:sha-256 AA\r\na=fingerprint:sha-512 BB\r\na=fingerprint:SHA-384 CC\r\na=x\r\n"
    assert with_one_fingerprint(sdp) == "v=0\r\na=fingerprint:sha-256 AA\r\na=x\r\n"
    candidate = "a=candidate:1 1 udp 1 {} 5000 typ host\r\n"
    both = candidate.format("10.0.0.1") + candidate.format("f00-1.local") + candidate.format("10.0.0.1")
    assert candidates_of(both) == [candidate.format("10.0.0.1").strip()]


async def test_what_a_host_sends_reaches_viewers_and_sinks_byte_for_byte(
    node: Node, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = Received()
    received.install(monkeypatch)
    host = node.client("whip")
    video = PacketTrack("video", h264_packets(1200, keyint=30, size=(640, 480)), 0.02)
    host.send(video)
    host.send(PacketTrack("audio", opus_silence(1200), 0.02))
    await host.connect()
    await until(lambda: node.events.started)
    viewer = node.client("whep")
    viewer.receive("video")
    viewer.receive("audio")
    await viewer.connect()
    await until(lambda: len(received.video) > 60 and len(received.audio) > 60)
    sent, got = [nals(data) for data in video.sent], [nals(data) for data in received.video]
    start = sent.index(got[10])
    assert got[10:40] == sent[start : start + 30]
    state = node.engine.room(str(node.room))
    assert state is not None
    assert state.publisher is not None
    assert state.viewers == 1
    assert state.publisher.bitrate_bps > 0

    path = f"/hls/{node.room}/index.m3u8"
    while (await node.http.get(path)).status_code != 200:
        await until(lambda: True)
    assert await redis.xlen(f"tap:{node.room}") > 0

    # Muted: pictures go on, sound does not; HLS and tap go on with silence.
    await StreamControl(redis).give(str(node.room), StreamOrder(muted=True))
    await until(lambda: node.engine.room(str(node.room)).muted)  # type: ignore[union-attr]
    pictures = len(received.video)
    await until(lambda: len(received.video) > pictures + 30)
    heard, pictures = len(received.audio), len(received.video)
    await until(lambda: len(received.video) > pictures + 30)
    assert len(received.audio) == heard
    await StreamControl(redis).lift(str(node.room))
    await until(lambda: len(received.audio) > heard + 10)

    second = node.client("whip")
    second.send(PacketTrack("video", h264_packets(10), 0.02))
    with pytest.raises(httpx.HTTPStatusError) as refused:
        await second.connect()
    assert refused.value.response.json()["code"] == "already_publishing"

    await StreamControl(redis).give(str(node.room), StreamOrder(stopped=True, reason="no"))
    await until(lambda: node.events.ended)
    await viewer.close()
    await until(lambda: node.engine.rooms() == [])
    await host.close()
    await second.close()


@pytest.mark.e2e
@pytest.mark.skipif(MISSING, reason="needs chromium (apt install chromium)")
async def test_a_browser_publishes_through_janus_and_another_watches(node: Node) -> None:
    async with chromium() as browser:
        host, viewer = await page_at(browser, node.url), await page_at(browser, node.url)
        await publish(host, f"{node.url}/whip/{node.room}", node.token("whip"))
        await until(lambda: node.events.started)
        await watch(viewer, f"{node.url}/whep/{node.room}", node.token("whep"))
        while (await statistics(viewer))["video"].get("framesDecoded", 0) < 30:
            await until(lambda: True)
        seen = await statistics(viewer)
        assert "video/H264" in seen
        assert seen["audio"]["packetsReceived"] > 0


async def test_a_janus_that_dies_takes_its_streams_with_it(redis: Redis, tmp_path: Path) -> None:
    async with (
        running_janus(tmp_path / "janus") as (process, url),
        running_node(redis, MediaConfig(engine=JanusConfig(url))) as node,
    ):
        host = node.client("whip")
        host.send(PacketTrack("video", h264_packets(600), 0.02))
        await host.connect()
        await until(lambda: node.events.started)
        process.kill()
        await until(lambda: node.events.ended)
        assert node.engine.rooms() == []
        refused = await node.http.post(
            f"/whip/{node.room}",
            content=host.connection.localDescription.sdp,
            headers=node.bearer("whip") | {"Content-Type": "application/sdp"},
        )
        assert refused.status_code == 503
        assert refused.json()["code"] == "engine_unavailable"
        await host.close()
