import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from media.bench.load import Crowd
from media.config import MediaConfig
from media.h264 import nal_units, packetize
from media.rtmp import amf
from media.rtmp.chunks import ChunkReader, Message, control, write_message
from tests.media.node import LOCAL, Node, running_node, until


def test_amf_reads_what_it_writes() -> None:
    values = ["connect", 1.0, None, {"app": "live", "flag": True, "inner": {"n": 2.5}}]
    assert amf.decode(amf.encode(*values)) == values


@pytest.mark.parametrize("data", [b"\x00\x01", b"\x02\x00\x09abc", b"\x03\x00\x01a", b"\x7f", b"\x03" * 40])
def test_malformed_amf_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"AMF"):
        amf.decode(data)


async def read(data: bytes) -> Message:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await ChunkReader(reader).message()


async def test_messages_survive_chunking() -> None:
    long = Message(9, 1, 123_456, bytes(range(256)) * 64)
    size = control(1, 4096)
    assert await read(size + write_message(6, long)) == long


@pytest.mark.parametrize("data", [b"\xc3abc", b"\x03" + b"\x00" * 3 + b"\xff\xff\xff" + b"\x14" + bytes(4)])
async def test_a_broken_chunk_stream_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        await read(data)


def test_pictures_are_packed_as_rtp_wants_them() -> None:
    nals = [b"\x67sps", b"\x68pps", b"\x65" + bytes(range(256)) * 20]
    payloads = packetize(nals)
    assert max(map(len, payloads)) <= 1150
    assert payloads[0][0] & 0x1F == 24
    assert list(nal_units(payloads)) == nals
    assert packetize([b"\x41small"]) == [b"\x41small"]


@pytest.fixture
async def node(redis: Redis) -> AsyncIterator[Node]:
    config = MediaConfig(engine=LOCAL, rtmp=("127.0.0.1", 0))
    async with running_node(redis, config) as running:
        yield running


@asynccontextmanager
async def encoder(url: str, bframes: int = 0) -> AsyncIterator[asyncio.subprocess.Process]:
    """FFmpeg's RTMP client, as OBS has it; in a process, because it holds the interpreter's lock."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.media.encoder", url, str(bframes), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def address(node: Node, token: str) -> str:
    return f"rtmp://127.0.0.1:{node.app.state.rtmp.port}/live/{node.room}?token={token}"


async def test_an_rtmp_encoder_goes_live_and_is_watched(node: Node) -> None:
    async with encoder(address(node, node.token("whip"))):
        await until(lambda: node.events.started)
        crowd = Crowd()
        viewer = await crowd.join(node.http, f"{node.url}/whep/{node.room}", node.token("whep"))
        await crowd.connected()
        await until(lambda: viewer.packets > 200 and len(viewer.sources) == 2)  # pictures and sound
        state = node.engine.room(str(node.room))
        assert state is not None
        assert state.publisher is not None
        assert state.publisher.frames_per_s > 0
        await crowd.close()
    await until(lambda: node.events.ended)


@pytest.mark.parametrize("purpose", ["forged", "whep"])
async def test_an_encoder_without_the_right_key_is_refused(node: Node, purpose: str) -> None:
    token = purpose if purpose == "forged" else node.token(purpose)
    async with encoder(address(node, token)) as process, asyncio.timeout(60):
        assert await process.wait() != 0
    assert node.engine.rooms() == []
    assert node.events.started == []


async def test_b_frames_are_refused(node: Node) -> None:
    async with encoder(address(node, node.token("whip")), bframes=2) as process, asyncio.timeout(60):
        assert await process.wait() != 0
    await until(lambda: node.engine.rooms() == [])


async def test_rubbish_on_the_rtmp_port_is_hung_up_on(node: Node) -> None:
    for data in (b"GET / HTTP/1.1\r\n\r\n" + bytes(2000), b"\x03" + bytes(1536) + bytes(1536) + b"\xff" * 50):
        reader, writer = await asyncio.open_connection("127.0.0.1", node.app.state.rtmp.port)
        writer.write(data)
        async with asyncio.timeout(10):
            while await reader.read(4096):
                pass
        writer.close()
    assert node.engine.rooms() == []
