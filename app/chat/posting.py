"""From a viewer's message to everybody's screen: checked, screened, stored in micro-batches, published."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

import structlog

from app.chat import repository
from app.chat.limits import ChatPace
from app.chat.members import Directory, RoomRules
from app.chat.questions import ask_assistant
from app.chat.repository import NewRow
from app.chat.schemas import Author, ChatMessage, NewMessage, Posted
from app.chat.screening import Screened, Screener
from app.chat.text import clean
from app.core.background import stop
from app.core.batcher import Batcher
from app.core.bus import Bus
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Conflict, Forbidden
from app.core.events import Event, room_topic, staff_topic, user_topic
from app.core.ids import new_id
from app.core.outbox import emit

log = structlog.get_logger()


class ChatClosed(Conflict):
    code = "room_ended"
    title = "This show is over"


class MutedWord(Forbidden):
    code = "muted_word"
    title = "The host does not allow this word here"


class NotInvited(Forbidden):
    """`audience` in `extra` says who may write."""

    code = "not_invited"
    title = "Only some may write here"


@dataclass(frozen=True, slots=True)
class _Draft:
    """A checked message that waits to be stored; `written`: its text before anything was masked."""

    message: ChatMessage
    screened: Screened
    written: str


class Chat:
    """Posts messages; everything that waits while a transaction runs goes into the next one."""

    def __init__(
        self, db: Database, bus: Bus, clock: Clock, screener: Screener, pace: ChatPace, directory: Directory
    ) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._screener = screener
        self._pace = pace
        self._directory = directory
        self._batcher: Batcher[_Draft, Posted] = Batcher(self._store)
        self._second_looks: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, db: Database, bus: Bus, clock: Clock, screener: Screener, pace: ChatPace | None = None
    ) -> AsyncIterator[Self]:
        """Run the writer while the block lasts; what waits at its end is still stored."""
        chat = cls(db, bus, clock, screener, pace or ChatPace(bus.redis), Directory(db, clock))
        try:
            async with chat._batcher:
                yield chat
        finally:
            await stop(chat._second_looks)

    async def post(self, room_id: UUID, author_id: UUID, new: NewMessage, *, staff: bool = False) -> Posted:
        """Post `new` by `author_id`; `staff` is exempt from limits.

        Raises EmptyMessage, MessageTooLong, RateLimited, Busy, ChatClosed, MutedWord,
        NotFound.
        """
        text = clean(new.text)
        rules = await self._directory.rules(room_id)
        host = author_id == rules.host_id
        if rules.status == "ended":
            raise ChatClosed
        if not (staff or host):
            _check_words(text, rules)
            if not await self._directory.may_write(rules, author_id):
                raise NotInvited(audience=rules.audience)
            await self._pace.take(room_id, author_id, rules.slow_mode_s)
        author = Author(id=author_id, display_name=await self._directory.name(author_id))
        message = ChatMessage(
            id=new_id(),
            room_id=room_id,
            kind="host" if host else "viewer",
            author=author,
            text=text,
            reply_to=new.reply_to,
            mentions=new.mentions,
            created_at=self._clock.now(),
            client_id=new.client_id,
        )
        screened = await self._screener.check(text, room_id, author_id, role="host" if host else "viewer")
        if screened.masked is not None:
            message = message.model_copy(update={"text": screened.masked})
        return await self._batcher.submit(_Draft(message, screened, text))

    async def _store(self, drafts: Sequence[_Draft]) -> list[Posted]:
        async with self._db.transaction() as tx:
            drafts = await _resolve_replies(tx, drafts)
            new_ids = await repository.add(
                tx, [NewRow(draft.message, _status(draft.screened)) for draft in drafts]
            )
            fresh = [draft for draft in drafts if draft.message.id in new_ids]
            for draft in fresh:
                if draft.screened.effect in ("flag", "hold"):
                    await self._follow_up(tx, draft)
            repeated = await repository.sent_before(
                tx, [_key(draft) for draft in drafts if draft.message.id not in new_ids]
            )
        visible = [draft.message for draft in fresh if draft.screened.effect in ("allow", "flag")]
        again = [repository.as_message(row) for row in repeated.values() if row["status"] == "visible"]
        await self._publish(visible + again)
        await ask_assistant(self._bus.redis, visible)
        for draft in fresh:
            if draft.screened.more_to_come and draft.screened.effect in ("allow", "flag"):
                task = asyncio.create_task(self._looked_again(draft))
                self._second_looks.add(task)
                task.add_done_callback(self._second_looks.discard)
        return [
            Posted(status="held" if draft.screened.effect == "hold" else "sent", message_id=draft.message.id)
            if draft.message.id in new_ids
            else _posted_before(repeated[_key(draft)]["status"], repeated[_key(draft)]["id"])
            for draft in drafts
        ]

    async def _follow_up(self, tx: Tx, draft: _Draft) -> None:
        message = draft.message
        written = message.model_copy(update={"text": draft.written})
        case_id = await self._screener.follow_up(tx, written, draft.screened)
        if draft.screened.effect == "hold":
            if case_id is not None:
                held = {"case_id": str(case_id), "message": message.model_dump(mode="json")}
                await emit(tx, staff_topic(message.room_id), Event("chat.held", held))
            assert message.author.id is not None
            told = Event("chat.held", {"message_id": str(message.id), "client_id": str(message.client_id)})
            await emit(tx, user_topic(message.author.id), told)

    async def settled(self) -> None:
        """Wait until all that is out so far has had its second look."""
        if self._second_looks:
            await asyncio.wait(self._second_looks)

    async def _looked_again(self, draft: _Draft) -> None:
        try:
            await self._look_again(draft)
        except Exception:
            log.exception("a message had no second look", message_id=str(draft.message.id))

    async def _look_again(self, draft: _Draft) -> None:
        """Withdraw a message that is out, or let follow what follows, once the slow readings are done."""
        message = draft.message
        screened = await self._screener.second_look(message, draft.screened)
        if screened is None:
            return
        async with self._db.transaction() as tx:
            row = await repository.lock(tx, message.id)
            if row is None or row["status"] != "visible":
                return
            if screened.effect == "hold":
                await repository.set_status(tx, message.id, "held")
                gone = Event("chat.deleted", {"message_id": str(message.id)})
                await emit(tx, room_topic(message.room_id), gone)
            await self._follow_up(tx, replace(draft, screened=screened))
        if screened.effect == "hold":
            await self._bus.retract(room_topic(message.room_id), message.id)

    async def _publish(self, messages: Sequence[ChatMessage]) -> None:
        """An event has its message's id: publishing it again changes nothing."""
        if messages:
            await self._bus.publish_many(
                [(room_topic(message.room_id), message_event(message)) for message in messages]
            )


def message_event(message: ChatMessage) -> Event:
    return Event("chat.message", message.model_dump(mode="json"), message.id, message.created_at)


def _check_words(text: str, rules: RoomRules) -> None:
    folded = text.casefold()
    if any(word in folded for word in rules.muted_words):
        raise MutedWord


async def _resolve_replies(tx: Tx, drafts: Sequence[_Draft]) -> list[_Draft]:
    """Replies to what nobody can see become plain messages; the others mention whom they answer."""
    asked = [draft.message.reply_to for draft in drafts if draft.message.reply_to]
    found = await repository.answerable(tx, asked) if asked else {}
    resolved = []
    for draft in drafts:
        message = draft.message
        if message.reply_to:
            answered = found.get(message.reply_to)
            known = answered is not None and answered["room_id"] == message.room_id
            author_id = answered["author_id"] if answered and known else None
            named = [*message.mentions, author_id] if author_id else message.mentions
            changes = {
                "reply_to": message.reply_to if known else None,
                "mentions": list(dict.fromkeys(named)),
            }
            draft = replace(draft, message=message.model_copy(update=changes))
        resolved.append(draft)
    return resolved


def _key(draft: _Draft) -> tuple[UUID, UUID]:
    assert draft.message.author.id is not None
    return draft.message.author.id, draft.message.client_id


def _status(screened: Screened) -> repository.Status:
    match screened.effect:
        case "hold":
            return "held"
        case "shadow":
            return "rejected"
        case _:
            return "visible"


def _posted_before(status: repository.Status, message_id: UUID) -> Posted:
    return Posted(status="held" if status == "held" else "sent", message_id=message_id)
