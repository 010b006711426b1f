"""Moderation within the platform: chat is screened, decisions reach rooms, hosts are warned."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from app.chat import service as chat
from app.chat.schemas import ChatMessage
from app.chat.screening import Screened
from app.core.clock import Clock
from app.core.db import Database, Tx, fetch_all
from app.core.http import Services
from app.rooms import heard
from moderation.cases import service as cases
from moderation.cases.schemas import Case
from moderation.findings import Surface
from moderation.policies.service import PastText
from moderation.policy import Action
from moderation.runtime import Moderation
from moderation.speech import Claim, SpokenSegment
from moderation.text import Verdict

_EFFECTS: dict[Action, Literal["allow", "flag", "hold"]] = {
    Action.ALLOW: "allow",
    Action.FLAG: "flag",
    Action.BLOCK: "hold",
}


def open_moderation(services: Services) -> Moderation:
    """The moderation of one process; put it on `app.state.moderation`."""
    return Moderation(services.db, services.clock, RoomEffects(services.clock), SaidAndWritten())


class ChatScreener:
    """An `app.chat.screening.Screener` by the policy in force."""

    def __init__(self, moderation: Moderation) -> None:
        self._moderation = moderation

    async def check(self, text: str, room_id: UUID) -> Screened:
        policy = await self._moderation.policies.current()
        verdict = self._moderation.screen.check(text, Surface.CHAT, room_id=str(room_id), policy=policy)
        return Screened(_EFFECTS[verdict.action], verdict)

    async def open_case(self, tx: Tx, message: ChatMessage, screened: Screened) -> UUID:
        verdict: Verdict = screened.verdict
        return await cases.open_case(
            tx,
            self._moderation.clock,
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
    """A `moderation.cases.effects.CaseEffects`: a chat message appears or goes; what was said stays said."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def released(self, tx: Tx, case: Case, moderator_id: UUID) -> None:
        if case.subject.type == "message":
            await chat.release(tx, UUID(case.subject.id))

    async def upheld(self, tx: Tx, case: Case, moderator_id: UUID) -> None:
        if case.subject.type == "message":
            await chat.uphold(tx, moderator_id, UUID(case.subject.id), self._clock)


class SaidAndWritten:
    """A `moderation.policies.service.PastTexts`: chat, and what was said on air."""

    async def since(self, tx: Tx, since: datetime, limit: int) -> Sequence[PastText]:
        rows = await fetch_all(
            tx,
            """SELECT * FROM (
                 (SELECT 'chat' AS surface, kind AS role, room_id, text, created_at FROM chat_messages
                  WHERE created_at >= %(since)s AND kind IN ('viewer', 'host')
                  ORDER BY id DESC LIMIT %(limit)s)
                 UNION ALL
                 (SELECT 'speech', 'host', room_id, text, created_at FROM transcript_segments
                  WHERE created_at >= %(since)s ORDER BY id DESC LIMIT %(limit)s)
               ) AS said ORDER BY created_at DESC LIMIT %(limit)s""",
            {"since": since, "limit": limit},
        )
        return [
            PastText(Surface(row["surface"]), row["role"], str(row["room_id"]), row["text"]) for row in rows
        ]


class HostCues:
    """A `moderation.speech.watch.HostWarnings`: a cue in the host's studio for each claim."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def warn(self, segment: SpokenSegment, claims: Sequence[Claim]) -> None:
        for claim in claims:
            await heard.cue(
                self._db,
                self._clock,
                segment.room_id,
                "warning.claim",
                product_id=None,
                data=claim.as_json(),
                evidence={
                    "text": segment.text,
                    "segment_id": str(segment.id),
                    "start_s": segment.start_s,
                    "end_s": segment.end_s,
                },
            )
