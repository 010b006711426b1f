"""`shopcast bench orders`: one hot SKU, five hundred SKUs, and the plain way to compare with."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import orjson
from redis.asyncio import Redis

from app.benches.http_load import Answer, Connections, percentile_ms
from app.benches.shop import (
    Bench,
    bench_platform,
    free_ports,
    make_buyers,
    make_sku,
    order_request,
    stock_of,
)
from app.core.report import Report
from app.supervisor import environment

HOST = "127.0.0.1"
PLENTY = 1_000_000
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


async def run(*, quick: bool) -> None:
    """Print reservations per second, batched and plain, and that exactly what there is was sold."""
    report = Report("bench orders")
    size = QUICK if quick else FULL
    report.progress("starting PostgreSQL (fsync on), Redis and the web role")
    async with bench_platform() as bench, plain_web(bench) as plain_port:
        report.progress(f"registering {size.buyers} buyers")
        buyers = await make_buyers(bench.db, size.buyers)
        port = bench.settings.web_port
        report.progress(f"peak: micro-batches, {size.connections} buyers at a time")
        batched = await _peak(bench, port, buyers, size, [await make_sku(bench.db, PLENTY)])
        report.progress("peak: one conditional update a transaction")
        plain = await _peak(bench, plain_port, buyers, size, [await make_sku(bench.db, PLENTY)])
        report.progress(f"peak: {size.skus} SKUs")
        many = [await make_sku(bench.db, PLENTY) for _ in range(size.skus)]
        spread = await _peak(bench, port, buyers, size, many)
        rate = batched.per_s * LOAD
        report.progress(f"open loop: {size.buyers} buyers of {size.units} units at {rate:.0f}/s")
        hot = await make_sku(bench.db, size.units)
        rush = await _open_loop(port, [order_request(buyer, hot) for buyer in buyers], rate, size)
        left, _, sold = await stock_of(bench.db, hot)
        report.progress(f"open loop: reservations at {rate:.0f}/s")
        ample = await make_sku(bench.db, PLENTY)
        requests = [order_request(buyer, ample) for buyer in buyers[: int(rate * size.peak_s)]]
        steady = await _open_loop(port, requests, rate, size)
        report.progress("kill -9 of the web role under load")
        lost, doubled = await _killed(bench, buyers, size)
    columns = ["phase", "requests", "ordered", "sold out", "errors", "ordered/s", "p50 ms", "p99 ms"]
    rows = [
        batched.row("peak, micro-batches"),
        plain.row("peak, plain"),
        spread.row(f"peak, {size.skus} SKUs"),
        rush.row("open loop, sells out"),
        steady.row("open loop, reservations"),
    ]
    report.table("bench orders", columns, rows)
    phases = (batched, plain, spread, rush, steady)
    report.finish(
        {
            "initial": size.units,
            "sold": sold,
            "left": left,
            "reservations_per_s": round(batched.per_s),
            "plain_per_s": round(plain.per_s),
            "times_plain": round(batched.per_s / max(plain.per_s, 1), 2),
            "many_skus_per_s": round(spread.per_s),
            "p99_ms": max(percentile_ms(rush.answers, 99), percentile_ms(steady.answers, 99)),
            "requests": sum(len(phase.answers) for phase in phases),
            "successes": sum(phase.ordered for phase in phases),
            "sold_out": sum(phase.sold_out for phase in phases),
            "errors": sum(phase.errors for phase in phases),
            "lost_after_kill": lost,
            "doubled_after_kill": doubled,
        }
    )


@asynccontextmanager
async def plain_web(bench: Bench) -> AsyncIterator[int]:
    """A second web role that commits each order by itself; its port."""
    (port,) = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.benches.plain_web", str(port)),
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


async def _peak(bench: Bench, port: int, buyers: Sequence[str], size: Size, skus: Sequence[UUID]) -> Outcome:
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


async def _killed(bench: Bench, buyers: Sequence[str], size: Size) -> tuple[int, int]:
    """Kill the web role while orders come; acknowledged orders that are not there, and keys with two."""
    assert bench.settings.redis_url is not None
    sku_id = await make_sku(bench.db, PLENTY)
    requests = [order_request(buyer, sku_id) for buyer in buyers[: size.connections * 4]]
    async with Redis.from_url(bench.settings.redis_url) as redis:
        (key,) = [key async for key in redis.scan_iter(match="role:web:*")]
        pid = int(await redis.get(key) or 0)
    async with await Connections.open(HOST, bench.settings.web_port, size.connections) as connections:
        sending = [asyncio.create_task(connections.send(request, 10)) for request in requests]
        await asyncio.wait(sending[: size.connections], return_when=asyncio.FIRST_COMPLETED)
        os.kill(pid, signal.SIGKILL)
        answers = await asyncio.gather(*sending)
    acknowledged = {UUID(orjson.loads(answer.body)["id"]) for answer in answers if answer.status == 201}
    return await _compare(bench, acknowledged, sku_id)


async def _compare(bench: Bench, acknowledged: Iterable[UUID], sku_id: UUID) -> tuple[int, int]:
    async with bench.db.transaction() as tx:
        rows = await (
            await tx.execute(
                "SELECT o.id, o.idempotency_key FROM orders o JOIN order_lines l ON l.order_id = o.id "
                "WHERE l.sku_id = %s",
                (sku_id,),
            )
        ).fetchall()
    keys = Counter(row["idempotency_key"] for row in rows)
    lost = set(acknowledged) - {row["id"] for row in rows}
    return len(lost), sum(count - 1 for count in keys.values())
