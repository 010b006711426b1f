"""What the listener heard: captions for everybody, cues for the host, explanation windows for later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.auth import Principal
from app.core.bus import Bus
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Conflict, NotFound
from app.core.events import Event, room_topic, staff_topic
from app.core.ids import new_id
from app.core.outbox import emit
from app.rooms import repository, service
from app.rooms.schemas import Cue
from commerce.promotions import service as promotions

CUES_STAY = timedelta(minutes=10)
_SAID_AGAIN = frozenset(
    {"warning.price", "warning.list_price", "warning.stock"}
    | {"offer.open_link", "offer.countdown", "offer.raffle"}
)
"""Kinds of which only the newest counts for a product; every claim and picture is a matter of its own."""


class CueGone(NotFound):
    code = "cue_gone"
    title = "The cue is no longer open"


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence; times in seconds since the stream began. Partial and final text share the id."""

    id: UUID
    session: str
    text: str
    language: str
    start_s: float
    end_s: float

    def caption(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "text": self.text,
            "language": self.language,
            "start_s": self.start_s,
            "end_s": self.end_s,
        }


async def partial(bus: Bus, room_id: UUID, heard: Heard) -> None:
    """The words so far; shown, not stored."""
    await bus.publish(room_topic(room_id), Event("caption.partial", heard.caption()))


async def final(db: Database, clock: Clock, room_id: UUID, heard: Heard) -> None:
    """The whole sentence: stored, and in place of its partial text. Doing it twice stores it once."""
    async with db.transaction() as tx:
        await repository.add_segment(
            tx,
            segment_id=heard.id,
            room_id=room_id,
            session=heard.session,
            text=heard.text,
            language=heard.language,
            start_s=heard.start_s,
            end_s=heard.end_s,
            now=clock.now(),
        )
        await emit(tx, room_topic(room_id), Event("caption.final", heard.caption()))
        segment = heard.caption() | {"created_at": clock.now().isoformat()}
        await emit(tx, staff_topic(room_id), Event("transcript.segment", segment))


async def explained(
    db: Database,
    clock: Clock,
    room_id: UUID,
    product_id: UUID,
    *,
    start_s: float,
    end_s: float,
    segment_ids: Sequence[UUID],
) -> None:
    """Keep the window in which the host explained a product."""
    async with db.transaction() as tx:
        await repository.add_explanation(
            tx,
            explanation_id=new_id(),
            room_id=room_id,
            product_id=product_id,
            start_s=start_s,
            end_s=end_s,
            segment_ids=segment_ids,
            now=clock.now(),
        )


async def cue(
    db: Database,
    clock: Clock,
    room_id: UUID,
    kind: str,
    *,
    product_id: UUID | None,
    data: dict[str, Any],
    evidence: dict[str, Any],
) -> Cue:
    """Tell the host: `warning.*` (said differs from held) or `offer.*` (an action was announced).

    What says the same of a product again, in `_SAID_AGAIN`, takes the place of the open cue before.
    """
    async with db.transaction() as tx:
        if kind in _SAID_AGAIN:
            for gone in await repository.supersede_cues(tx, room_id, kind, product_id, clock.now()):
                await _announce_closed(tx, room_id, gone, "superseded")
        return await add_cue(tx, clock, room_id, kind, product_id=product_id, data=data, evidence=evidence)


async def add_cue(
    tx: Tx,
    clock: Clock,
    room_id: UUID,
    kind: str,
    *,
    product_id: UUID | None = None,
    data: dict[str, Any],
    evidence: dict[str, Any],
) -> Cue:
    """The same within a transaction."""
    row = await repository.add_cue(
        tx,
        cue_id=new_id(),
        room_id=room_id,
        product_id=product_id,
        kind=kind,
        data=data,
        evidence=evidence,
        now=clock.now(),
    )
    shown = Cue.model_validate(row)
    event = "cue.warning" if kind.startswith("warning.") else "cue.offer"
    await emit(tx, staff_topic(room_id), Event(event, shown.model_dump(mode="json")))
    return shown


async def open_cues(tx: Tx, clock: Clock, room_id: UUID) -> list[Cue]:
    """Those of the last minutes that nobody has decided."""
    rows = await repository.open_cues(tx, room_id, clock.now() - CUES_STAY)
    return [Cue.model_validate(row) for row in rows]


class NothingToApply(Conflict):
    code = "nothing_to_apply"
    title = "This cue only informs"


async def apply_price(db: Database, clock: Clock, user: Principal, room_id: UUID, cue_id: UUID) -> Cue:
    """What the host said is what it costs in this room, from now on; raises CueGone, NothingToApply."""
    async with db.transaction() as tx:
        applied = await decide(tx, clock, user, room_id, cue_id, "applied")
        if applied.kind != "warning.price" or applied.product_id is None:
            raise NothingToApply
        queue = await service.queue(tx, clock, room_id)
        prices = {
            sku.id: applied.data["said"]
            for item in queue
            if item.product.id == applied.product_id
            for sku in item.product.skus
            if sku.price_cents == applied.data["held"]
        }
        await promotions.set_room_prices(tx, room_id, prices)
        await service.announce_queue(tx, clock, room_id)
    return applied


async def decide(tx: Tx, clock: Clock, user: Principal, room_id: UUID, cue_id: UUID, status: str) -> Cue:
    """`applied` or `dismissed`, by the room's host; raises CueGone."""
    service.require_host(user, await service.get(tx, room_id))
    row = await repository.decide_cue(tx, room_id, cue_id, status, clock.now())
    if row is None:
        raise CueGone
    await _announce_closed(tx, room_id, cue_id, status)
    return Cue.model_validate(row)


async def _announce_closed(tx: Tx, room_id: UUID, cue_id: UUID, status: str) -> None:
    await emit(tx, staff_topic(room_id), Event("cue.closed", {"id": str(cue_id), "status": status}))
