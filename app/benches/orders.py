"""`shopcast bench orders`: one hot SKU, five hundred SKUs, and the plain way to compare with."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import orjson
import psycopg
from psycopg_pool import PoolTimeout
from redis.asyncio import Redis

from app.benches.http_load import Answer, Connections, percentile_ms
from app.benches.ports import free_ports
from app.benches.shop import (
    Bench,
    bench_platform,
    make_buyers,
    make_sku,
    make_units,
    order_request,
    stock_of,
)
from app.benches.ways import DESKS
from app.core.report import Report
from app.embedded.postgres import server_pid
from app.supervisor import environment

HOST = "127.0.0.1"
PLENTY = 1_000_000
UNITS = 60_000
RECOVERY_S = 60
LOAD = 0.8


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done."""

    buyers: int
    units: int
    connections: int
    peak_s: float
    skus: int


FULL = Size(buyers=20_000, units=1_000, connections=512, peak_s=8, skus=500)
QUICK = Size(buyers=4_000, units=200, connections=256, peak_s=3, skus=100)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of many requests."""

    answers: Sequence[Answer]
    took_s: float

    @property
    def ordered(self) -> int:
        return sum(answer.status == 201 for answer in self.answers)

    @property
    def sold_out(self) -> int:
        return sum(answer.status == 409 and b'"out_of_stock"' in answer.body for answer in self.answers)

    @property
    def errors(self) -> int:
        return len(self.answers) - self.ordered - self.sold_out

    @property
    def per_s(self) -> float:
        return self.ordered / self.took_s

    def row(self, name: str) -> list[object]:
        return [
            name,
            len(self.answers),
            self.ordered,
            self.sold_out,
            self.errors,
            f"{self.per_s:.0f}",
            percentile_ms(self.answers, 50),
            percentile_ms(self.answers, 99),
        ]


@dataclass(frozen=True, slots=True)
class Survived:
    """After a `kill -9`: acknowledged orders that are gone, and orders too many of one key."""

    lost: int
    doubled: int
    acknowledged: int


async def run(*, quick: bool) -> None:
    """Print reservations per second, batched and in other ways, and that exactly what there is was sold."""
    report = Report("bench orders")
    size = QUICK if quick else FULL
    report.progress("starting PostgreSQL (fsync on), Redis and the web role")
    async with bench_platform() as bench:
        report.progress(f"registering {size.buyers} buyers")
        buyers = await make_buyers(bench.db, size.buyers)
        peaks = await _peaks(bench, buyers, size, report)
        rate = peaks["micro-batches"].per_s * LOAD
        port = bench.settings.web_port
        report.progress(f"open loop: {size.buyers} buyers of {size.units} units at {rate:.0f}/s")
        hot = await make_sku(bench.db, size.units)
        rush = await _open_loop(port, [order_request(buyer, hot) for buyer in buyers], rate, size)
        left, _, sold = await stock_of(bench.db, hot)
        report.progress(f"open loop: reservations at {rate:.0f}/s")
        ample = await make_sku(bench.db, PLENTY)
        requests = [order_request(buyer, ample) for buyer in buyers[: int(rate * size.peak_s)]]
        steady = await _open_loop(port, requests, rate, size)
        survived = {}
        for victim in ("the web role", "PostgreSQL"):
            report.progress(f"kill -9 of {victim} under load")
            survived[victim] = await _killed(bench, buyers, size, victim)
    phases = peaks | {"open loop, sells out": rush, "open loop, reservations": steady}
    columns = ["phase", "requests", "ordered", "sold out", "errors", "ordered/s", "p50 ms", "p99 ms"]
    report.table("bench orders", columns, [phase.row(name) for name, phase in phases.items()])
    report.finish(
        _figures(size, phases, left, sold)
        | {
            "p99_ms": max(percentile_ms(rush.answers, 99), percentile_ms(steady.answers, 99)),
            "acknowledged_before_kill": sum(one.acknowledged for one in survived.values()),
            "lost_after_kill": sum(one.lost for one in survived.values()),
            "doubled_after_kill": sum(one.doubled for one in survived.values()),
        }
    )


def _figures(size: Size, phases: Mapping[str, Outcome], left: int, sold: int) -> dict[str, int | float]:
    batched, plain = phases["micro-batches"], phases["plain"]
    return {
        "initial": size.units,
        "sold": sold,
        "left": left,
        "reservations_per_s": round(batched.per_s),
        "plain_per_s": round(plain.per_s),
        "skip_locked_per_s": round(phases["skip-locked"].per_s),
        "times_plain": round(batched.per_s / max(plain.per_s, 1), 2),
        "many_skus_per_s": round(phases["many SKUs"].per_s),
        "requests": sum(len(phase.answers) for phase in phases.values()),
        "successes": sum(phase.ordered for phase in phases.values()),
        "sold_out": sum(phase.sold_out for phase in phases.values()),
        "errors": sum(phase.errors for phase in phases.values()),
    }


async def _peaks(bench: Bench, buyers: Sequence[str], size: Size, report: Report) -> dict[str, Outcome]:
    """Each way to reserve by itself, `connections` buyers at a time."""
    outcomes: dict[str, Outcome] = {}
    report.progress(f"peak: micro-batches, {size.connections} buyers at a time")
    one = [await make_sku(bench.db, PLENTY)]
    outcomes["micro-batches"] = await _peak(bench.settings.web_port, buyers, size, one)
    for way in DESKS:
        report.progress(f"peak: {way}, a transaction each")
        sku_id = await make_sku(bench.db, PLENTY)
        if way == "skip-locked":
            await make_units(bench.db, sku_id, UNITS)
        async with plain_web(bench, way) as port:
            outcomes[way] = await _peak(port, buyers, size, [sku_id])
    report.progress(f"peak: {size.skus} SKUs")
    many = [await make_sku(bench.db, PLENTY) for _ in range(size.skus)]
    outcomes["many SKUs"] = await _peak(bench.settings.web_port, buyers, size, many)
    return outcomes


@asynccontextmanager
async def plain_web(bench: Bench, way: str) -> AsyncIterator[int]:
    """A second web role that commits each order by itself; its port."""
    (port,) = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.benches.plain_web", way, str(port)),
        env=dict(os.environ) | environment(bench.settings),
    )
    try:
        async with asyncio.timeout(60):
            while not await _listens(port):
                await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


async def _peak(port: int, buyers: Sequence[str], size: Size, skus: Sequence[UUID]) -> Outcome:
    """Closed loop: each connection orders again as soon as it has its answer, for `peak_s`."""
    loop = asyncio.get_running_loop()
    choose = random.Random(1)
    answers: list[Answer] = []
    async with await Connections.open(HOST, port, size.connections) as connections:
        await connections.send_all(_orders(buyers, skus, choose, size.connections))  # warm up
        began = loop.time()

        async def one() -> None:
            while loop.time() - began < size.peak_s:
                (request,) = _orders(buyers, skus, choose, 1)
                answers.append(await connections.send(request))

        await asyncio.gather(*(one() for _ in range(size.connections)))
        took_s = loop.time() - began
    return Outcome(answers, took_s)


def _orders(buyers: Sequence[str], skus: Sequence[UUID], choose: random.Random, count: int) -> list[bytes]:
    return [order_request(choose.choice(buyers), choose.choice(skus)) for _ in range(count)]


async def _open_loop(port: int, requests: Sequence[bytes], rate: float, size: Size) -> Outcome:
    loop = asyncio.get_running_loop()
    async with await Connections.open(HOST, port, size.connections * 2) as connections:
        began = loop.time()
        answers = await connections.send_at_rate(requests, rate)
        return Outcome(answers, loop.time() - began)


async def _killed(bench: Bench, buyers: Sequence[str], size: Size, victim: str) -> Survived:
    """Kill it while orders come; then everybody asks again, with the key that they had.

    Whoever was acknowledged must get the same order, and every key has one.
    """
    sku_id = await make_sku(bench.db, PLENTY)
    requests = [order_request(buyer, sku_id) for buyer in buyers[: size.connections * 4]]
    port = bench.settings.web_port
    async with await Connections.open(HOST, port, size.connections) as connections:
        sending = [asyncio.create_task(connections.send(request, 10)) for request in requests]
        await asyncio.wait(sending[: size.connections], return_when=asyncio.FIRST_COMPLETED)
        os.kill(await _pid(bench, victim), signal.SIGKILL)
        answers = await asyncio.gather(*sending)
    await _until_it_sells(bench, buyers[0])
    async with await Connections.open(HOST, port, size.connections) as connections:
        again = await connections.send_all(requests)
    lost = sum(
        first.status == 201 and _order_id(first) != _order_id(second)
        for first, second in zip(answers, again, strict=True)
    )
    _, _, ordered = await stock_of(bench.db, sku_id)
    acknowledged = sum(answer.status == 201 for answer in answers)
    return Survived(lost, ordered - len(requests), acknowledged)


def _order_id(answer: Answer) -> str | None:
    return str(orjson.loads(answer.body)["id"]) if answer.status == 201 else None


async def _pid(bench: Bench, victim: str) -> int:
    if victim == "PostgreSQL":
        return server_pid(bench.settings.data_dir / "postgres")
    assert bench.settings.redis_url is not None
    async with Redis.from_url(bench.settings.redis_url) as redis:
        (key,) = [key async for key in redis.scan_iter(match="role:web:*")]
        return int(await redis.get(key) or 0)


async def _until_it_sells(bench: Bench, buyer: str) -> None:
    """An order goes through again."""
    async with asyncio.timeout(RECOVERY_S):
        while True:
            with suppress(psycopg.Error, PoolTimeout, OSError):
                sku_id = await make_sku(bench.db, 1)
                connections = await Connections.open(HOST, bench.settings.web_port, 1)
                async with connections:
                    if (await connections.send(order_request(buyer, sku_id), 5)).status == 201:
                        return
            await asyncio.sleep(0.2)
