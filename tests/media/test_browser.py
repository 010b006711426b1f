import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from app.core.auth import Tokens
from media.sample import Programme, SampleHost
from media.sample_video import Slide
from tests.conftest import Servers
from tests.media.browser import MISSING, chromium, page_at, publish, statistics, watch
from tests.media.node import SECRET, Node, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(MISSING, reason="needs chromium (apt install chromium)"),
]


async def test_a_browser_publishes_h264_and_another_watches_it(node: Node) -> None:
    async with chromium() as browser:
        host, viewer = await page_at(browser, node.url), await page_at(browser, node.url)
        await publish(host, f"{node.url}/whip/{node.room}", node.token("whip"))
        await until(lambda: node.events.started)
        await watch(viewer, f"{node.url}/whep/{node.room}", node.token("whep"))
        seen = await statistics(viewer)
        while seen["video"].get("framesDecoded", 0) < 30 or seen["audio"].get("packetsReceived", 0) < 50:
            await asyncio.sleep(0.1)
            seen = await statistics(viewer)
        assert "video/H264" in seen
        assert "video/VP8" not in seen
        assert seen["video"]["frameHeight"] in (480, 360, 240)
        assert seen["video"]["packetsLost"] == 0
        sent = await statistics(host)
        assert "video/H264" in sent
        assert "useinbandfec=1" in sent["audio/opus"]["sdpFmtpLine"]
        state = node.engine.room(str(node.room))
        assert state is not None
        assert state.viewers == 1


async def test_host_and_viewers_come_back_after_the_media_role_is_killed(
    servers: Servers, tmp_path: Path
) -> None:
    """kill -9: a new process on the same port has the host back by itself."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    room, tokens, states = uuid4(), Tokens(SECRET), list[str]()
    url = f"http://127.0.0.1:{port}"

    async def start() -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.media.role", servers.redis_url, str(port)
        )
        async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(20):
            while True:
                try:
                    (await http.get(f"{url}/healthz")).raise_for_status()
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    return process

    async def token() -> str:
        return tokens.issue("whip", "host", room, ttl_s=60)

    programme = Programme(None, [Slide(0, 5)], width=320, height=240)
    host = SampleHost(f"{url}/whip/{room}", token, programme, on_state=states.append)
    process = await start()
    playing = asyncio.create_task(host.run())
    try:
        await until(lambda: states[-1:] == ["live"])
        async with chromium() as browser:
            page = await page_at(browser, url)
            await watch(page, f"{url}/whep/{room}", tokens.issue("whep", "v", room, ttl_s=60))
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            process = await start()
            await until(lambda: states.count("live") == 2)
            await watch(page, f"{url}/whep/{room}", tokens.issue("whep", "v", room, ttl_s=60))
        assert states == ["connecting", "live", "reconnecting", "live"]
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        process.terminate()
        await process.wait()
