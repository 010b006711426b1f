"""A room's messages once they exist: history, deletion, a moderator's decision, the assistant's answers."""

from dataclasses import replace
from uuid import UUID, uuid5

from app.chat import repository
from app.chat.posting import message_event
from app.chat.repository import NewRow
from app.chat.schemas import Author, ChatMessage
from app.core.auth import Principal, Role
from app.core.bus import Bus
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Forbidden, NotFound
from app.core.events import Event, room_topic, user_topic
from app.core.ids import new_id
from app.core.outbox import emit

HISTORY_LIMIT = 50


class MessageNotFound(NotFound):
    code = "message_not_found"
    title = "There is no such message"


async def history(
    tx: Tx, room_id: UUID, *, before: UUID | None = None, words: str | None = None, limit: int = HISTORY_LIMIT
) -> list[ChatMessage]:
    """The newest `limit` messages (older than `before`, holding `words`), oldest first."""
    return await repository.history(tx, room_id, before=before, words=words, limit=limit)


async def delete(db: Database, bus: Bus, clock: Clock, user: Principal, message_id: UUID) -> None:
    """Take a message off every screen and out of history; its author, the room's host and moderators may.

    Deleting again changes nothing. Raises MessageNotFound, Forbidden.
    """
    async with db.transaction() as tx:
        row = await repository.lock(tx, message_id)
        if row is None or row["status"] in ("held", "rejected"):
            raise MessageNotFound
        if user.user_id not in (row["author_id"], row["host_id"]) and not user.has(Role.MODERATOR):
            raise Forbidden
        if row["status"] == "deleted":
            return
        await repository.mark_deleted(tx, message_id, user.user_id, clock.now())
        await emit(tx, room_topic(row["room_id"]), Event("chat.deleted", {"message_id": str(message_id)}))
    for event_id in (message_id, _released(message_id)):
        await bus.retract(room_topic(row["room_id"]), event_id)


def _released(message_id: UUID) -> UUID:
    """The event's id: a message that was withdrawn has been published by its own id before."""
    return uuid5(message_id, "released")


async def release(tx: Tx, message_id: UUID) -> None:
    """A moderator lets a held message through: everybody sees it now. Otherwise nothing changes."""
    row = await repository.lock(tx, message_id)
    if row is None or row["status"] != "held":
        return
    await repository.set_status(tx, message_id, "visible")
    event = message_event(repository.as_message(row))
    await emit(tx, room_topic(row["room_id"]), replace(event, id=_released(message_id)))


async def uphold(tx: Tx, moderator_id: UUID, message_id: UUID, clock: Clock) -> None:
    """A moderator upholds a case: what was held stays unseen, what was seen goes from every screen."""
    row = await repository.lock(tx, message_id)
    if row is None or row["status"] in ("rejected", "deleted"):
        return
    if row["status"] == "held":
        await repository.set_status(tx, message_id, "rejected")
        return
    await repository.mark_deleted(tx, message_id, moderator_id, clock.now())
    await emit(tx, room_topic(row["room_id"]), Event("chat.deleted", {"message_id": str(message_id)}))


async def post_reply(
    tx: Tx, clock: Clock, room_id: UUID, author_id: UUID, text: str, *, reply_to: UUID
) -> ChatMessage:
    """The answer of one of the staff to a viewer's message, for everybody to see. Raises MessageNotFound."""
    answered = (await repository.answerable(tx, [reply_to])).get(reply_to)
    name = await repository.author_name(tx, author_id)
    if answered is None or name is None:
        raise MessageNotFound
    rules = await repository.room_rules(tx, room_id)
    message = ChatMessage(
        id=new_id(),
        room_id=room_id,
        kind="host" if rules and rules["host_id"] == author_id else "system",
        author=Author(id=author_id, display_name=name),
        text=text,
        reply_to=reply_to,
        mentions=[answered["author_id"]] if answered["author_id"] else [],
        created_at=clock.now(),
        client_id=new_id(),
    )
    await repository.add(tx, [NewRow(message, "visible")])
    await emit(tx, room_topic(room_id), message_event(message))
    return message


async def post_assistant(
    tx: Tx, clock: Clock, room_id: UUID, text: str, *, reply_to: UUID | None, recipient_id: UUID | None = None
) -> ChatMessage:
    """The assistant's answer, to everybody (`chat.message`) or to `recipient_id` alone (`chat.answer`).

    One answer to a message: a second one in its place is not sent, and the first is returned.
    """
    answered = (await repository.answerable(tx, [reply_to])).get(reply_to) if reply_to else None
    asker_id = answered["author_id"] if answered else None
    message = ChatMessage(
        id=new_id(),
        room_id=room_id,
        kind="assistant",
        author=Author(id=None, display_name=repository.HOUSE),
        text=text,
        reply_to=reply_to if answered else None,
        mentions=[asker_id] if asker_id else [],
        created_at=clock.now(),
        client_id=reply_to or new_id(),
    )
    if not await repository.add(tx, [NewRow(message, "visible", recipient_id)]):
        stored = await repository.assistant_answer(tx, message.client_id)
        assert stored is not None
        return stored
    event = message_event(message)
    if recipient_id is None:
        await emit(tx, room_topic(room_id), event)
    else:
        await emit(tx, user_topic(recipient_id), Event("chat.answer", event.data, event.id, event.at))
    return message
