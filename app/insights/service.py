"""Collects what the audience did, off the way of every purchase, and tells the host what it means."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.auth import Principal
from app.core.batcher import Batcher
from app.core.clock import Clock
from app.core.db import Database
from app.core.errors import Invalid
from app.insights import repository
from app.insights.repository import Row
from app.insights.schemas import (
    Activity,
    Funnel,
    Insights,
    Mark,
    ProductReach,
    ReportedEvents,
    Sample,
    WindowReach,
)
from app.rooms import service as rooms

CLOCKS_APART = timedelta(minutes=10)
BUCKET_S = 15
CURRENCY = "CNY"


class Collector:
    """Stores reports in micro-batches; when too many wait, new ones are refused (Busy) and lost."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._reports: Batcher[Sequence[Row], None] = Batcher(self._store)

    async def collect(self, room_id: UUID, user: Principal | None, report: ReportedEvents) -> None:
        """Raises Invalid where an event's time is not about now, Busy."""
        now = self._clock.now()
        if any(abs(event.at - now) > CLOCKS_APART for event in report.events):
            raise Invalid("An event's time is too far from now.")
        subject = str(user.user_id) if user else f"visitor-{report.visitor}"
        await self._reports.submit([Row(room_id, subject, event) for event in report.events])

    async def _store(self, reports: Sequence[Sequence[Row]]) -> list[None]:
        async with self._db.transaction() as tx:
            await repository.add(tx, [row for rows in reports for row in rows])
        return [None] * len(reports)


async def get(db: Database, clock: Clock, user: Principal, room_id: UUID) -> Insights:
    """The room's figures as they stand, for its host and staff; raises RoomNotFound, Forbidden."""
    async with db.transaction() as tx:
        room = await rooms.get(tx, room_id)
        rooms.require_staff(user, room)
        windows = await repository.windows(tx, room_id, clock.now())
        products = await repository.products(tx, room_id)
        trend = [Sample(**row) for row in await repository.trend(tx, room_id)]
        asked = _questions(windows)
        people = await repository.people(tx, room_id)
        return Insights(
            status=room["status"],
            started_at=room["started_at"],
            ended_at=room["ended_at"],
            currency=CURRENCY,
            funnel=Funnel(**await repository.funnel(tx, room_id)),
            products=[
                ProductReach(**_rated(row | {"questions": asked.get(row["product_id"], 0)}))
                for row in products
            ],
            windows=[WindowReach(**_rated(row)) for row in windows],
            trend=trend,
            activity=[Activity(**row) for row in await repository.activity(tx, room_id, BUCKET_S)],
            marks=[Mark(**row) for row in await repository.marks(tx, room_id)],
            people=people,
            sources=await repository.sources(tx, room_id),
            peak_viewers=max((sample.viewers for sample in trend), default=0),
            average_viewers=round(sum(s.viewers for s in trend) / len(trend), 1) if trend else 0.0,
            average_watch_s=round(sum(s.viewers for s in trend) * BUCKET_S / people, 1) if people else 0.0,
        )


def _questions(windows: Sequence[DictRow]) -> dict[UUID, int]:
    totals: dict[UUID, int] = {}
    for row in windows:
        totals[row["product_id"]] = totals.get(row["product_id"], 0) + row["questions"]
    return totals


def _rated(row: DictRow) -> dict[str, Any]:
    viewers = row["viewers"]
    return row | {
        "click_through": round(row["clicks"] / viewers, 4) if viewers else 0.0,
        "conversion": round(row["orders"] / viewers, 4) if viewers else 0.0,
    }
