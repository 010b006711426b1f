"""Red packets: split to the cent, claimed once each under any race, returned to the cent."""

import asyncio
from random import Random
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import ManualClock
from app.core.db import Database, fetch_one
from app.core.events import room_topic
from app.core.http import Services
from app.core.ids import new_id
from app.engagement.red_packets import service
from app.engagement.red_packets.schemas import Claimed, NewRedPacket, RedPacket
from app.engagement.red_packets.service import (
    COSTS,
    PROMISED,
    RedPacketDesk,
    RedPacketEmpty,
    RedPacketExpired,
    RedPacketNotFound,
)
from app.engagement.red_packets.split import split
from app.rooms import service as rooms
from commerce.ledger import repository as ledger
from tests.app.engagement.conftest import Crowd
from tests.conftest import LogIn, User


@given(st.data())
def test_a_split_sums_exactly_and_gives_everybody_a_cent(data: st.DataObject) -> None:
    shares = data.draw(st.integers(1, 300))
    total_cents = data.draw(st.integers(shares, 10_000_000))
    amounts = split(total_cents, shares, Random(data.draw(st.integers())))
    assert (len(amounts), sum(amounts), min(amounts) >= 1) == (shares, total_cents, True)


def test_every_place_can_expect_the_same() -> None:
    random = Random(7)
    rounds = [split(10_000, 10, random) for _ in range(4_000)]
    means = [sum(amounts[place] for amounts in rounds) / len(rounds) for place in range(10)]
    assert all(950 < mean < 1_050 for mean in means)


def test_fewer_cents_than_shares_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="cent"):
        split(3, 4, Random(1))


async def balances(db: Database) -> dict[str, int]:
    """What each account holds, users' taken together."""
    totals: dict[str, int] = {}
    async with db.transaction() as tx:
        for row in await ledger.balances(tx):
            name = "users" if row["account"].startswith("payable:user:") else row["account"]
            totals[name] = totals.get(name, 0) + row["balance_cents"]
    return totals


async def give(services: Services, host: User, room_id: UUID, total_cents: int, shares: int) -> RedPacket:
    form = NewRedPacket(total_cents=total_cents, shares=shares, greeting="恭喜发财", open_for_s=60)
    return await service.give(services.db, services.clock, host.principal, room_id, form)


async def test_many_hands_and_few_shares(services: Services, host: User, room_id: UUID, crowd: Crowd) -> None:
    people = await crowd(120)
    packet = await give(services, host, room_id, 8_888, 50)
    desks = [RedPacketDesk(services.db, services.clock) for _ in range(3)]
    results = await asyncio.gather(
        *(desks[index % 3].claim(person.user_id, packet.id) for index, person in enumerate(people * 2)),
        return_exceptions=True,
    )

    claims: dict[UUID, set[int]] = {}
    for person, result in zip(people * 2, results, strict=True):
        if isinstance(result, Claimed):
            claims.setdefault(person.user_id, set()).add(result.amount_cents)
        else:
            assert isinstance(result, RedPacketEmpty)
    assert len(claims) == 50
    assert all(len(amounts) == 1 for amounts in claims.values())
    assert sum(min(amounts) for amounts in claims.values()) == 8_888
    async with services.db.transaction() as tx:
        shown = await service.detail(tx, packet.id)
    assert (shown.status, shown.claimed, shown.claimed_cents) == ("empty", 50, 8_888)
    assert {share.user_id: {share.amount_cents} for share in shown.winners} == claims
    assert await balances(services.db) == {COSTS: 8_888, PROMISED: 0, "users": -8_888}
    types = [entry.event.type for entry in await services.bus.read_after(room_topic(room_id), 0)]
    assert (types.count("red_packet.opened"), types.count("red_packet.ended")) == (1, 1)


async def test_what_nobody_claimed_returns_once(
    services: Services, clock: ManualClock, host: User, room_id: UUID, crowd: Crowd
) -> None:
    first, late = await crowd(2)
    packet = await give(services, host, room_id, 1_000, 10)
    desk = RedPacketDesk(services.db, services.clock)
    mine = await desk.claim(first.user_id, packet.id)
    await service.expire(services.db, clock, packet.id)
    assert (await desk.claim(first.user_id, packet.id)) == mine
    clock.advance(60)
    with pytest.raises(RedPacketExpired):
        await desk.claim(late.user_id, packet.id)
    await asyncio.gather(*(service.expire(services.db, clock, packet.id) for _ in range(3)))

    with pytest.raises(RedPacketExpired):
        await desk.claim(late.user_id, packet.id)
    assert (await desk.claim(first.user_id, packet.id)) == mine
    assert await balances(services.db) == {
        COSTS: mine.amount_cents,
        PROMISED: 0,
        "users": -mine.amount_cents,
    }
    events = [entry.event for entry in await services.bus.read_after(room_topic(room_id), 0)]
    ended = [event.data for event in events if event.type == "red_packet.ended"]
    assert [(data["status"], data["claimed"]) for data in ended] == [("expired", 1)]


async def test_a_claim_against_expiry_ends_in_one_of_two_ways(
    services: Services, clock: ManualClock, host: User, room_id: UUID, crowd: Crowd
) -> None:
    people = await crowd(20)
    packet = await give(services, host, room_id, 5_000, 20)
    desk = RedPacketDesk(services.db, services.clock)
    claims = [asyncio.create_task(desk.claim(person.user_id, packet.id)) for person in people]
    clock.advance(60)
    await service.expire(services.db, clock, packet.id)
    results = await asyncio.gather(*claims, return_exceptions=True)

    given_cents = sum(result.amount_cents for result in results if isinstance(result, Claimed))
    assert all(isinstance(result, Claimed | RedPacketExpired) for result in results)
    held = await balances(services.db)
    assert (held[COSTS], held[PROMISED], held.get("users", 0)) == (given_cents, 0, -given_cents)


async def test_over_http_with_a_job_that_will_end_it(
    services: Services, api: httpx.AsyncClient, host: User, room_id: UUID, log_in: LogIn
) -> None:
    viewer = await log_in()
    form = {"total_cents": 500, "shares": 1, "greeting": "谢谢大家", "open_for_s": 120}
    opened = await host.client.post(f"/api/rooms/{room_id}/red-packets", json=form)
    assert opened.status_code == 201
    packet = opened.json()
    path = f"/api/red-packets/{packet['id']}"
    assert (await api.get(path)).json() == packet | {"winners": []}
    claimed = await viewer.client.post(f"{path}/claim")
    assert claimed.json() == {"packet_id": packet["id"], "amount_cents": 500, "currency": "CNY"}
    late = await host.client.post(f"{path}/claim")
    assert (late.status_code, late.json()["code"]) == (409, "red_packet_empty")
    [listed] = (await api.get(f"/api/rooms/{room_id}/red-packets")).json()["items"]
    assert (listed["status"], listed["claimed"]) == ("empty", 1)
    async with services.db.transaction() as tx:
        job = await fetch_one(tx, "SELECT task_name, args FROM procrastinate_jobs ORDER BY id DESC LIMIT 1")
    assert job == {"task_name": "engagement:expire_red_packet", "args": {"packet_id": packet["id"]}}


async def test_who_may_not_or_cannot_changes_nothing(
    services: Services, api: httpx.AsyncClient, host: User, room_id: UUID, log_in: LogIn
) -> None:
    viewer = await log_in()
    path = f"/api/rooms/{room_id}/red-packets"
    good = {"total_cents": 500, "shares": 5}
    assert (await api.post(path, json=good)).status_code == 401
    assert (await viewer.client.post(path, json=good)).status_code == 403
    for bad in (
        good | {"shares": 501},
        good | {"total_cents": 0},
        good | {"total_cents": 4.5},
        good | {"open_for_s": 1},
        good | {"greeting": "恭" * 41},
    ):
        assert (await host.client.post(path, json=bad)).status_code == 422
    assert (await api.post(f"/api/red-packets/{new_id()}/claim")).status_code == 401
    unknown = await viewer.client.post(f"/api/red-packets/{new_id()}/claim")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "red_packet_not_found")
    with pytest.raises(RedPacketNotFound):
        await RedPacketDesk(services.db, services.clock).claim(viewer.principal.user_id, new_id())
    await rooms.end(services.db, services.clock, host.principal, room_id)
    assert (await host.client.post(path, json=good)).json()["code"] == "room_ended"
    assert (await api.get(path)).json() == {"items": []}
    assert await balances(services.db) == {}
