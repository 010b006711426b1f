"""Chat over HTTP: what was said before, and taking something back. Speaking goes over the gateway."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.chat import rules, service
from app.chat.schemas import ChatMessage, ChatRules, ChatRulesChange, History, PinnedMessage
from app.core.http import BusDep, ClockDep, CurrentUser, DatabaseDep, OptionalUser
from app.rooms import service as rooms
from app.rooms.service import is_staff

router = APIRouter(prefix="/api", tags=["chat"])


@router.get("/rooms/{room_id}/messages")
async def room_messages(
    room_id: UUID,
    db: DatabaseDep,
    before: UUID | None = None,
    q: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = service.HISTORY_LIMIT,
) -> History:
    async with db.transaction() as tx:
        return History(items=await service.history(tx, room_id, before=before, words=q, limit=limit))


@router.get("/rooms/{room_id}/chat-rules")
async def chat_rules(room_id: UUID, user: OptionalUser, db: DatabaseDep) -> ChatRules:
    async with db.transaction() as tx:
        found = await rules.get(tx, room_id)
        room = await rooms.get(tx, room_id)
    return found if is_staff(user, room["host_id"]) else found.model_copy(update={"muted_words": []})


@router.patch("/rooms/{room_id}/chat-rules")
async def change_chat_rules(
    room_id: UUID, form: ChatRulesChange, user: CurrentUser, db: DatabaseDep
) -> ChatRules:
    return await rules.change(db, user, room_id, form)


@router.put("/rooms/{room_id}/pinned-message")
async def pin_message(
    room_id: UUID, form: PinnedMessage, user: CurrentUser, db: DatabaseDep
) -> ChatMessage | None:
    return await rules.pin(db, user, room_id, form.message_id)


@router.delete("/messages/{message_id}", status_code=204)
async def delete_message(
    message_id: UUID, user: CurrentUser, db: DatabaseDep, bus: BusDep, clock: ClockDep
) -> None:
    await service.delete(db, bus, clock, user, message_id)
