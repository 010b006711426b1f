"""Viewers who come and go: does anything stay behind?"""

import asyncio
import random
import time
from dataclasses import dataclass

import httpx
import psutil

from app.core.report import Report
from media.bench.load import Crowd, LoadPeer, garbage, play
from media.bench.processes import BenchNode, bench_node, memory_mb

_WARM_UP_SHARE = 0.2
_WARM_UP_LIMIT_S = 60.0
_STAY_S = (3.0, 20.0)


@dataclass(frozen=True, slots=True)
class Soak:
    """Resident memory after warming up and at the end; what is left once everybody has gone.

    `tasks_left` and `sockets_left` count what there is more of than before the first viewer.
    """

    minutes: float
    sessions: int
    memory_before_mb: float
    memory_after_mb: float
    left: int
    tasks_left: int
    sockets_left: int


async def soak(redis_url: str, minutes: float, viewers: int, report: Report) -> Soak:
    """So many viewers at any time, each for 3 to 20 s, while garbage arrives at the media port."""
    alone = httpx.Limits(max_keepalive_connections=0)  # so that no connection of ours is counted
    async with (
        bench_node(redis_url, extras=True) as node,
        httpx.AsyncClient(trust_env=False, limits=alone) as http,
    ):
        hosts, stop = Crowd(), asyncio.Event()
        host = await hosts.join(http, node.endpoint("whip"), node.token("whip"), publish=True)
        await hosts.connected()
        playing = asyncio.create_task(play(host.send_rtp, host.send_rtp, stop))
        crowd, began = Crowd(), time.monotonic()
        try:
            await asyncio.sleep(1)
            tasks, sockets = await _inside(node, http)
            ends = began + minutes * 60
            warm_at = began + min(_WARM_UP_LIMIT_S, minutes * 60 * _WARM_UP_SHARE)
            visits = _Visits(node, http, crowd, viewers)
            disturbing = asyncio.create_task(_disturb(host, node))
            before = 0.0
            while time.monotonic() < ends:
                await visits.step()
                if not before and time.monotonic() > warm_at:
                    before = memory_mb(node.process.pid)
                if visits.sessions % 50 == 0:
                    report.progress(f"soak: {visits.sessions} sessions, {memory_mb(node.process.pid):.1f} MB")
                await asyncio.sleep(0.1)
            disturbing.cancel()
            await asyncio.gather(disturbing, return_exceptions=True)
            await crowd.close()
            await asyncio.sleep(2)
            after = memory_mb(node.process.pid)
            left = (await http.get(f"{node.url}/healthz")).json()["viewers"]
            tasks_now, sockets_now = await _inside(node, http)
            return Soak(
                minutes, visits.sessions, before, after, left, tasks_now - tasks, sockets_now - sockets
            )
        finally:
            stop.set()
            await playing
            await crowd.close()
            await hosts.close()


class _Visits:
    """Keeps a number of viewers there; each leaves after a while and another comes."""

    def __init__(self, node: BenchNode, http: httpx.AsyncClient, crowd: Crowd, viewers: int) -> None:
        self._node = node
        self._http = http
        self._crowd = crowd
        self._viewers = viewers
        self._leave_at: dict[LoadPeer, float] = {}
        self.sessions = 0

    async def step(self) -> None:
        """Let those go whose time is over, and fill up."""
        now = time.monotonic()
        for peer in [peer for peer, at in self._leave_at.items() if at <= now]:
            del self._leave_at[peer]
            self._crowd.peers.remove(peer)
            peer.finish()
        while len(self._leave_at) < self._viewers:
            url, token = self._node.endpoint("whep"), self._node.token("whep")
            peer = await self._crowd.join(self._http, url, token)
            self._leave_at[peer] = now + random.uniform(*_STAY_S)
            self.sessions += 1


async def _disturb(host: LoadPeer, node: BenchNode) -> None:
    while True:
        for data in garbage():
            host.port.send([data], ("127.0.0.1", node.udp_port))
            await asyncio.sleep(0.02)


async def _inside(node: BenchNode, http: httpx.AsyncClient) -> tuple[int, int]:
    """(tasks, sockets) of the node."""
    tasks = int((await http.get(f"{node.url}/bench")).json()["tasks"])
    return tasks, len(psutil.Process(node.process.pid).net_connections("all"))
