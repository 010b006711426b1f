"""Moderation within the platform: chat is screened, decisions reach rooms, hosts are warned."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from app.chat import service as chat
from app.chat.schemas import ChatMessage
from app.chat.screening import Screened
from app.core.clock import Clock
from app.core.db import Database, Tx, fetch_all, fetch_one
from app.core.events import Event, staff_topic, user_topic
from app.core.http import Services
from app.core.outbox import emit
from app.rooms import heard
from app.rooms import service as rooms
from moderation.cases import service as cases
from moderation.cases.schemas import Case
from moderation.findings import Surface
from moderation.policies.service import PastText
from moderation.policy import Action
from moderation.reports.service import ReportedSubject
from moderation.runtime import Moderation
from moderation.sanctions import service as sanctions
from moderation.sanctions.schemas import Sanction, SanctionIn
from moderation.sanctions.service import Standing
from moderation.speech import Claim, SpeechWatch, SpokenSegment
from moderation.text import Verdict

_EFFECTS: dict[Action, Literal["allow", "flag", "hold"]] = {
    Action.ALLOW: "allow",
    Action.FLAG: "flag",
    Action.BLOCK: "hold",
}


STANDING_FOR_S = 3.0
STANDINGS_KEPT = 50_000


def open_moderation(services: Services) -> Moderation:
    """The moderation of one process; put it on `app.state.moderation`."""
    return Moderation(
        services.db,
        services.clock,
        effects=RoomEffects(services.clock),
        sanctions=PlatformSanctions(services.clock),
        reportables=VisibleMessages(),
        past=SaidAndWritten(),
    )


class ChatScreener:
    """An `app.chat.screening.Screener` by the policy in force."""

    def __init__(self, moderation: Moderation) -> None:
        self._moderation = moderation
        self._standings: dict[tuple[UUID, UUID], tuple[float, Standing]] = {}

    async def check(self, text: str, room_id: UUID, author_id: UUID) -> Screened:
        standing = await self._standing(room_id, author_id)
        standing.require_voice()
        if standing.shadow_mute is not None:
            return Screened("shadow")
        policy = await self._moderation.policies.current()
        verdict = self._moderation.screen.check(text, Surface.CHAT, room_id=str(room_id), policy=policy)
        return Screened(_EFFECTS[verdict.action], verdict)

    async def _standing(self, room_id: UUID, author_id: UUID) -> Standing:
        """What holds for the author here, at most `STANDING_FOR_S` old."""
        clock, key = self._moderation.clock, (room_id, author_id)
        known = self._standings.get(key)
        if known is not None and clock.monotonic() - known[0] < STANDING_FOR_S:
            return known[1]
        async with self._moderation.db.transaction() as tx:
            standing = await sanctions.active(tx, clock, author_id, room_id)
        if len(self._standings) >= STANDINGS_KEPT:
            self._standings.clear()
        self._standings[key] = (clock.monotonic(), standing)
        return standing

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


class PlatformSanctions:
    """A `moderation.sanctions.effects.SanctionEffects`: people are told, products and streams go."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def imposed(self, tx: Tx, sanction: Sanction, actor_id: UUID | None) -> None:
        if sanction.kind == "product_down":
            await tx.execute("UPDATE products SET status = 'withdrawn' WHERE id = %s", (sanction.product_id,))
        elif sanction.kind == "stream_stopped" and sanction.room_id is not None:
            await rooms.stop_show(tx, self._clock, sanction.room_id)
        elif sanction.kind != "shadow_mute":
            await self._tell(tx, sanction, "sanction.imposed")

    async def lifted(self, tx: Tx, sanction: Sanction, actor_id: UUID | None) -> None:
        """A product comes back by its merchant's hand, a show by its host's."""
        if sanction.kind in ("mute", "ban"):
            await self._tell(tx, sanction, "sanction.lifted")

    async def _tell(self, tx: Tx, sanction: Sanction, event: str) -> None:
        if sanction.user_id is not None:
            shown = sanction.model_dump(
                mode="json", include={"id", "kind", "room_id", "reason", "expires_at"}
            )
            await emit(tx, user_topic(sanction.user_id), Event(event, shown))


class VisibleMessages:
    """A `moderation.reports.service.Reportables`: what a viewer can see and point at."""

    async def find(self, tx: Tx, subject_type: str, subject_id: str) -> ReportedSubject | None:
        if subject_type != "message":
            return None
        try:
            message_id = UUID(subject_id)
        except ValueError:
            return None
        row = await fetch_one(
            tx,
            "SELECT room_id, author_id, text FROM chat_messages WHERE id = %(id)s AND status = 'visible'",
            {"id": message_id},
        )
        return ReportedSubject(Surface.CHAT, row["room_id"], row["author_id"], row["text"]) if row else None


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
                    "score": claim.finding.score,
                    "rule": claim.finding.detector,
                    "segment_id": str(segment.id),
                    "start_s": segment.start_s,
                    "end_s": segment.end_s,
                },
            )


class RoomStreams:
    """A `moderation.speech.watch.StreamControl`: sanctions by policy, and the host is told."""

    def __init__(self, moderation: Moderation) -> None:
        self._moderation = moderation

    async def mute(self, room_id: UUID, reason: str) -> None:
        """The studio silences the microphone when it hears this; the media role does not."""
        async with self._moderation.db.transaction() as tx:
            await emit(tx, staff_topic(room_id), Event("stream.muted", {"reason": reason}))

    async def stop(self, room_id: UUID, reason: str) -> None:
        form = SanctionIn(kind="stream_stopped", room_id=room_id, rule="policy", reason=reason)
        async with self._moderation.db.transaction() as tx:
            await sanctions.impose(tx, self._moderation.clock, self._moderation.sanctions, None, form)


def speech_watch(services: Services) -> SpeechWatch:
    """What the listener tells every sentence to."""
    moderation = open_moderation(services)
    return SpeechWatch(
        services.db,
        services.clock,
        moderation.screen,
        moderation.policies.current,
        HostCues(services.db, services.clock),
        RoomStreams(moderation),
    )
