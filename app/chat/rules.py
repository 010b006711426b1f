"""What the host allows in a room's chat, and the message that the host has pinned to its top."""

from uuid import UUID

from app.chat import repository
from app.chat.schemas import ChatMessage, ChatRules, ChatRulesChange
from app.chat.service import MessageNotFound
from app.core.auth import Principal, Role
from app.core.db import Database, Tx
from app.core.errors import Forbidden
from app.core.events import Event, room_topic
from app.core.outbox import emit
from app.rooms import service as rooms


async def get(tx: Tx, room_id: UUID) -> ChatRules:
    """The room's rules and pinned message; raises RoomNotFound."""
    row = await repository.room_rules(tx, room_id)
    if row is None:
        raise rooms.RoomNotFound
    pinned = await repository.visible(tx, row["pinned_message_id"]) if row["pinned_message_id"] else None
    return ChatRules(
        slow_mode_s=row["slow_mode_s"],
        audience=row["audience"],
        muted_words=row["muted_words"],
        pinned=pinned,
    )


async def change(db: Database, user: Principal, room_id: UUID, form: ChatRulesChange) -> ChatRules:
    """Change what was sent; the host and moderators may. Everybody is told, but not the muted words."""
    async with db.transaction() as tx:
        await _require(tx, user, room_id)
        before = await get(tx, room_id)
        rules = before.model_copy(update=form.model_dump(exclude_none=True))
        await repository.set_rules(
            tx,
            room_id,
            slow_mode_s=rules.slow_mode_s,
            audience=rules.audience,
            muted_words=rules.muted_words,
        )
        shown = {"slow_mode_s": rules.slow_mode_s, "audience": rules.audience}
        await emit(tx, room_topic(room_id), Event("chat.rules", shown))
    return rules


async def pin(db: Database, user: Principal, room_id: UUID, message_id: UUID | None) -> ChatMessage | None:
    """Pin a visible message of the room, or none; raises MessageNotFound."""
    async with db.transaction() as tx:
        await _require(tx, user, room_id)
        message = await repository.visible(tx, message_id) if message_id else None
        if message_id and (message is None or message.room_id != room_id):
            raise MessageNotFound
        await repository.set_pinned(tx, room_id, message_id)
        shown = {"message": message.model_dump(mode="json") if message else None}
        await emit(tx, room_topic(room_id), Event("chat.pinned", shown))
    return message


async def _require(tx: Tx, user: Principal, room_id: UUID) -> None:
    """The room is held until the transaction ends, so that changes come one after the other."""
    room = await rooms.lock(tx, room_id)
    if room["host_id"] != user.user_id and not user.has(Role.MODERATOR):
        raise Forbidden
