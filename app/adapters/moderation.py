"""Moderation within the platform: decisions and sanctions reach accounts, rooms, products and streams."""

from datetime import datetime
from uuid import UUID

from redis.asyncio import Redis

from app.adapters import name_screening
from app.adapters.past_texts import SaidAndWritten
from app.chat import service as chat
from app.core.clock import Clock
from app.core.db import Tx, fetch_one
from app.core.events import Event, staff_topic, user_topic
from app.core.http import Services
from app.core.outbox import emit
from app.rooms import heard
from app.rooms import service as rooms
from media.control import KEPT_S, StreamControl
from media.engines.base import StreamOrder
from moderation.cases.schemas import Case
from moderation.findings import Surface
from moderation.reports.service import ReportedSubject
from moderation.runtime import Moderation
from moderation.sanctions import repository as sanction_repository
from moderation.sanctions.schemas import Sanction

_STREAM_ADVICE = {
    "stream_muted": ("直播声音已被关闭：{}", "Your stream was muted: {}"),
    "stream_stopped": ("直播已被中断：{}", "Your stream was stopped: {}"),
}


def open_moderation(services: Services) -> Moderation:
    """The moderation of one process; put it on `app.state.moderation`."""
    return Moderation(
        services.db,
        services.clock,
        effects=RoomEffects(services.clock),
        sanctions=PlatformSanctions(services.clock, services.redis),
        reportables=VisibleThings(),
        past=SaidAndWritten(),
    )


class RoomEffects:
    """A `moderation.cases.effects.CaseEffects`: a chat message appears or goes, a name is reset; what was said stays said."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def released(self, tx: Tx, case: Case, moderator_id: UUID) -> None:
        if case.subject.type == "message":
            await chat.release(tx, UUID(case.subject.id))
        elif case.surface == Surface.PROFILE:
            await name_screening.restore(tx, self._clock, case, moderator_id)
        elif case.subject.type == "product" and case.evidence.get("was") == "on_sale":
            await tx.execute(
                "UPDATE products SET status = 'on_sale' WHERE id = %s AND status = 'withdrawn'",
                (UUID(case.subject.id),),
            )

    async def upheld(self, tx: Tx, case: Case, moderator_id: UUID) -> None:
        if case.subject.type == "message":
            await chat.uphold(tx, moderator_id, UUID(case.subject.id), self._clock)
        elif case.surface == Surface.PROFILE:
            await name_screening.reset(tx, self._clock, case, moderator_id)
        elif case.subject.type == "product":
            await tx.execute(
                "UPDATE products SET status = 'withdrawn' WHERE id = %s", (UUID(case.subject.id),)
            )


class PlatformSanctions:
    """A `moderation.sanctions.effects.SanctionEffects`: people are told and leave, products and streams go."""

    def __init__(self, clock: Clock, redis: Redis) -> None:
        self._clock = clock
        self._streams = StreamControl(redis)

    async def imposed(self, tx: Tx, sanction: Sanction, actor_id: UUID | None) -> None:
        match sanction.kind:
            case "product_down":
                await tx.execute(
                    "UPDATE products SET status = 'withdrawn' WHERE id = %s", (sanction.product_id,)
                )
            case "stream_muted" | "stream_stopped":
                await self._stream(tx, sanction)
            case "mute" | "ban":
                await self._tell(tx, sanction, "sanction.imposed")
                if sanction.kind == "ban" and sanction.room_id is None:
                    await tx.execute("DELETE FROM sessions WHERE user_id = %s", (sanction.user_id,))

    async def lifted(self, tx: Tx, sanction: Sanction, actor_id: UUID | None) -> None:
        """A product comes back by its merchant's hand, a show that was ended by its host's."""
        if sanction.kind in ("mute", "ban"):
            await self._tell(tx, sanction, "sanction.lifted")
        elif sanction.kind in ("stream_muted", "stream_stopped") and sanction.room_id is not None:
            await self._order(tx, sanction.room_id)
            await emit(tx, staff_topic(sanction.room_id), Event("stream.freed", {}))

    async def _stream(self, tx: Tx, sanction: Sanction) -> None:
        """For a time: the host may come back after it. For good: the show is over."""
        assert sanction.room_id is not None
        told = {
            "reason": sanction.reason,
            "until": _iso(sanction.expires_at),
            "sanction_id": str(sanction.id),
        }
        event = "stream.muted" if sanction.kind == "stream_muted" else "stream.stopped"
        await emit(tx, staff_topic(sanction.room_id), Event(event, told))
        zh, en = _STREAM_ADVICE[sanction.kind]
        advice = {"zh-CN": zh.format(sanction.reason), "en": en.format(sanction.reason)}
        await heard.add_cue(
            tx,
            self._clock,
            sanction.room_id,
            "warning.stream",
            data=told | {"advice": advice},
            evidence={"text": sanction.reason, "score": 1.0, "rule": sanction.rule},
        )
        if sanction.kind == "stream_stopped" and sanction.expires_at is None:
            await rooms.stop_show(tx, self._clock, sanction.room_id)
        await self._order(tx, sanction.room_id)

    async def _order(self, tx: Tx, room_id: UUID) -> None:
        """Give the media role what all sanctions on the room's stream come to; it ends by itself."""
        now = self._clock.now()
        rows = await sanction_repository.of_stream(tx, room_id, now)
        if not rows:
            await self._streams.lift(str(room_id))
            return
        stops = [row for row in rows if row["kind"] == "stream_stopped"]
        ends = [row["expires_at"] for row in stops or rows]
        left_s = [KEPT_S if end is None else int((end - now).total_seconds()) + 1 for end in ends]
        order = StreamOrder(stopped=bool(stops), muted=not stops, reason=(stops or rows)[0]["reason"])
        await self._streams.give(str(room_id), order, ttl_s=max(left_s))

    async def _tell(self, tx: Tx, sanction: Sanction, event: str) -> None:
        if sanction.user_id is not None:
            shown = sanction.model_dump(
                mode="json", include={"id", "kind", "room_id", "reason", "expires_at"}
            )
            await emit(tx, user_topic(sanction.user_id), Event(event, shown))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


class VisibleThings:
    """A `moderation.reports.service.Reportables`: what a viewer can see and point at."""

    async def find(self, tx: Tx, subject_type: str, subject_id: str) -> ReportedSubject | None:
        query = _REPORTABLE.get(subject_type)
        try:
            key = UUID(subject_id)
        except ValueError:
            return None
        row = await fetch_one(tx, query, {"id": key}) if query else None
        if row is None:
            return None
        return ReportedSubject(Surface(row["surface"]), row["room_id"], row["author_id"], row["text"])


_REPORTABLE = {
    "message": """SELECT 'chat' AS surface, room_id, author_id, text FROM chat_messages
                  WHERE id = %(id)s AND status = 'visible'""",
    "product": """SELECT 'product' AS surface, NULL::uuid AS room_id, NULL::uuid AS author_id,
                    concat_ws(E'\\n', name, nullif(name_en, ''), nullif(description, '')) AS text
                  FROM products WHERE id = %(id)s AND status = 'on_sale'""",
    "user": """SELECT 'profile' AS surface, NULL::uuid AS room_id, id AS author_id, display_name AS text
               FROM users WHERE id = %(id)s""",
    "room": """SELECT 'speech' AS surface, id AS room_id, host_id AS author_id, title AS text
               FROM rooms WHERE id = %(id)s""",
}
