"""Fortune bags: one ticket each, a draw that anyone can repeat, conditions that are checked."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from app.core.clock import ManualClock
from app.core.db import fetch_one
from app.core.events import room_topic
from app.core.http import Services
from app.core.ids import new_id
from app.engagement import watching
from app.engagement.fortune_bags import service
from app.engagement.fortune_bags.draw import commitment, draw, entries_digest
from app.engagement.fortune_bags.schemas import FortuneBag, NewFortuneBag
from app.engagement.fortune_bags.service import FortuneBagDrawn, NotEntitled
from tests.app.engagement.conftest import Crowd
from tests.conftest import LogIn, User


def test_the_draw_is_what_the_reference_says_it_is() -> None:
    tickets = [UUID(int=number) for number in range(1, 6)]
    seed = bytes(range(32))
    assert commitment(seed) == "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
    assert draw(seed, tickets, 3) == draw(seed, tickets[::-1], 3)
    assert sorted(draw(seed, tickets, 9)) == tickets
    assert draw(seed, [], 2) == []


def test_every_ticket_is_as_likely_as_every_other() -> None:
    tickets = [UUID(int=number) for number in range(1, 11)]
    firsts = Counter(draw(number.to_bytes(32, "big"), tickets, 1)[0] for number in range(5_000))
    assert all(400 < firsts[ticket] < 600 for ticket in tickets)


async def open_bag(services: Services, host: User, room_id: UUID, **form: object) -> FortuneBag:
    new = NewFortuneBag.model_validate({"prize": "口红一支", "winners": 3, "open_for_s": 60} | form)
    return await service.open_bag(services.db, services.clock, host.principal, room_id, new)


async def test_the_drawn_bag_proves_itself(
    services: Services, clock: ManualClock, host: User, room_id: UUID, crowd: Crowd, api: httpx.AsyncClient
) -> None:
    people = await crowd(12)
    bag = await open_bag(services, host, room_id)
    entered = await asyncio.gather(
        *(service.enter(services.db, services.redis, clock, person, bag.id) for person in people * 2)
    )
    tickets = {item.ticket for item in entered}
    assert len(tickets) == 12
    await service.draw_bag(services.db, clock, bag.id)
    open_still = (await api.get(f"/api/fortune-bags/{bag.id}")).json()
    assert (open_still["status"], open_still["seed"], open_still["tickets"]) == ("open", None, [])
    clock.advance(60)
    await asyncio.gather(*(service.draw_bag(services.db, clock, bag.id) for _ in range(3)))

    drawn = (await api.get(f"/api/fortune-bags/{bag.id}")).json()
    seed = bytes.fromhex(drawn["seed"])
    shown = [UUID(ticket) for ticket in drawn["tickets"]]
    assert set(shown) == tickets
    assert commitment(seed) == drawn["commitment"] == bag.commitment
    assert entries_digest(shown) == drawn["entries_digest"]
    assert [UUID(winner["ticket"]) for winner in drawn["winners"]] == draw(seed, shown, 3)
    assert len({winner["user_id"] for winner in drawn["winners"]}) == 3
    events = [entry.event for entry in await services.bus.read_after(room_topic(room_id), 0)]
    drawn_events = [event for event in events if event.type == "fortune_bag.drawn"]
    assert [event.data["seed"] for event in drawn_events] == [drawn["seed"]]
    with pytest.raises(FortuneBagDrawn):
        await service.enter(services.db, services.redis, clock, people[0], bag.id)


async def test_nobody_enters_once_it_is_time(
    services: Services, clock: ManualClock, host: User, room_id: UUID, crowd: Crowd
) -> None:
    [person] = await crowd(1)
    bag = await open_bag(services, host, room_id)
    clock.advance(60)
    with pytest.raises(FortuneBagDrawn):
        await service.enter(services.db, services.redis, clock, person, bag.id)
    await service.draw_bag(services.db, clock, bag.id)
    async with services.db.transaction() as tx:
        drawn = await service.detail(tx, bag.id)
    assert (drawn.status, drawn.winners, drawn.tickets) == ("drawn", [], [])


async def test_a_comment_opens_the_bag_only_with_the_words_said_since(
    services: Services, clock: ManualClock, host: User, room_id: UUID, crowd: Crowd
) -> None:
    early, wrong, right = await crowd(3)

    async def say(user_id: UUID, text: str) -> None:
        async with services.db.transaction() as tx:
            await tx.execute(
                """INSERT INTO chat_messages (id, room_id, author_id, kind, text, client_id, status, created_at)
                   VALUES (%s, %s, %s, 'viewer', %s, %s, 'visible', %s)""",
                (new_id(), room_id, user_id, text, new_id(), clock.now()),
            )

    await say(early.user_id, "我要口红")
    clock.advance(1)
    bag = await open_bag(services, host, room_id, entry="comment", words="我要口红")
    await say(wrong.user_id, "我也来")
    await say(right.user_id, "哈哈我要口红！")
    for person in (early, wrong):
        with pytest.raises(NotEntitled):
            await service.enter(services.db, services.redis, clock, person, bag.id)
    await service.enter(services.db, services.redis, clock, right, bag.id)


async def test_following_and_watching_open_a_bag(
    services: Services, clock: ManualClock, host: User, room_id: UUID, log_in: LogIn
) -> None:
    viewer = await log_in()
    by_follow = await open_bag(services, host, room_id, entry="follow")
    by_watching = await open_bag(services, host, room_id, entry="watch", watch_s=90)
    path = f"/api/fortune-bags/{by_follow.id}/enter"
    refused = await viewer.client.post(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_entitled")
    followed = await viewer.client.put(f"/api/hosts/{host.principal.user_id}/follow")
    assert followed.json()["following"] is True
    assert (await viewer.client.post(path)).status_code == 200

    subject = str(viewer.principal.user_id)
    seconds, _ = await services.redis.time()
    async with services.redis.pipeline() as pipe:
        watching.came(pipe, room_id, [subject], seconds - 80)
        await pipe.execute()
    path = f"/api/fortune-bags/{by_watching.id}/enter"
    assert (await viewer.client.post(path)).status_code == 403
    await watching.went(services.redis, room_id, [subject], seconds)
    async with services.redis.pipeline() as pipe:
        watching.came(pipe, room_id, [subject], seconds - 20)
        await pipe.execute()
    assert await watching.watched_s(services.redis, room_id, subject, seconds) == pytest.approx(100)
    assert (await viewer.client.post(path)).status_code == 200


async def test_its_draw_is_a_job_and_strangers_open_none(
    services: Services, clock: ManualClock, host: User, room_id: UUID, log_in: LogIn
) -> None:
    viewer = await log_in()
    path = f"/api/rooms/{room_id}/fortune-bags"
    good = {"prize": "面膜", "winners": 2, "open_for_s": 30}
    assert (await viewer.client.post(path, json=good)).status_code == 403
    for bad in ({"winners": 0}, {"prize": " "}, {"entry": "comment"}, {"entry": "watch"}, {"entry": "pay"}):
        assert (await host.client.post(path, json=good | bad)).status_code == 422
    opened = (await host.client.post(path, json=good)).json()
    async with services.db.transaction() as tx:
        job = await fetch_one(
            tx, "SELECT task_name, args, scheduled_at FROM procrastinate_jobs ORDER BY id DESC"
        )
    assert job == {
        "task_name": "engagement:draw_fortune_bag",
        "args": {"bag_id": opened["id"]},
        "scheduled_at": clock.now() + timedelta(seconds=30),
    }
    assert [bag["id"] for bag in (await host.client.get(path)).json()["items"]] == [opened["id"]]
