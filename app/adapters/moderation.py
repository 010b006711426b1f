"""Moderation within the platform: it judges chat before anyone sees it, and its decisions reach the rooms."""

from functools import cache
from uuid import UUID

from app.chat import service as chat
from app.chat.schemas import ChatMessage
from app.chat.screening import Screened
from app.core.clock import Clock
from app.core.db import Tx
from app.core.http import Services
from moderation.cases import service as cases
from moderation.cases.schemas import Case
from moderation.findings import Surface
from moderation.policy import Action
from moderation.runtime import Moderation
from moderation.text import Screen, Verdict


class ChatScreener:
    """An `app.chat.screening.Screener` by moderation's text layers."""

    def __init__(self, screen: Screen, clock: Clock) -> None:
        self._screen = screen
        self._clock = clock

    async def check(self, text: str, room_id: UUID) -> Screened:
        verdict = self._screen.check(text, Surface.CHAT)
        match verdict.action:
            case Action.BLOCK:
                return Screened("hold", verdict)
            case Action.FLAG:
                return Screened("flag", verdict)
            case Action.ALLOW:
                return Screened("allow")

    async def open_case(self, tx: Tx, message: ChatMessage, screened: Screened) -> UUID:
        verdict: Verdict = screened.verdict
        return await cases.open_case(
            tx,
            self._clock,
            surface=Surface.CHAT,
            room_id=message.room_id,
            subject=("message", str(message.id)),
            author_id=message.author.id,
            text=message.text,
            findings=verdict.findings,
            action=verdict.action,
            policy_version=verdict.policy_version,
        )


class RoomEffects:
    """A `moderation.cases.effects.CaseEffects`: what a decision changes in the chat."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def released(self, tx: Tx, case: Case, moderator_id: UUID) -> None:
        if case.subject.type == "message":
            await chat.release(tx, UUID(case.subject.id))

    async def upheld(self, tx: Tx, case: Case, moderator_id: UUID) -> None:
        if case.subject.type == "message":
            await chat.uphold(tx, moderator_id, UUID(case.subject.id), self._clock)


@cache
def text_screen() -> Screen:
    """The process's one screen: building it takes a second."""
    return Screen()


def open_moderation(services: Services) -> Moderation:
    """Moderation of one process; put it on `app.state.moderation`."""
    return Moderation(
        db=services.db, clock=services.clock, effects=RoomEffects(services.clock), screen=text_screen()
    )
