"""From a viewer's message to everybody, to a moderator, or nowhere."""

import asyncio
from uuid import UUID

import pytest

from app.chat import service
from app.chat.limits import ChatPace
from app.chat.posting import Chat, ChatClosed
from app.chat.questions import STREAM
from app.chat.schemas import ChatMessage
from app.chat.screening import WordScreener
from app.core.bus import Bus
from app.core.db import Database
from app.core.errors import NotFound, RateLimited
from app.core.events import Event, room_topic, staff_topic, user_topic
from app.core.http import Services
from app.core.ids import new_id
from app.core.pace import Pace
from app.rooms import service as rooms
from tests.app.chat.conftest import message
from tests.conftest import LogIn, User


async def published(bus: Bus, topic: str) -> list[Event]:
    events = [entry.event for entry in await bus.read_after(topic, 0)]
    return [event for event in events if event.type.startswith("chat.")]


async def told(bus: Bus, room_id: UUID) -> list[str]:
    """The texts that everybody was sent."""
    events = await published(bus, room_topic(room_id))
    return [event.data["text"] for event in events if event.type == "chat.message"]


async def history(db: Database, room_id: UUID) -> list[ChatMessage]:
    async with db.transaction() as tx:
        return await service.history(tx, room_id)


async def test_a_message_is_stored_published_and_handed_to_the_assistant(
    chat: Chat, services: Services, room_id: UUID, log_in: LogIn
) -> None:
    viewer = await log_in(name="小雨")
    new = message(" 有货吗？ ")
    posted = await chat.post(room_id, viewer.principal.user_id, new)

    expected = {
        "id": str(posted.message_id),
        "room_id": str(room_id),
        "kind": "viewer",
        "author": {"id": str(viewer.principal.user_id), "display_name": "小雨"},
        "text": "有货吗？",
        "reply_to": None,
        "mentions": [],
        "created_at": "2026-11-23T20:00:00Z",
        "client_id": str(new.client_id),
    }
    assert posted.status == "sent"
    [event] = await published(services.bus, room_topic(room_id))
    assert (event.type, event.id, event.data) == ("chat.message", posted.message_id, expected)
    assert [item.model_dump(mode="json") for item in await history(services.db, room_id)] == [expected]
    [(_, fields)] = await services.redis.xrange(STREAM)
    assert ChatMessage.model_validate_json(fields[b"e"]).model_dump(mode="json") == expected


async def test_the_hosts_words_are_marked_and_not_a_question(
    chat: Chat, services: Services, room_id: UUID, host: User
) -> None:
    await chat.post(room_id, host.principal.user_id, message("欢迎！"))

    [event] = await published(services.bus, room_topic(room_id))
    assert event.data["kind"] == "host"
    assert await services.redis.xlen(STREAM) == 0


async def test_sending_again_changes_nothing(
    chat: Chat, services: Services, room_id: UUID, log_in: LogIn
) -> None:
    viewer = (await log_in()).principal.user_id
    new = message()
    answers = await asyncio.gather(*(chat.post(room_id, viewer, new) for _ in range(4)))
    again = await chat.post(room_id, viewer, new)

    assert {answer.message_id for answer in answers} == {again.message_id}
    assert await told(services.bus, room_id) == ["有货吗"]
    assert len(await history(services.db, room_id)) == 1


async def test_the_same_client_id_of_another_author_is_another_message(
    chat: Chat, services: Services, room_id: UUID, log_in: LogIn
) -> None:
    new = message()
    first = await chat.post(room_id, (await log_in()).principal.user_id, new)
    second = await chat.post(room_id, (await log_in()).principal.user_id, new)

    assert first.message_id != second.message_id
    assert len(await told(services.bus, room_id)) == 2


async def test_many_writers_at_once_are_all_heard_once(
    chat: Chat, services: Services, room_id: UUID, log_in: LogIn
) -> None:
    viewers = [(await log_in()).principal.user_id for _ in range(8)]
    texts = [f"{number} 号" for number in range(40)]
    await asyncio.gather(
        *(chat.post(room_id, viewers[index % 8], message(text)) for index, text in enumerate(texts))
    )

    assert sorted(await told(services.bus, room_id)) == sorted(texts)
    stored = [item.text for item in await history(services.db, room_id)]
    assert stored == await told(services.bus, room_id)


async def test_held_words_reach_a_moderator_and_nobody_else(
    chat: Chat, services: Services, room_id: UUID, screener: WordScreener, log_in: LogIn
) -> None:
    viewer = (await log_in()).principal.user_id
    new = message("加微信聊")
    posted = await chat.post(room_id, viewer, new)

    assert posted.status == "held"
    assert await told(services.bus, room_id) == []
    assert await history(services.db, room_id) == []
    assert await services.redis.xlen(STREAM) == 0
    [(case_id, case)] = screener.cases.items()
    [to_staff] = await published(services.bus, staff_topic(room_id))
    assert (to_staff.type, to_staff.data) == (
        "chat.held",
        {"case_id": str(case_id), "message": case.model_dump(mode="json")},
    )
    [to_author] = await published(services.bus, user_topic(viewer))
    assert to_author.data == {"message_id": str(posted.message_id), "client_id": str(new.client_id)}
    assert (await chat.post(room_id, viewer, new)).status == "held"
    assert len(screener.cases) == 1


async def test_flagged_words_are_shown_and_looked_at(
    chat: Chat, services: Services, room_id: UUID, screener: WordScreener, log_in: LogIn
) -> None:
    posted = await chat.post(room_id, (await log_in()).principal.user_id, message("别家便宜"))

    assert posted.status == "sent"
    assert await told(services.bus, room_id) == ["别家便宜"]
    assert [case.id for case in screener.cases.values()] == [posted.message_id]
    assert await published(services.bus, staff_topic(room_id)) == []


async def test_what_turns_out_forbidden_is_withdrawn_and_can_come_back(
    services: Services, room_id: UUID, screener: WordScreener, log_in: LogIn
) -> None:
    viewer = (await log_in()).principal.user_id
    async with Chat.open(services.db, services.bus, services.clock, screener) as chat:
        posted = await chat.post(room_id, viewer, message("我们私聊"))
        assert posted.status == "sent"
        await chat.settled()
    [to_author] = await published(services.bus, user_topic(viewer))
    assert to_author.data["message_id"] == str(posted.message_id)
    assert await history(services.db, room_id) == []
    assert [case.id for case in screener.cases.values()] == [posted.message_id]
    async with services.db.transaction() as tx:
        await service.release(tx, posted.message_id)
    events = await published(services.bus, room_topic(room_id))
    assert [event.type for event in events] == ["chat.deleted", "chat.message"]


async def test_a_released_message_is_shown_once(
    chat: Chat, services: Services, room_id: UUID, log_in: LogIn
) -> None:
    posted = await chat.post(room_id, (await log_in()).principal.user_id, message("加微信聊"))
    for _ in range(2):
        async with services.db.transaction() as tx:
            await service.release(tx, posted.message_id)

    assert await told(services.bus, room_id) == ["加微信聊"]
    assert [item.id for item in await history(services.db, room_id)] == [posted.message_id]


async def test_an_upheld_message_stays_unseen_and_a_seen_one_goes(
    chat: Chat, services: Services, room_id: UUID, host: User, log_in: LogIn
) -> None:
    viewer = (await log_in()).principal.user_id
    held = await chat.post(room_id, viewer, message("加微信聊"))
    seen = await chat.post(room_id, viewer, message("别家便宜"))
    async with services.db.transaction() as tx:
        for posted in (held, seen):
            await service.uphold(tx, host.principal.user_id, posted.message_id, services.clock)
        await service.release(tx, held.message_id)

    events = await published(services.bus, room_topic(room_id))
    assert [event.type for event in events] == ["chat.message", "chat.deleted"]
    assert events[1].data == {"message_id": str(seen.message_id)}
    assert await history(services.db, room_id) == []


async def test_replies_mention_whom_they_answer_and_strangers_are_dropped(
    chat: Chat, services: Services, room_id: UUID, host: User, log_in: LogIn
) -> None:
    first, second = await log_in(), await log_in()
    asked = await chat.post(room_id, first.principal.user_id, message("多大？"))
    await chat.post(room_id, second.principal.user_id, message("很大", reply_to=asked.message_id))
    await chat.post(room_id, second.principal.user_id, message("谁？", reply_to=new_id()))

    _, answer, stranger = await history(services.db, room_id)
    assert (answer.reply_to, answer.mentions) == (asked.message_id, [first.principal.user_id])
    assert (stranger.reply_to, stranger.mentions) == (None, [])


async def test_who_writes_too_fast_is_told_to_wait_but_not_the_staff(
    chat: Chat, services: Services, room_id: UUID, log_in: LogIn
) -> None:
    viewer, moderator = (await log_in()).principal.user_id, (await log_in()).principal.user_id
    results = await asyncio.gather(
        *(chat.post(room_id, viewer, message()) for _ in range(9)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, RateLimited)]
    assert len(refused) == 4
    assert all(0 < problem.extra["retry_after_s"] <= 60 for problem in refused)
    for _ in range(9):
        await chat.post(room_id, moderator, message(), staff=True)
    assert len(await told(services.bus, room_id)) == 14


async def test_the_pace_is_one_over_all_gateways(services: Services, room_id: UUID) -> None:
    here, there = (ChatPace(services.redis, Pace(interval_ms=60_000, burst=3)) for _ in range(2))
    author = new_id()
    results = await asyncio.gather(
        *(pace.take(room_id, author, 0) for pace in (here, there) for _ in range(5)), return_exceptions=True
    )

    assert sum(isinstance(result, RateLimited) for result in results) == 7


async def test_an_ended_room_is_silent_and_an_unknown_one_is_not_found(
    chat: Chat, services: Services, room_id: UUID, host: User, log_in: LogIn
) -> None:
    viewer = (await log_in()).principal.user_id
    await rooms.end(services.db, services.clock, host.principal, room_id)

    with pytest.raises(ChatClosed):
        await chat.post(room_id, viewer, message())
    with pytest.raises(NotFound):
        await chat.post(new_id(), viewer, message())
    assert await history(services.db, room_id) == []


async def test_the_assistant_answers_a_message_once(
    chat: Chat, services: Services, room_id: UUID, log_in: LogIn
) -> None:
    viewer = (await log_in()).principal.user_id
    asked = await chat.post(room_id, viewer, message())
    answers = []
    for text in ("有货", "有货！"):
        async with services.db.transaction() as tx:
            answers.append(
                await service.post_assistant(tx, services.clock, room_id, text, reply_to=asked.message_id)
            )

    assert answers[0] == answers[1]
    assert (answers[0].kind, answers[0].author.id, answers[0].mentions) == ("assistant", None, [viewer])
    assert await told(services.bus, room_id) == ["有货吗", "有货"]


async def test_a_private_answer_reaches_its_asker_alone(
    chat: Chat, services: Services, room_id: UUID, log_in: LogIn
) -> None:
    viewer = (await log_in()).principal.user_id
    asked = await chat.post(room_id, viewer, message("我的订单到哪了"))
    async with services.db.transaction() as tx:
        await service.post_assistant(
            tx, services.clock, room_id, "在路上", reply_to=asked.message_id, recipient_id=viewer
        )

    assert await told(services.bus, room_id) == ["我的订单到哪了"]
    [answer] = await published(services.bus, user_topic(viewer))
    assert (answer.type, answer.data["text"]) == ("chat.answer", "在路上")
    assert [item.text for item in await history(services.db, room_id)] == ["我的订单到哪了"]
