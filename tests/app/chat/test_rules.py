"""What a host allows in chat, and the message pinned to its top."""

from uuid import UUID

import httpx
import pytest

from app.chat.posting import Chat, MutedWord, NotInvited
from app.core.auth import Role
from app.core.clock import ManualClock
from app.core.errors import RateLimited
from app.core.events import room_topic
from app.core.http import Services
from app.core.ids import new_id
from tests.app.chat.conftest import message
from tests.conftest import LogIn, User


async def told(services: Services, room_id: UUID, kind: str) -> list[dict[str, object]]:
    entries = await services.bus.read_after(room_topic(room_id), 0)
    return [entry.event.data for entry in entries if entry.event.type == kind]


async def test_slow_mode_lets_each_viewer_speak_once_in_a_while(
    chat: Chat, services: Services, clock: ManualClock, room_id: UUID, host: User, log_in: LogIn
) -> None:
    one, other = (await log_in()).principal.user_id, (await log_in()).principal.user_id
    await chat.post(room_id, one, message())
    answer = await host.client.patch(f"/api/rooms/{room_id}/chat-rules", json={"slow_mode_s": 300})
    clock.advance(2)

    assert answer.json()["slow_mode_s"] == 300
    assert await told(services, room_id, "chat.rules") == [{"slow_mode_s": 300, "audience": "everyone"}]
    await chat.post(room_id, one, message())
    await chat.post(room_id, other, message())
    with pytest.raises(RateLimited) as caught:
        await chat.post(room_id, one, message())
    assert 290 < caught.value.extra["retry_after_s"] <= 300
    for _ in range(3):
        await chat.post(room_id, host.principal.user_id, message())


async def test_muted_words_are_refused_but_not_to_the_host(
    chat: Chat, room_id: UUID, host: User, log_in: LogIn, api: httpx.AsyncClient
) -> None:
    viewer = await log_in()
    path = f"/api/rooms/{room_id}/chat-rules"
    answer = await host.client.patch(path, json={"muted_words": ["OtherShop", "退款"]})

    assert answer.json()["muted_words"] == ["OtherShop", "退款"]
    with pytest.raises(MutedWord):
        await chat.post(room_id, viewer.principal.user_id, message("来 oTHERsHOP 买"))
    await chat.post(room_id, host.principal.user_id, message("退款很快"))
    assert (await api.get(path)).json()["muted_words"] == []
    assert (await host.client.get(path)).json()["muted_words"] == ["OtherShop", "退款"]


async def test_a_pinned_message_stands_until_another_or_its_deletion(
    chat: Chat, services: Services, room_id: UUID, host: User, log_in: LogIn, api: httpx.AsyncClient
) -> None:
    viewer = await log_in()
    first = await chat.post(room_id, viewer.principal.user_id, message("第一"))
    second = await chat.post(room_id, viewer.principal.user_id, message("第二"))
    path = f"/api/rooms/{room_id}/pinned-message"

    async def shown() -> str | None:
        pinned = (await api.get(f"/api/rooms/{room_id}/chat-rules")).json()["pinned"]
        return pinned and pinned["text"]

    await host.client.put(path, json={"message_id": str(first.message_id)})
    assert await shown() == "第一"
    await host.client.put(path, json={"message_id": str(second.message_id)})
    assert await shown() == "第二"
    await host.client.delete(f"/api/messages/{second.message_id}")
    assert await shown() is None
    await host.client.put(path, json={"message_id": str(first.message_id)})
    await host.client.put(path, json={"message_id": None})
    assert await shown() is None
    pinned = await told(services, room_id, "chat.pinned")
    assert [item["message"] and item["message"]["text"] for item in pinned] == ["第一", "第二", "第一", None]


async def test_followers_only_means_followers_only(
    chat: Chat, services: Services, clock: ManualClock, room_id: UUID, host: User, log_in: LogIn
) -> None:
    viewer = await log_in()
    await host.client.patch(f"/api/rooms/{room_id}/chat-rules", json={"audience": "followers"})
    with pytest.raises(NotInvited):
        await chat.post(room_id, viewer.principal.user_id, message())
    await viewer.client.put(f"/api/hosts/{host.principal.user_id}/follow")
    await chat.post(room_id, viewer.principal.user_id, message("关注了"))
    await chat.post(room_id, host.principal.user_id, message("欢迎"))
    await host.client.patch(f"/api/rooms/{room_id}/chat-rules", json={"audience": "members"})
    clock.advance(2)
    with pytest.raises(NotInvited):
        await chat.post(room_id, viewer.principal.user_id, message())
    assert [item["text"] for item in await told(services, room_id, "chat.message")] == ["关注了", "欢迎"]


async def test_only_host_and_moderators_rule_and_only_over_what_is_there(
    chat: Chat, services: Services, room_id: UUID, host: User, log_in: LogIn
) -> None:
    viewer, merchant, moderator = await log_in(), await log_in(Role.MERCHANT), await log_in(Role.MODERATOR)
    held = await chat.post(room_id, viewer.principal.user_id, message("加微信聊"))
    rules, pin = f"/api/rooms/{room_id}/chat-rules", f"/api/rooms/{room_id}/pinned-message"
    for user in (viewer, merchant):
        assert (await user.client.patch(rules, json={"slow_mode_s": 9})).status_code == 403
        assert (await user.client.put(pin, json={"message_id": None})).status_code == 403
    for message_id in (held.message_id, new_id()):
        refused = await host.client.put(pin, json={"message_id": str(message_id)})
        assert (refused.status_code, refused.json()["code"]) == (404, "message_not_found")
    for bad in ({"slow_mode_s": -1}, {"slow_mode_s": 9_999}, {"audience": "cats"}, {"muted_words": [" "]}):
        assert (await host.client.patch(rules, json=bad)).status_code == 422
    assert await told(services, room_id, "chat.rules") == []
    assert (await moderator.client.patch(rules, json={"slow_mode_s": 9})).status_code == 200


async def test_mentions_reach_the_message(
    chat: Chat, services: Services, room_id: UUID, log_in: LogIn
) -> None:
    author, friend = (await log_in()).principal.user_id, (await log_in()).principal.user_id
    first = await chat.post(room_id, friend, message("在"))
    new = message("@朋友 看", reply_to=first.message_id).model_copy(update={"mentions": [friend, author]})
    await chat.post(room_id, author, new)

    [_, second] = await told(services, room_id, "chat.message")
    assert second["mentions"] == [str(friend), str(author)]
