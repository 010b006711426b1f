"""The assistant's words on their way into the chat, and its notes to the moderators."""

from uuid import UUID

from ai.assistant.repository import Asker
from app.chat import service as chat
from app.core.auth import Principal
from app.core.clock import Clock
from app.core.db import Tx
from app.rooms import service as rooms
from moderation.cases import service as cases
from moderation.findings import Category, Finding, Surface
from moderation.policy import Action

ATTACK_SCORE = 0.9


class ChatChannel:
    """An `ai.assistant.desk.AnswerChannel`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def say(self, tx: Tx, asker: Asker, text: str, *, private: bool) -> None:
        await chat.post_assistant(
            tx,
            self._clock,
            asker.room_id,
            text,
            reply_to=asker.message_id,
            recipient_id=asker.viewer_id if private else None,
        )

    async def say_as_staff(self, tx: Tx, asker: Asker, staff_id: UUID, text: str) -> None:
        await chat.post_reply(tx, self._clock, asker.room_id, staff_id, text, reply_to=asker.message_id)


class Staff:
    """An `ai.assistant.endpoints.RoomStaff`."""

    async def may_manage(self, tx: Tx, user: Principal, room_id: UUID) -> bool:
        return rooms.is_staff(user, (await rooms.get(tx, room_id))["host_id"])


class AttackNotes:
    """An `ai.assistant.desk.ModeratorNotes`: a case beside the message, which stays as it is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def attack(self, tx: Tx, asker: Asker, reason: str) -> None:
        finding = Finding(
            Category.ATTACK, ATTACK_SCORE, f"assistant.{reason}", 0, len(asker.text), asker.text
        )
        await cases.open_case(
            tx,
            self._clock,
            surface=Surface.CHAT,
            room_id=asker.room_id,
            subject=("message", str(asker.message_id)),
            author_id=asker.viewer_id,
            text=asker.text,
            findings=[finding],
            action=Action.FLAG,
        )
