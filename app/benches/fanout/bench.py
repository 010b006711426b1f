"""Runs the comparison, the stalled readers, the storm and the kill, and prints what they took."""

import asyncio
import os
import resource
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

from app.benches.fanout import servers
from app.benches.fanout.generator import Cost, Generator, cost, generator
from app.benches.fanout.killing import kill_one
from app.benches.fanout.servers import Server
from app.benches.fanout.swarm import Plan, now_mark
from app.benches.shop import bench_platform
from app.core.auth import Tokens
from app.core.bus import Bus
from app.core.events import Event, room_topic
from app.core.ids import new_id
from app.core.report import Report
from app.supervisor import environment

BATCH_EVERY_S = 0.1
MESSAGES_PER_BATCH = 20
TEXT = "这个颜色好看吗，适合黄皮的姐妹吗？ "
CONNECT_RATE_S = 2_000
STORM_RATE_S = 2_000
WARM_UP_S = 1.0
FIRST_VIEWERS = 50
"""Those who are there before memory is counted: what a process needs once is not a connection's."""
SPARE_FILES = 300


@dataclass(frozen=True, slots=True)
class Load:
    """What a run is made of."""

    viewers: int
    for_s: float
    connections: int
    gateways: int
    again: bool
    """Measure once more without stalled readers, since one run's p99 differs from the next's."""

    @classmethod
    def of(cls, *, quick: bool) -> "Load":
        _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
        connections = 2_000 if quick else 20_000
        gateways = -(-connections // (files - SPARE_FILES))
        if quick:
            return cls(viewers=2_000, for_s=2.0, connections=connections, gateways=gateways, again=False)
        return cls(viewers=5_000, for_s=10.0, connections=connections, gateways=gateways, again=True)


@dataclass(frozen=True, slots=True)
class Measured:
    """One server under one load. A delivery is one message to one viewer."""

    server: str
    deliveries: int
    expected: int
    cpu_s: float
    p50_ms: float
    p99_ms: float
    bytes_per_connection: int

    @property
    def deliveries_per_core_s(self) -> int:
        return round(self.deliveries / self.cpu_s) if self.cpu_s else 0


async def run(*, quick: bool, viewers: int | None = None) -> None:
    """Measure and print."""
    report = Report("bench fanout")
    load = Load.of(quick=quick)
    if viewers:
        load = replace(load, viewers=viewers)
    report.progress("starting PostgreSQL and Redis")
    async with bench_platform(roles=()) as bench:
        variables = environment(bench.settings)
        tokens = Tokens(bench.settings.signing_secret())
        assert bench.settings.redis_url is not None
        async with Redis.from_url(bench.settings.redis_url) as redis:
            bus = Bus(redis)
            room = Room(bus, tokens, new_id(), redis_pid=(await redis.info("server"))["process_id"])
            ours, stalled, again = await _ours(report, room, variables, load)
            rows = [ours, *await _peers(report, load)]
            storm, stormed = await _storm(report, room, variables, load)
            killed = await kill_one(report, bus, tokens, variables, viewers=200 if quick else 2_000)
    usual_ms = (ours.p99_ms + again.p99_ms) / 2
    change = {
        "stalled_p99_ms": stalled.p99_ms,
        "usual_p99_ms": round(usual_ms, 1),
        "stalled_p99_change": round(stalled.p99_ms / usual_ms - 1, 3) if usual_ms else None,
        "stalled_lost": stalled.expected - stalled.deliveries,
    }
    _print(report, load, rows, change, storm, stormed | killed)


@dataclass(frozen=True, slots=True)
class Room:
    """The room that our gateway serves."""

    bus: Bus
    tokens: Tokens
    id: UUID
    redis_pid: int

    async def publish(self, events: Sequence[bytes]) -> None:
        made = [Event.from_json(event) for event in events]
        await self.bus.publish_many([(room_topic(self.id), event) for event in made])

    def paths(self, count: int) -> list[str]:
        """Each viewer is a guest with a token of its own."""
        return [
            f"/ws?token={self.tokens.issue('gateway', f'guest-{number}', self.id, ttl_s=3_600)}"
            for number in range(count)
        ]


async def _ours(
    report: Report, room: Room, variables: Mapping[str, str], load: Load
) -> tuple[Measured, Measured, Measured]:
    """Everybody reads; then one in a hundred does not; then everybody does again."""
    async with servers.gateway(variables) as (port, child):
        ours = Server(
            "shopcast", port, [child.pid, room.redis_pid], room.publish, room.paths, ['{"t":"hello"}']
        )
        before = await _measure(report, ours, load.viewers, load.for_s)
        stalled = await _measure(report, ours, load.viewers, load.for_s, stalled=max(1, load.viewers // 100))
        after = await _measure(report, ours, load.viewers, load.for_s) if load.again else before
        return before, stalled, after


async def _peers(report: Report, load: Load) -> list[Measured]:
    """Those that are installed, one after the other, at the same work."""
    measured = []
    for missing, start in (
        (servers.nchan_missing(), servers.nchan),
        (await servers.socketio_missing(report), servers.socketio),
    ):
        if missing:
            report.progress(missing)
            continue
        async with start() as peer:
            measured.append(await _measure(report, peer, load.viewers, load.for_s))
    return measured


async def _measure(
    report: Report, server: Server, viewers: int, for_s: float, *, stalled: int = 0
) -> Measured:
    async with generator() as crowd:
        before = cost(server.pids)
        plan = _plan(server, viewers, CONNECT_RATE_S, stalled)
        connected = (await crowd.connect(plan))["connected"]
        report.progress(f"{server.name}: {connected} viewers, {stalled} of them stalled")
        await _publish(server, WARM_UP_S)
        await asyncio.sleep(WARM_UP_S)
        resident = cost(server.pids).since(before).resident_bytes
        counted, batches, used = await _publish_and_count(server, crowd, for_s)
    return Measured(
        server.name,
        deliveries=counted["messages"],
        expected=batches * (connected - stalled) * MESSAGES_PER_BATCH,
        cpu_s=used.cpu_s,
        p50_ms=counted["p50_ms"],
        p99_ms=counted["p99_ms"],
        bytes_per_connection=resident // max(1, connected),
    )


def _plan(server: Server, viewers: int, rate_s: float, stalled: int = 0, source: str = "127.0.0.1") -> Plan:
    return Plan(
        *("127.0.0.1", server.port, server.paths(viewers), server.hello, rate_s, stalled, server.pong, source)
    )


async def _publish_and_count(
    server: Server, crowd: Generator, for_s: float, every_s: float = BATCH_EVERY_S
) -> tuple[dict[str, Any], int, Cost]:
    await crowd.reset()
    before = cost(server.pids)
    batches = await _publish(server, for_s, every_s)
    await asyncio.sleep(max(0.5, every_s))
    used = cost(server.pids).since(before)
    return await crowd.report(), batches, used


async def _publish(server: Server, for_s: float, every_s: float = BATCH_EVERY_S) -> int:
    """Batches at their times, whether or not the one before was delivered; each is marked with its own."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    batches = int(for_s / every_s)
    under_way: list[asyncio.Future[None]] = []
    for number in range(batches):
        due_s = began_s + number * every_s
        await asyncio.sleep(max(0.0, due_s - loop.time()))
        due_us = now_mark() - round((loop.time() - due_s) * 1e6)
        events = [_message(due_us) for _ in range(MESSAGES_PER_BATCH)]
        under_way.append(asyncio.ensure_future(server.publish(events)))
    await asyncio.gather(*under_way)
    return batches


def _message(due_us: int) -> bytes:
    author = {"id": str(new_id()), "display_name": "小雨"}
    return Event("chat.message", {"due": due_us, "text": TEXT, "kind": "viewer", "author": author}).to_json()


async def _storm(
    report: Report, room: Room, variables: Mapping[str, str], load: Load
) -> tuple[Measured, dict[str, Any]]:
    """Everybody comes within seconds; then a batch a second.

    As many gateways, each with a process of viewers of its own, as the limit of open files asks for.
    """
    async with AsyncExitStack() as stack:
        crowds, servers_, pids = [], [], []
        for _ in range(load.gateways):
            port, child = await stack.enter_async_context(servers.gateway(variables))
            pids.append(child.pid)
            hello = ['{"t":"hello"}']
            servers_.append(Server("shopcast", port, [child.pid], room.publish, room.paths, hello))
            crowds.append(await stack.enter_async_context(generator()))
        ours = replace(servers_[0], pids=[*pids, room.redis_pid])
        each, rate_s = load.connections // load.gateways, STORM_RATE_S / load.gateways
        await _all_connect(crowds, servers_, FIRST_VIEWERS, rate_s)
        await _publish(ours, WARM_UP_S)
        before = cost(pids)
        stormed = await _all_connect(crowds, servers_, each, rate_s)
        report.progress(f"storm: {stormed['connected']} connected in {stormed['took_s']} s")
        await asyncio.sleep(2)
        resident = cost(pids).since(before).resident_bytes
        await _publish(ours, 1.0, 1.0)
        await asyncio.sleep(2)
        for crowd in crowds:
            await crowd.reset()
        used_before = cost(ours.pids)
        batches = await _publish(ours, max(3.0, load.for_s / 2), 1.0)
        await asyncio.sleep(1)
        used = cost(ours.pids).since(used_before)
        counted = [await crowd.report() for crowd in crowds]
    measured = Measured(
        "shopcast",
        deliveries=sum(part["messages"] for part in counted),
        expected=batches * (stormed["connected"] + FIRST_VIEWERS * load.gateways) * MESSAGES_PER_BATCH,
        cpu_s=used.cpu_s,
        p50_ms=max(part["p50_ms"] for part in counted),
        p99_ms=max(part["p99_ms"] for part in counted),
        bytes_per_connection=resident // max(1, stormed["connected"]),
    )
    return measured, stormed


async def _all_connect(
    crowds: Sequence[Generator], servers_: Sequence[Server], each: int, rate_s: float
) -> dict[str, Any]:
    """`each` viewers to every gateway; how many came, how many did not, how long it took."""
    parts = await asyncio.gather(
        *(
            crowd.connect(_plan(server, each, rate_s, source=f"127.0.0.{number + 2}"))
            for number, (crowd, server) in enumerate(zip(crowds, servers_, strict=True))
        )
    )
    return {
        "connected": sum(part["connected"] for part in parts),
        "failed": sum(part["failed"] for part in parts),
        "took_s": max(part["took_s"] for part in parts),
    }


def _print(
    report: Report,
    load: Load,
    rows: list[Measured],
    stalled: dict[str, Any],
    storm: Measured,
    others: dict[str, Any],
) -> None:
    report.table(
        f"{load.viewers} viewers, {1 / BATCH_EVERY_S:g} batches/s of {MESSAGES_PER_BATCH} messages",
        ["server", "deliveries", "expected", "CPU s", "deliveries per core s", "p50 ms", "p99 ms", "B/conn."],
        [
            (
                *(row.server, row.deliveries, row.expected, round(row.cpu_s, 2)),
                *(row.deliveries_per_core_s, row.p50_ms, row.p99_ms, row.bytes_per_connection),
            )
            for row in rows
        ],
    )
    by_name = {row.server: row for row in rows}
    ours = by_name["shopcast"]
    figures: dict[str, Any] = {
        "viewers": load.viewers,
        "p50_ms": ours.p50_ms,
        "p99_ms": ours.p99_ms,
        "lost": ours.expected - ours.deliveries,
        "deliveries_per_core_s": ours.deliveries_per_core_s,
    }
    for name in ("nchan", "socketio"):
        peer = by_name.get(name)
        figures[f"{name}_deliveries_per_core_s"] = peer.deliveries_per_core_s if peer else None
        figures[f"{name}_p99_ms"] = peer.p99_ms if peer else None
    figures |= stalled | {
        "connections": others.pop("connected"),
        "connections_gateways": load.gateways,
        "connect_failed": others.pop("failed"),
        "connect_s": others.pop("took_s"),
        "connections_p99_ms": storm.p99_ms,
        "bytes_per_connection": storm.bytes_per_connection,
        "cores": os.cpu_count(),
    }
    report.finish(figures | others)
