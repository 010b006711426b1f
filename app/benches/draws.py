"""`shopcast bench draws`: many hands for few shares of a red packet, over the sockets that viewers hold open."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from app.benches.fanout import servers
from app.benches.shop import bench_platform
from app.core.auth import Principal, Role, Tokens
from app.core.clock import SystemClock
from app.core.db import Database, fetch_one
from app.core.ids import new_id
from app.core.report import Report
from app.engagement.red_packets import service
from app.engagement.red_packets.schemas import NewRedPacket, RedPacket
from app.rooms import service as rooms
from app.rooms.schemas import NewRoom
from app.supervisor import environment

TOTAL_CENTS = 888_888
CONNECTS_AT_ONCE = 200
ANSWER_WITHIN_S = 30


@dataclass(frozen=True, slots=True)
class Load:
    """`claims` by as many people, evenly over `over_s` seconds whether or not those before are answered."""

    claims: int
    shares: int
    over_s: float


@dataclass(slots=True)
class Answers:
    """What came back, in the order of the claims' due times."""

    took_s: list[float] = field(default_factory=list)
    amounts_cents: list[int] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)

    def percentile_ms(self, percent: int) -> float:
        """0 where nothing was answered."""
        times = sorted(self.took_s)
        return round(times[max(-(-len(times) * percent // 100) - 1, 0)] * 1_000, 1) if times else 0.0


class Viewer(WSListener):
    """Claims once, when told to."""

    def __init__(self, answers: Answers, claim: bytes) -> None:
        self._answers = answers
        self._claim = claim
        self._due_s = 0.0
        self._transport: WSTransport | None = None
        self.answered = asyncio.Event()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        transport.send(WSMsgType.TEXT, b'{"t":"hello"}')

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        body = orjson.loads(frame.get_payload_as_bytes())
        if body["t"] not in ("claimed", "error") or self.answered.is_set():
            return
        self._answers.took_s.append(asyncio.get_running_loop().time() - self._due_s)
        if body["t"] == "claimed":
            self._answers.amounts_cents.append(body["amount_cents"])
        else:
            self._answers.refusals[body["code"]] += 1
        self.answered.set()

    def claim(self, due_s: float) -> None:
        assert self._transport is not None
        self._due_s = due_s
        self._transport.send(WSMsgType.TEXT, self._claim)


async def run(load: Load) -> None:
    """Print who won, whether it adds up to the cent, and how long a claim took from when it was due."""
    report = Report("bench draws")
    report.progress("starting PostgreSQL, Redis and the gateway role")
    async with (
        bench_platform(roles=()) as bench,
        servers.gateway(environment(bench.settings)) as (port, _),
    ):
        people = await register(bench.db, load.claims)
        packet = await _give(bench.db, load.shares)
        tokens = Tokens(bench.settings.signing_secret())
        claim = orjson.dumps({"t": "claim", "packet_id": packet.id})
        answers = Answers()
        viewers = [Viewer(answers, claim) for _ in people]
        report.progress(f"{load.claims} viewers come to the room")
        await connect(
            viewers, port, [tokens.issue("gateway", str(p), packet.room_id, ttl_s=600) for p in people]
        )
        report.progress(f"{load.claims} claims on {load.shares} shares within {load.over_s:g} s")
        await _open_loop(viewers, load.over_s)
        held = await _held(bench.db, packet.id)
    figures = {
        "winners": len(answers.amounts_cents),
        "sum_cents": sum(answers.amounts_cents),
        "p99_ms": answers.percentile_ms(99),
        "p50_ms": answers.percentile_ms(50),
        "max_ms": answers.percentile_ms(100),
        "claims": load.claims,
        "shares": load.shares,
        "total_cents": TOTAL_CENTS,
        "too_late": answers.refusals["red_packet_empty"],
        "errors": load.claims - len(answers.amounts_cents) - answers.refusals["red_packet_empty"],
        "winners_in_database": held["winners"],
        "sum_cents_in_database": held["sum_cents"],
    }
    report.table("bench draws", ["figure", "value"], figures.items())
    report.finish(figures)


async def register(db: Database, count: int) -> list[UUID]:
    """New accounts without a password."""
    people = [new_id() for _ in range(count)]
    async with db.transaction() as tx:
        await tx.execute(
            """INSERT INTO users (id, email, display_name, password_hash, created_at)
               SELECT id, id || '@bench.example', 'viewer', '-', now() FROM unnest(%s::uuid[]) AS made(id)""",
            (people,),
        )
    return people


async def connect(viewers: Sequence[WSListener], port: int, tokens: Sequence[str]) -> None:
    """Everybody to the gateway, each with a token of their own."""
    at_once = asyncio.Semaphore(CONNECTS_AT_ONCE)

    async def come(viewer: WSListener, token: str) -> None:
        async with at_once:
            await ws_connect(lambda: viewer, f"ws://127.0.0.1:{port}/ws?token={token}")

    await asyncio.gather(*map(come, viewers, tokens))


async def _open_loop(viewers: Sequence[Viewer], over_s: float) -> None:
    """Every claim at its time; then wait for the answers."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for number, viewer in enumerate(viewers):
        due_s = began_s + over_s * number / len(viewers)
        if due_s > loop.time():
            await asyncio.sleep(due_s - loop.time())
        elif number % 50 == 0:
            await asyncio.sleep(0)
        viewer.claim(due_s)
    async with asyncio.timeout(ANSWER_WITHIN_S):
        await asyncio.gather(*(viewer.answered.wait() for viewer in viewers))


async def _give(db: Database, shares: int) -> RedPacket:
    """A red packet in a live room."""
    clock = SystemClock()
    [host_id] = await register(db, 1)
    host = Principal(host_id, "host", frozenset({Role.HOST}))
    room = await rooms.create(db, clock, host, NewRoom(title="bench"))
    await rooms.start(db, clock, host, room["id"])
    form = NewRedPacket(total_cents=TOTAL_CENTS, shares=shares, open_for_s=600)
    return await service.give(db, clock, host, room["id"], form)


async def _held(db: Database, packet_id: UUID) -> dict[str, int]:
    async with db.transaction() as tx:
        row = await fetch_one(
            tx,
            """SELECT count(DISTINCT user_id) AS winners, sum(amount_cents)::bigint AS sum_cents
               FROM red_packet_shares WHERE packet_id = %(id)s AND user_id IS NOT NULL""",
            {"id": packet_id},
        )
    assert row is not None
    return dict(row)
