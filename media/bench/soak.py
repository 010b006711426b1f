"""Viewers who come and go: does anything stay behind?"""

import asyncio
import random
import time
from dataclasses import dataclass

import httpx

from app.core.report import Report
from media.bench.load import Crowd, garbage, play
from media.bench.processes import bench_node, memory_mb


@dataclass(frozen=True, slots=True)
class Soak:
    """Resident memory after warming up and at the end, and the sessions that are left."""

    minutes: float
    sessions: int
    memory_before_mb: float
    memory_after_mb: float
    left: int


async def soak(redis_url: str, minutes: float, viewers: int, report: Report) -> Soak:
    """20 viewers, each for a few seconds, while garbage arrives at the media port."""
    async with bench_node(redis_url, extras=True) as node, httpx.AsyncClient(trust_env=False) as http:
        hosts, stop = Crowd(), asyncio.Event()
        host = await hosts.join(http, node.endpoint("whip"), node.token("whip"), publish=True)
        await hosts.connected()
        playing = asyncio.create_task(play(host.send_rtp, host.send_rtp, stop))
        bad = garbage()
        try:
            await asyncio.sleep(1)
            ends = time.monotonic() + minutes * 60
            before, sessions, rounds = 0.0, 0, 0
            while time.monotonic() < ends:
                crowd = Crowd()
                for _ in range(viewers):
                    await crowd.join(http, node.endpoint("whep"), node.token("whep"))
                await crowd.connected()
                host.port.send([next(bad, b"") for _ in range(20)], ("127.0.0.1", node.udp_port))
                await asyncio.sleep(random.uniform(1, 3))
                await crowd.close()
                sessions += viewers
                rounds += 1
                if rounds == 5:
                    before = memory_mb(node.process.pid)
                report.progress(f"soak: {sessions} sessions, {memory_mb(node.process.pid):.1f} MB")
            await asyncio.sleep(1)
            left = (await http.get(f"{node.url}/healthz")).json()["viewers"]
            after = memory_mb(node.process.pid)
            return Soak(minutes, sessions, before or after, after, left)
        finally:
            stop.set()
            await playing
            await hosts.close()
