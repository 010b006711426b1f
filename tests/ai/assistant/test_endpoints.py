"""The hand-over inbox over HTTP: who may see it, reply, and what a reply does."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from ai.assistant import status
from ai.assistant.breaker import BreakerState, ModelHealth
from ai.assistant.desk import Desk, MemoryChannel, MemoryNotes
from ai.assistant.endpoints import AssistantPorts, router
from ai.assistant.models import Answer, Handoff, Language
from ai.assistant.repository import Asker
from app.core.auth import Principal, Role
from app.core.db import Tx
from app.core.http import Services
from app.web import problems
from tests.conftest import LogIn, User

HANDOFF = Handoff("已转给工作人员。", Language.ZH, "no_fact")


class HostsOnly:
    """The room's host and moderators manage it."""

    async def may_manage(self, tx: Tx, user: Principal, room_id: UUID) -> bool:
        row = await (await tx.execute("SELECT host_id FROM rooms WHERE id = %s", (room_id,))).fetchone()
        return user.has(Role.MODERATOR) or (row is not None and row["host_id"] == user.user_id)


@pytest.fixture
def channel() -> MemoryChannel:
    return MemoryChannel()


@pytest.fixture
def desk(services: Services, channel: MemoryChannel) -> Desk:
    return Desk(services.db, services.clock, channel, MemoryNotes())


@pytest.fixture
def inbox(services: Services, channel: MemoryChannel) -> FastAPI:
    app = FastAPI()
    app.state.services = services
    app.state.assistant = AssistantPorts(channel, HostsOnly())
    problems.install(app)
    app.include_router(router)
    return app


@asynccontextmanager
async def browser(inbox: FastAPI, user: User) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(inbox), base_url="http://shop.test", cookies=user.client.cookies
    ) as client:
        yield client


async def test_a_reply_reaches_the_viewer_once_and_closes_the_question(
    inbox: FastAPI, log_in: LogIn, desk: Desk, asker: Asker, channel: MemoryChannel
) -> None:
    await desk.deliver(asker, HANDOFF)
    moderator = await log_in(Role.MODERATOR)
    async with browser(inbox, moderator) as client:
        listed = (await client.get("/api/assistant/handovers", params={"room_id": str(asker.room_id)})).json()
        url = f"/api/assistant/handovers/{listed['items'][0]['id']}/reply"
        first = await client.post(url, json={"text": "可以在美国用"})
        second = await client.post(url, json={"text": "不行"})
        empty = await client.post(url, json={"text": "  "})
    assert (first.status_code, first.json()["status"]) == (200, "answered")
    assert (second.status_code, second.json()["code"]) == (409, "handover_closed")
    assert empty.status_code == 422
    assert channel.said[1:] == [(asker.message_id, "可以在美国用", False, moderator.principal.user_id)]


async def test_a_stranger_sees_and_changes_nothing(
    inbox: FastAPI, log_in: LogIn, desk: Desk, asker: Asker, channel: MemoryChannel
) -> None:
    await desk.deliver(asker, HANDOFF)
    async with browser(inbox, await log_in(Role.MODERATOR)) as staff:
        waiting = (await staff.get("/api/assistant/handovers")).json()["items"][0]["id"]
    async with browser(inbox, await log_in(Role.HOST)) as stranger:
        answers = [
            await stranger.get("/api/assistant/handovers"),
            await stranger.get("/api/assistant/handovers", params={"room_id": str(asker.room_id)}),
            await stranger.post(f"/api/assistant/handovers/{waiting}/reply", json={"text": "嘿"}),
            await stranger.post(f"/api/assistant/handovers/{waiting}/dismiss"),
            await stranger.get(f"/api/assistant/questions/{asker.message_id}"),
            await stranger.get("/api/assistant/unanswered"),
            await stranger.put(f"/api/assistant/rooms/{asker.room_id}/settings", json={"mode": "suggest"}),
        ]
    assert {answer.status_code for answer in answers} == {403}
    assert len(channel.said) == 1
    async with browser(inbox, await log_in(Role.MODERATOR)) as staff:
        assert [row["id"] for row in (await staff.get("/api/assistant/handovers")).json()["items"]] == [
            waiting
        ]


async def test_what_could_not_be_answered_becomes_an_faq_entry(
    inbox: FastAPI, log_in: LogIn, desk: Desk, asker: Asker
) -> None:
    await desk.deliver(asker, HANDOFF)
    async with browser(inbox, await log_in(Role.MERCHANT)) as client:
        listed = (await client.get("/api/assistant/unanswered")).json()["items"]
        entry = {
            "question": listed[0]["text"],
            "answer": "189元",
            "from_message_id": listed[0]["message_id"],
        }
        created = await client.post("/api/assistant/faq", json=entry)
        after = (await client.get("/api/assistant/unanswered")).json()["items"]
    assert (listed[0]["text"], listed[0]["times"]) == ("烧水壶多少钱", 1)
    assert created.status_code == 201
    assert after == []


@pytest.mark.parametrize(("reason", "listed"), [("no_fact", 1), ("complaint", 0), ("money", 0)])
async def test_what_a_person_must_see_each_time_is_no_faq(
    reason: str, listed: int, inbox: FastAPI, log_in: LogIn, desk: Desk, asker: Asker
) -> None:
    await desk.deliver(asker, replace(HANDOFF, reason=reason))
    async with browser(inbox, await log_in(Role.MERCHANT)) as client:
        items = (await client.get("/api/assistant/unanswered")).json()["items"]
    assert len(items) == listed


async def test_a_private_answer_is_judged_by_its_asker_alone(
    inbox: FastAPI, log_in: LogIn, desk: Desk, asker: Asker
) -> None:
    await desk.deliver(asker, Answer("您的订单已发货。", Language.ZH, (), private=True))
    url = f"/api/assistant/questions/{asker.message_id}"
    async with browser(inbox, await log_in()) as stranger:
        judged = await stranger.put(f"{url}/feedback", json={"helpful": False})
    async with browser(inbox, await log_in(Role.MODERATOR)) as staff:
        traced = await staff.get(url)
    assert (judged.status_code, judged.json()["code"]) == (404, "question_not_found")
    assert (traced.status_code, traced.json()["reply"]) == (200, "您的订单已发货。")


class Answering:
    """What a process of the role `ai` reports on."""

    health = ModelHealth(Counter(used=3, circuit_open=2), BreakerState.OPEN)
    dropped = 1


async def test_whoever_runs_the_platform_sees_that_the_models_circuit_is_open(
    services: Services, log_in: LogIn, inbox: FastAPI
) -> None:
    merchant, viewer = await log_in(Role.MERCHANT), await log_in()
    async with (
        browser(inbox, merchant) as staff,
        browser(inbox, viewer) as other,
        status.reporting(services.redis, services.clock, "one", "qwen", Answering()),
    ):
        async with asyncio.timeout(5):
            while not (found := (await staff.get("/api/assistant/status")).json())["processes"]:
                await asyncio.sleep(0)
        assert (await other.get("/api/assistant/status")).status_code == 403
    [process] = found["processes"]
    assert (process["model"], process["circuit"], process["dropped"]) == ("qwen", "open", 1)
    assert process["outcomes"] == {"used": 3, "circuit_open": 2}
    assert await status.processes(services.redis) == []
