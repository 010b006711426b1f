"""What becomes of an outcome: sent, stored with its trace, or put into the hand-over inbox."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from ai.assistant import repository
from ai.assistant.graph import TAINTED
from ai.assistant.models import Answer, Handoff, Outcome, Refusal, Silence
from ai.assistant.repository import Asker
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Conflict, NotFound
from app.core.events import Event, staff_topic
from app.core.ids import new_id
from app.core.outbox import emit


class HandoverNotFound(NotFound):
    code = "handover_not_found"
    title = "No such question is waiting"


class HandoverClosed(Conflict):
    code = "handover_closed"
    title = "Somebody has dealt with this question already"


class QuestionNotFound(NotFound):
    code = "question_not_found"
    title = "The assistant did not deal with such a message"


class AnswerChannel(Protocol):
    """How words get to viewers: the chat. Both are told once per `asker.message_id`."""

    async def say(self, tx: Tx, asker: Asker, text: str, *, private: bool) -> None:
        """The assistant's words, as a reply to the asker's message."""
        ...

    async def say_as_staff(self, tx: Tx, asker: Asker, staff_id: UUID, text: str) -> None:
        """A person's reply to the asker's message, in their own name."""
        ...


@dataclass
class MemoryChannel:
    """Keeps what was said, for tests: (message id, text, private, staff id)."""

    said: list[tuple[UUID, str, bool, UUID | None]] = field(default_factory=list)

    async def say(self, tx: Tx, asker: Asker, text: str, *, private: bool) -> None:
        self.said.append((asker.message_id, text, private, None))

    async def say_as_staff(self, tx: Tx, asker: Asker, staff_id: UUID, text: str) -> None:
        self.said.append((asker.message_id, text, False, staff_id))


class ModeratorNotes(Protocol):
    async def attack(self, tx: Tx, asker: Asker, reason: str) -> None:
        """A note to the moderators: somebody tried to turn the assistant."""
        ...


@dataclass
class MemoryNotes:
    """Keeps the notes, for tests: (message id, reason)."""

    attacks: list[tuple[UUID, str]] = field(default_factory=list)

    async def attack(self, tx: Tx, asker: Asker, reason: str) -> None:
        self.attacks.append((asker.message_id, reason))


class Desk:
    """The `ai.assistant.worker.Sink` of the platform."""

    def __init__(self, db: Database, clock: Clock, channel: AnswerChannel, notes: ModeratorNotes) -> None:
        self._db = db
        self._clock = clock
        self._channel = channel
        self._notes = notes

    async def deliver(self, asker: Asker, outcome: Outcome) -> None:
        if isinstance(outcome, Silence):
            return
        async with self._db.transaction() as tx:
            if isinstance(outcome, Answer) and await repository.mode(tx, asker.room_id) == "suggest":
                outcome = Handoff(
                    text="",
                    language=outcome.language,
                    reason="suggest_only",
                    suggestion=outcome.text,
                    product_id=outcome.product_id,
                    trace=outcome.trace,
                )
            if not await repository.record(tx, asker, outcome, self._clock.now()):
                return
            if outcome.text:
                await self._channel.say(tx, asker, outcome.text, private=outcome.private)
            if isinstance(outcome, Handoff):
                await self._hand_over(tx, asker, outcome)
                if outcome.reason == TAINTED:
                    await self._notes.attack(tx, asker, outcome.reason)
            elif isinstance(outcome, Refusal) and outcome.attack:
                await self._notes.attack(tx, asker, outcome.reason)

    async def _hand_over(self, tx: Tx, asker: Asker, handoff: Handoff) -> None:
        handover_id, at = new_id(), self._clock.now()
        await repository.add_handover(tx, handover_id, asker, handoff.suggestion, at)
        data = {
            "id": str(handover_id),
            "message_id": str(asker.message_id),
            "room_id": str(asker.room_id),
            "viewer": {"id": _text(asker.viewer_id), "display_name": asker.viewer_name},
            "text": asker.text,
            "reason": handoff.reason,
            "suggestion": handoff.suggestion,
            "product_id": handoff.product_id,
            "created_at": at.isoformat(),
        }
        await emit(tx, staff_topic(asker.room_id), Event("assistant.handover", data))


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


async def reply(
    tx: Tx, channel: AnswerChannel, handover_id: UUID, staff_id: UUID, text: str, at: datetime
) -> dict[str, Any]:
    """A person answers; raises HandoverNotFound, HandoverClosed."""
    row = await open_handover(tx, handover_id)
    asker = Asker(row["message_id"], row["room_id"], row["viewer_id"], row["viewer_name"], row["text"])
    await channel.say_as_staff(tx, asker, staff_id, text)
    await repository.close_handover(tx, handover_id, "answered", text, staff_id, at)
    return {**row, "status": "answered", "reply": text, "closed_at": at}


async def dismiss(tx: Tx, handover_id: UUID, staff_id: UUID, at: datetime) -> dict[str, Any]:
    """Nobody needs to answer this one; raises HandoverNotFound, HandoverClosed."""
    row = await open_handover(tx, handover_id)
    await repository.close_handover(tx, handover_id, "dismissed", None, staff_id, at)
    return {**row, "status": "dismissed", "closed_at": at}


async def open_handover(tx: Tx, handover_id: UUID) -> dict[str, Any]:
    row = await repository.handover(tx, handover_id)
    if row is None:
        raise HandoverNotFound
    if row["status"] != "open":
        raise HandoverClosed
    return row
