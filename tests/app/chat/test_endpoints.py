"""History and deletion over HTTP."""

from uuid import UUID

import httpx

from app.chat.posting import Chat
from app.core.auth import Role
from app.core.events import room_topic
from app.core.http import Services
from app.core.ids import new_id
from tests.app.chat.conftest import message
from tests.conftest import LogIn, User


async def test_history_goes_back_page_by_page(
    chat: Chat, api: httpx.AsyncClient, room_id: UUID, host: User
) -> None:
    for number in range(7):
        await chat.post(room_id, host.principal.user_id, message(f"第 {number} 句"))
    path = f"/api/rooms/{room_id}/messages"
    newest = (await api.get(path, params={"limit": 3})).json()["items"]
    older = (await api.get(path, params={"limit": 3, "before": newest[0]["id"]})).json()["items"]
    assert [item["text"] for item in older + newest] == [f"第 {number} 句" for number in range(1, 7)]


async def test_history_finds_words_as_they_are_typed(
    chat: Chat, api: httpx.AsyncClient, room_id: UUID, host: User
) -> None:
    for text in ("全场 50% 折扣", "全场 500 折扣", "A_b", "Axb"):
        await chat.post(room_id, host.principal.user_id, message(text))

    async def found(words: str) -> list[str]:
        answer = await api.get(f"/api/rooms/{room_id}/messages", params={"q": words})
        return [item["text"] for item in answer.json()["items"]]

    assert await found("50%") == ["全场 50% 折扣"]
    assert await found("a_b") == ["A_b"]


async def test_a_deleted_message_is_gone_everywhere_at_once(
    chat: Chat, services: Services, api: httpx.AsyncClient, room_id: UUID, log_in: LogIn
) -> None:
    author, moderator = await log_in(), await log_in(Role.MODERATOR)
    posted = await chat.post(room_id, author.principal.user_id, message("删掉我"))
    path = f"/api/messages/{posted.message_id}"
    for _ in range(2):
        assert (await moderator.client.delete(path)).status_code == 204

    assert (await api.get(f"/api/rooms/{room_id}/messages")).json() == {"items": []}
    events = [entry.event for entry in await services.bus.read_after(room_topic(room_id), 0)]
    assert [(event.type, event.data) for event in events if event.type != "queue.updated"] == [
        ("chat.deleted", {"message_id": str(posted.message_id)})
    ]


async def test_who_may_not_delete_changes_nothing(
    chat: Chat, api: httpx.AsyncClient, room_id: UUID, log_in: LogIn
) -> None:
    author, stranger, merchant = await log_in(), await log_in(), await log_in(Role.MERCHANT)
    posted = await chat.post(room_id, author.principal.user_id, message())
    path = f"/api/messages/{posted.message_id}"
    answers = [await client.delete(path) for client in (api, stranger.client, merchant.client)]

    assert [answer.status_code for answer in answers] == [401, 403, 403]
    unknown = await author.client.delete(f"/api/messages/{new_id()}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "message_not_found")
    assert len((await api.get(f"/api/rooms/{room_id}/messages")).json()["items"]) == 1


async def test_a_held_message_cannot_be_found_by_deleting_it(
    chat: Chat, room_id: UUID, log_in: LogIn
) -> None:
    author = await log_in()
    posted = await chat.post(room_id, author.principal.user_id, message("加微信聊"))
    answer = await author.client.delete(f"/api/messages/{posted.message_id}")
    assert (posted.status, answer.status_code) == ("held", 404)
