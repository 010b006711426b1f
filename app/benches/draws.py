"""`shopcast bench draws`: many hands for few shares of a red packet, over HTTP."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson

from app.benches.http_load import Answer, Connections, percentile_ms, post
from app.benches.shop import bench_platform, make_buyers
from app.core.auth import Principal, Role
from app.core.clock import SystemClock
from app.core.db import Database, fetch_one
from app.core.ids import new_id
from app.core.report import Report
from app.engagement.red_packets import service
from app.engagement.red_packets.schemas import NewRedPacket
from app.identity import repository as identity
from app.rooms import service as rooms
from app.rooms.schemas import NewRoom

HOST = "127.0.0.1"
CONNECTIONS = 500
TOTAL_CENTS = 888_888


@dataclass(frozen=True, slots=True)
class Load:
    """`claims` by as many people, evenly over `over_s` seconds whether or not those before are answered."""

    claims: int
    shares: int
    over_s: float


async def run(load: Load) -> None:
    """Print who won, whether it adds up to the cent, and how long a claim took from when it was due."""
    report = Report("bench draws")
    report.progress("starting PostgreSQL, Redis and the web role")
    async with bench_platform() as bench:
        report.progress(f"registering {load.claims} viewers")
        secrets = await make_buyers(bench.db, load.claims)
        packet_id = await _give(bench.db, load.shares)
        requests = [_claim(packet_id, secret) for secret in secrets]
        async with await Connections.open(HOST, bench.settings.web_port, CONNECTIONS) as connections:
            await connections.send_all([b"GET /api/rooms HTTP/1.1\r\nhost: bench\r\n\r\n"] * CONNECTIONS)
            report.progress(f"{load.claims} claims on {load.shares} shares within {load.over_s:g} s")
            answers = await _open_loop(connections, requests, load.over_s)
            again = await connections.send(requests[0])
        held = await _held(bench.db, packet_id)
    outcomes = Counter(answer.status for answer in answers)
    figures = {
        "winners": outcomes[200],
        "sum_cents": sum(orjson.loads(one.body)["amount_cents"] for one in answers if one.status == 200),
        "p99_ms": percentile_ms(answers, 99),
        "p50_ms": percentile_ms(answers, 50),
        "max_ms": percentile_ms(answers, 100),
        "claims": load.claims,
        "shares": load.shares,
        "total_cents": TOTAL_CENTS,
        "too_late": outcomes[409],
        "errors": len(answers) - outcomes[200] - outcomes[409],
        "repeated_same": (again.status, again.body) == (answers[0].status, answers[0].body),
        "winners_in_database": held["winners"],
        "sum_cents_in_database": held["sum_cents"],
    }
    report.table("bench draws", ["figure", "value"], figures.items())
    report.finish(figures)


async def _give(db: Database, shares: int) -> UUID:
    """A red packet in a live room."""
    clock = SystemClock()
    host = Principal(new_id(), "host", frozenset({Role.HOST}))
    async with db.transaction() as tx:
        await identity.add_user(
            tx,
            user_id=host.user_id,
            email=f"{host.user_id.hex}@bench.example",
            display_name=host.display_name,
            password_hash="-",
            roles=["host"],
            locale="en",
            now=clock.now() - timedelta(seconds=1),
        )
    room = await rooms.create(db, clock, host, NewRoom(title="bench"))
    await rooms.start(db, clock, host, room["id"])
    form = NewRedPacket(total_cents=TOTAL_CENTS, shares=shares, open_for_s=600)
    return (await service.give(db, clock, host, room["id"], form)).id


def _claim(packet_id: UUID, secret: str) -> bytes:
    return post(f"/api/red-packets/{packet_id}/claim", b"", {"authorization": f"Bearer {secret}"})


async def _open_loop(connections: Connections, requests: list[bytes], over_s: float) -> list[Answer]:
    loop = asyncio.get_running_loop()
    began_s = loop.time()

    async def send(number: int, request: bytes) -> Answer:
        due_s = began_s + over_s * number / len(requests)
        await asyncio.sleep(max(0.0, due_s - loop.time()))
        late_s = loop.time() - due_s
        answer = await connections.send(request)
        return Answer(answer.status, answer.body, answer.took_s + late_s)

    return await asyncio.gather(*(send(number, request) for number, request in enumerate(requests)))


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
