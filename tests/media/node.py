"""A media node on free ports, and hosts and viewers for it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from fractions import Fraction
from uuid import UUID

import av
import httpx
import uvicorn
from aiortc import MediaStreamTrack
from fastapi import FastAPI
from redis.asyncio import Redis

from app.core.auth import Tokens
from app.core.ids import new_id
from media.admitted import Forbids
from media.client import WebRtcClient
from media.config import MediaConfig, RecordingConfig
from media.engines.embedded.engine import EmbeddedConfig, EmbeddedEngine
from media.hls.sink import HlsStreams
from media.ports import RecordedStreamEvents
from media.server import create_app

SECRET = "a signing secret that is only ever used in tests"
LOCAL = EmbeddedConfig(udp_host="127.0.0.1")


class Node:
    """A running media role."""

    def __init__(self, app: FastAPI, url: str, tokens: Tokens, events: RecordedStreamEvents) -> None:
        self.app = app
        self.url = url
        self.tokens = tokens
        self.events = events
        self.room = new_id()
        self.http = httpx.AsyncClient(base_url=url, trust_env=False)

    @property
    def engine(self) -> EmbeddedEngine:
        engine: EmbeddedEngine = self.app.state.engine
        return engine

    @property
    def streams(self) -> HlsStreams:
        streams: HlsStreams = self.app.state.streams
        return streams

    def token(self, purpose: str, room: UUID | None = None) -> str:
        return self.tokens.issue(purpose, "someone", room or self.room, ttl_s=60)  # type: ignore[arg-type]

    def bearer(self, purpose: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(purpose)}"}

    def client(self, purpose: str) -> WebRtcClient:
        return WebRtcClient(f"{self.url}/{purpose}/{self.room}", self.token(purpose), self.http)


@asynccontextmanager
async def running_node(
    redis: Redis,
    config: MediaConfig | None = None,
    recording: RecordingConfig | None = None,
    *,
    port: int = 0,
    forbids: Forbids | None = None,
) -> AsyncIterator[Node]:
    """A node, served over HTTP by uvicorn."""
    tokens = Tokens(SECRET)
    events = RecordedStreamEvents()
    app = create_app(
        config or MediaConfig(engine=LOCAL),
        tokens=tokens,
        redis=redis,
        events=events,
        recording=recording,
        forbids=forbids,
    )
    listening = socket.create_server(("127.0.0.1", port))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    node = Node(app, f"http://127.0.0.1:{listening.getsockname()[1]}", tokens, events)
    try:
        await until(lambda: server.started)
        yield node
    finally:
        await node.http.aclose()
        server.should_exit = True
        await task
        listening.close()


async def until(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Wait for something that another task or process brings about."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


class PacketTrack(MediaStreamTrack):
    """Sends prepared `av.Packet`s at their pace, then nothing more."""

    def __init__(self, kind: str, packets: Iterator[av.Packet], interval_s: float) -> None:
        super().__init__()
        self.kind = kind
        self._packets = packets
        self._interval_s = interval_s
        self.sent: list[bytes] = []

    async def recv(self) -> av.Packet:
        await asyncio.sleep(self._interval_s)
        packet = next(self._packets, None)
        if packet is None:
            await asyncio.Event().wait()
        assert packet is not None
        self.sent.append(bytes(packet))
        return packet


def h264_packets(count: int, *, keyint: int = 15, size: tuple[int, int] = (320, 240)) -> Iterator[av.Packet]:
    """Pictures with changing brightness."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height = size
    codec.pix_fmt = "yuv420p"
    codec.time_base = Fraction(1, 90_000)
    codec.framerate = Fraction(30)
    codec.profile = "Baseline"
    codec.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x264-params": f"keyint={keyint}:scenecut=0",
    }
    for n in range(count):
        frame = av.VideoFrame(*size, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([n * 7 % 256]) * plane.buffer_size)
        frame.pts = n * 3000
        frame.time_base = codec.time_base
        yield from codec.encode(frame)


def opus_silence(count: int) -> Iterator[av.Packet]:
    """Packets of 20 ms."""
    for n in range(count):
        packet = av.Packet(b"\x08" + bytes([n % 256]))
        packet.pts = n * 960
        packet.time_base = Fraction(1, 48_000)
        yield packet
