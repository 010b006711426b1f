"""Processes that a bench starts, and what they cost."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from app.core.auth import Purpose, Tokens
from media.bench.node import ROOM, SECOND_ROOM, SECRET


class BenchNode:
    """A media role in its own process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, udp_port: int) -> None:
        self.process = process
        self.udp_port = udp_port
        self.url = f"http://127.0.0.1:{port}"
        self._tokens = Tokens(SECRET)

    def endpoint(self, purpose: Purpose, *, second: bool = False) -> str:
        """The WHIP or WHEP address of the bench's room, or of its second one."""
        return f"{self.url}/{purpose}/{SECOND_ROOM if second else ROOM}"

    def token(self, purpose: Purpose, *, second: bool = False) -> str:
        """A token for it."""
        return self._tokens.issue(purpose, "bench", SECOND_ROOM if second else ROOM, ttl_s=7200)

    async def live(self, *, second: bool = False) -> None:
        """Wait until media arrives in a room."""
        room = str(SECOND_ROOM if second else ROOM)
        async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(20):
            while room not in (await http.get(f"{self.url}/bench")).json()["live"]:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def bench_node(redis_url: str, *, extras: bool) -> AsyncIterator[BenchNode]:
    """Start a node; `extras`: with HLS."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "media.bench.node",
        redis_url,
        "extras" if extras else "plain",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            port, udp_port = map(int, (await process.stdout.readline()).split())
        yield BenchNode(process, port, udp_port)
    finally:
        await stop(process)


async def stop(process: asyncio.subprocess.Process) -> None:
    """End a process that was started here."""
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None and process.stdin is None:
        process.terminate()
    try:
        async with asyncio.timeout(10):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far, user and system (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Resident memory of a process (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
