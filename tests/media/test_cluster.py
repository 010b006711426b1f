"""Two media nodes behind a real nginx."""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from redis.asyncio import Redis

from app.core.auth import Tokens
from media.bench.janus import free_port
from media.bench.load import Crowd
from media.bench.nginx import nginx
from media.cluster.placement import nodes
from media.config import MediaConfig
from media.sample import Programme, SampleHost
from media.sample_video import Slide
from tests.conftest import Servers
from tests.media.node import LOCAL, SECRET, PacketTrack, h264_packets, running_node, until

TOKENS = Tokens(SECRET)


async def test_any_node_answers_for_any_room(redis: Redis) -> None:
    """Signalling, HLS and the end of a session reach the room's node through the other one."""
    async with AsyncExitStack() as stack:
        ports = [free_port(), free_port()]
        both = [
            await stack.enter_async_context(
                running_node(
                    redis,
                    MediaConfig(engine=LOCAL, node=name, node_url=f"http://127.0.0.1:{port}"),
                    port=port,
                )
            )
            for name, port in zip("ab", ports, strict=True)
        ]
        await until_known(redis, 2)
        both[1].room = both[0].room
        host = both[0].client("whip")
        host.send(PacketTrack("video", h264_packets(600, keyint=30), 0.02))
        await host.connect()
        await until(lambda: any(node.events.started for node in both))
        owner, other = both if both[0].events.started else both[::-1]
        crowd = Crowd()
        whep = f"{other.url}/whep/{owner.room}"
        viewer = await crowd.join(owner.http, whep, owner.token("whep"))
        await crowd.connected()
        await until(lambda: viewer.packets > 20)
        assert other.engine.rooms() == []
        assert owner.engine.session_count == 2
        path = f"/hls/{owner.room}/index.m3u8"
        async with asyncio.timeout(20):
            origin = {"Origin": "http://shop.test"}
            while (answer := await other.http.get(path, headers=origin)).status_code != 200:
                await asyncio.sleep(0.1)
        assert "live.m3u8" in answer.text
        assert answer.headers["access-control-allow-origin"] == "*"
        refused = await other.http.post(f"/whep/{owner.room}", content="v=0", headers=other.bearer("whep"))
        assert refused.json()["code"] == "unsupported_media_type"
        await host.close()  # by DELETE at the address that it was given
        await until(lambda: owner.events.ended)
        await crowd.close()


async def until_known(redis: Redis, count: int) -> None:
    async with asyncio.timeout(20):
        while sum(node.alive for node in await nodes(redis)) < count:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def process(redis_url: str, port: int, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.media.role", redis_url, str(port), name
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def first_packets(http: httpx.AsyncClient, url: str, room: UUID) -> int:
    """Join as a viewer does, again and again until media flows; returns the SSRCs that came."""
    while True:
        crowd = Crowd()
        try:
            viewer = await crowd.join(http, url, TOKENS.issue("whep", "v", room, ttl_s=60))
            await crowd.connected(3)
            await until(lambda watching=viewer: watching.packets > 10, 3)
            return len(viewer.sources)
        except (httpx.HTTPError, TimeoutError):
            await asyncio.sleep(0.3)
        finally:
            await crowd.close()


@pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx (apt install nginx)")
async def test_the_rooms_of_a_killed_node_move_within_ten_seconds(
    servers: Servers, redis: Redis, tmp_path: Path
) -> None:
    ports = {"a": free_port(), "b": free_port()}
    room, states = uuid4(), list[str]()

    async def token() -> str:
        return TOKENS.issue("whip", "host", room, ttl_s=60)

    async with AsyncExitStack() as stack:
        running = {
            name: await stack.enter_async_context(process(servers.redis_url, port, name))
            for name, port in ports.items()
        }
        await until_known(redis, 2)
        front, _ = await stack.enter_async_context(nginx(*ports.values()))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        url = f"http://127.0.0.1:{front}"
        programme = Programme(None, [Slide(0, 5)], width=320, height=240)
        host = SampleHost(f"{url}/whip/{room}", token, programme, on_state=states.append)
        playing = asyncio.create_task(host.run())
        try:
            await until(lambda: states[-1:] == ["live"])
            assert await first_packets(http, f"{url}/whep/{room}", room) >= 1
            owner = (await redis.get(f"{{media}}:room:{room}") or b"").decode()
            killed_at = time.monotonic()
            os.kill(running[owner].pid, signal.SIGKILL)
            await running[owner].wait()
            assert await first_packets(http, f"{url}/whep/{room}", room) >= 1
            assert time.monotonic() - killed_at < 10
            assert (await redis.get(f"{{media}}:room:{room}") or b"").decode() != owner
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
