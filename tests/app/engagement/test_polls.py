"""Polls: one vote each, counted exactly."""

import asyncio
from collections import Counter
from uuid import UUID

from app.core.clock import ManualClock
from app.core.events import room_topic
from app.core.http import Services
from app.core.ids import new_id
from app.engagement.polls import service
from app.engagement.polls.service import AlreadyVoted, NewPoll, Poll, PollDesk
from tests.app.engagement.conftest import Crowd
from tests.conftest import LogIn, User


async def ask(services: Services, host: User, room_id: UUID) -> Poll:
    form = NewPoll(question="先讲哪个？", options=["口红", "面膜", "香水"], open_for_s=60)
    return await service.ask(services.db, services.clock, host.principal, room_id, form)


async def test_many_votes_at_once_count_each_person_once(
    services: Services, host: User, room_id: UUID, crowd: Crowd
) -> None:
    people = await crowd(60)
    poll = await ask(services, host, room_id)
    desks = [PollDesk(services.db, services.clock) for _ in range(2)]
    results = await asyncio.gather(
        *(
            desks[turn].vote(person, poll.id, index % 3)
            for turn in (0, 1)
            for index, person in enumerate(people)
        ),
        return_exceptions=True,
    )
    kinds = Counter(type(result) for result in results)
    assert kinds == {Poll: 60, AlreadyVoted: 60}
    async with services.db.transaction() as tx:
        assert (await service.get(tx, poll.id)).votes == [20, 20, 20]
    events = [entry.event for entry in await services.bus.read_after(room_topic(room_id), 0)]
    assert [event.type for event in events].count("poll.opened") == 1
    assert [event.data["votes"] for event in events if event.type == "poll.counted"][-1] == [20, 20, 20]


async def test_votes_over_http_and_what_is_refused(
    services: Services, clock: ManualClock, host: User, room_id: UUID, log_in: LogIn
) -> None:
    viewer, late = await log_in(), await log_in()
    path = f"/api/rooms/{room_id}/polls"
    good = {"question": "先讲哪个？", "options": ["口红", "面膜"], "open_for_s": 60}
    assert (await viewer.client.post(path, json=good)).status_code == 403
    for bad in ({"options": ["一"]}, {"options": ["一", "一"]}, {"question": ""}, {"open_for_s": 1}):
        assert (await host.client.post(path, json=good | bad)).status_code == 422
    poll = (await host.client.post(path, json=good)).json()
    vote = f"/api/polls/{poll['id']}/vote"
    assert (await viewer.client.post(vote, json={"option": 2})).status_code == 422
    assert (await viewer.client.post(vote, json={"option": 1})).json()["votes"] == [0, 1]
    again = await viewer.client.post(vote, json={"option": 0})
    assert (again.status_code, again.json()["code"]) == (409, "already_voted")
    clock.advance(60)
    closed = await late.client.post(vote, json={"option": 0})
    assert (closed.status_code, closed.json()["code"]) == (409, "poll_closed")
    unknown = await late.client.post(f"/api/polls/{new_id()}/vote", json={"option": 0})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "poll_not_found")
    assert (await host.client.get(path)).json()["items"][0]["votes"] == [0, 1]
