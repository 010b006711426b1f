"""How many viewers a core serves: the embedded engine and Janus at the same work."""

import asyncio
import time
from dataclasses import dataclass

import httpx

from app.core.report import Report
from media.bench.janus import janus, plugins_folder
from media.bench.load import Crowd, Send, play
from media.bench.processes import bench_node, cpu_s


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a number of viewers cost; `delivered` is the share of what was sent that arrived."""

    viewers: int
    cores: float
    packets_per_s: float
    mbit_per_s: float

    @property
    def viewers_per_core(self) -> float:
        return self.viewers / self.cores

    @property
    def packets_per_core_s(self) -> float:
        return self.packets_per_s / self.cores


async def embedded_capacity(redis_url: str, viewers: int, seconds: float, report: Report) -> Capacity:
    """Measure this engine."""
    async with bench_node(redis_url, extras=False) as node, httpx.AsyncClient(trust_env=False) as http:
        hosts, crowd = Crowd(), Crowd()
        try:
            host = await hosts.join(http, node.endpoint("whip"), node.token("whip"), publish=True)
            await hosts.connected()
            playing = _Playing(host.send_rtp, host.send_rtp)
            try:
                await asyncio.sleep(0.5)
                for _ in range(viewers):
                    await crowd.join(http, node.endpoint("whep"), node.token("whep"))
                await crowd.connected()
                report.progress(f"embedded: {viewers} viewers watch")
                return await _measure(node.process.pid, crowd, seconds)
            finally:
                await playing.stop()
        finally:
            await crowd.close()
            await hosts.close()


async def janus_capacity(viewers: int, seconds: float, report: Report) -> Capacity | None:
    """Measure Janus; None where it is not installed."""
    plugins = plugins_folder()
    if plugins is None:
        report.progress("Janus is not installed (apt install janus): its figures are missing")
        return None
    async with janus(plugins) as peer:
        crowd = Crowd()
        playing = _Playing(peer.send_video, peer.send_audio)
        try:
            for _ in range(viewers):
                handle, offer = await peer.watch()
                _, answer = crowd.answer(offer)
                await peer.start(handle, answer)
            await crowd.connected()
            report.progress(f"Janus: {viewers} viewers watch")
            return await _measure(peer.pid, crowd, seconds)
        finally:
            await playing.stop()
            await crowd.close()


async def _measure(pid: int, crowd: Crowd, seconds: float) -> Capacity:
    await asyncio.sleep(1.5)  # whoever joined last has caught up
    cpu, began = cpu_s(pid), time.monotonic()
    packets, size = crowd.received()
    await asyncio.sleep(seconds)
    elapsed = time.monotonic() - began
    used = cpu_s(pid) - cpu
    now_packets, now_size = crowd.received()
    return Capacity(
        viewers=len(crowd.peers),
        cores=used / elapsed,
        packets_per_s=(now_packets - packets) / elapsed,
        mbit_per_s=(now_size - size) * 8 / elapsed / 1e6,
    )


class _Playing:
    """The synthetic host's task."""

    def __init__(self, send_video: Send, send_audio: Send) -> None:
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(play(send_video, send_audio, self._stop))

    async def stop(self) -> None:
        """Fall silent."""
        self._stop.set()
        await self._task
