"""The viewers' process as the bench sees it, and what a server's processes cost."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from app.benches.fanout.swarm import Plan

LINE_LIMIT_BYTES = 64 * 1024 * 1024
_TICKS_S = os.sysconf("SC_CLK_TCK")


class Generator:
    """Viewers in another process. Get one by `async with generator()`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def connect(self, plan: Plan) -> dict[str, Any]:
        """Open connections: `connected`, `failed`, `took_s`."""
        return await self._ask({"do": "connect", "plan": asdict(plan)})

    async def reset(self) -> None:
        await self._ask({"do": "reset"})

    async def report(self) -> dict[str, Any]:
        """`frames`, `bytes`, `lost` and latencies since the last reset."""
        return await self._ask({"do": "report"})

    async def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(orjson.dumps(command) + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the viewers' process has ended")
        answer: dict[str, Any] = orjson.loads(line)
        return answer


@asynccontextmanager
async def generator() -> AsyncIterator[Generator]:
    """A process full of viewers, none connected yet; it ends with the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.benches.fanout.swarm"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_LIMIT_BYTES,
    )
    try:
        yield Generator(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


@dataclass(frozen=True, slots=True)
class Cost:
    """What processes have used so far."""

    cpu_s: float
    resident_bytes: int

    def since(self, before: "Cost") -> "Cost":
        return Cost(self.cpu_s - before.cpu_s, self.resident_bytes - before.resident_bytes)


def cost(pids: Iterable[int]) -> Cost:
    """CPU of user and kernel, and resident memory, of these processes (proc(5), Linux)."""
    cpu_s, resident = 0.0, 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        cpu_s += (int(fields[11]) + int(fields[12])) / _TICKS_S
        resident += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return Cost(cpu_s, resident)


def children(pid: int) -> list[int]:
    """A process and all below it."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in below for found in children(int(child)))]
