"""Which products are on screen: pinned by the host's hand or by what the host said."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.auth import Principal
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import NotFound
from app.core.events import Event, room_topic, staff_topic
from app.core.ids import new_id
from app.core.outbox import emit
from app.rooms import repository, service
from app.rooms.schemas import Pin, Suggestion

MAX_PINS = 3


class NotInQueue(NotFound):
    code = "product_not_in_room"
    title = "This room does not sell that product"


class SuggestionGone(NotFound):
    code = "suggestion_gone"
    title = "The suggestion is no longer open"


async def pin_by_hand(db: Database, clock: Clock, user: Principal, room_id: UUID, product_id: UUID) -> Pin:
    """The host shows one product in place of all others."""
    async with db.transaction() as tx:
        room = await service.lock(tx, room_id)
        service.require_host(user, room)
        return await _show(tx, clock, room, product_id, "host")


async def pin_by_speech(
    db: Database,
    clock: Clock,
    room_id: UUID,
    product_id: UUID,
    evidence: dict[str, Any],
    *,
    replaces: Collection[UUID] | None = None,
) -> Pin | None:
    """What the host presents goes on screen in place of `replaces` (None: of everything else).

    A set stays together, MAX_PINS at the most. `evidence` holds `text`, `score` and `rule`. In a
    room that only wants suggestions one is made instead, and None returned.
    """
    async with db.transaction() as tx:
        room = await service.lock(tx, room_id)
        if room["pin_mode"] == "suggest":
            await _suggest(tx, clock, room_id, product_id, evidence)
            return None
        return await _show(tx, clock, room, product_id, "auto", evidence, replaces)


async def suggest(
    db: Database, clock: Clock, room_id: UUID, product_id: UUID, evidence: dict[str, Any]
) -> None:
    """Offer a pin to the host; one open offer a product."""
    async with db.transaction() as tx:
        await service.lock(tx, room_id)
        await _suggest(tx, clock, room_id, product_id, evidence)


async def accept(db: Database, clock: Clock, user: Principal, room_id: UUID, suggestion_id: UUID) -> Pin:
    """The host takes the offer; raises SuggestionGone."""
    async with db.transaction() as tx:
        room = await service.lock(tx, room_id)
        service.require_host(user, room)
        row = await _decide(tx, clock, room_id, suggestion_id, "accepted")
        return await _show(tx, clock, room, row["product_id"], "auto", row["evidence"])


async def dismiss(db: Database, clock: Clock, user: Principal, room_id: UUID, suggestion_id: UUID) -> None:
    """The host does not want it; raises SuggestionGone."""
    async with db.transaction() as tx:
        service.require_host(user, await service.lock(tx, room_id))
        await _decide(tx, clock, room_id, suggestion_id, "dismissed")


async def unpin(db: Database, clock: Clock, user: Principal, room_id: UUID, product_id: UUID) -> None:
    """Nothing happens where the product is not pinned."""
    async with db.transaction() as tx:
        service.require_host(user, await service.lock(tx, room_id))
        current = await repository.current_pins(tx, room_id)
        await _clear(tx, clock, room_id, [pin for pin in current if pin["product_id"] == product_id], "host")


async def clear_automatic(db: Database, clock: Clock, room_id: UUID, product_ids: Sequence[UUID]) -> None:
    """Take down automatic pins that have been up long enough; the host's own stay."""
    async with db.transaction() as tx:
        await service.lock(tx, room_id)
        current = await repository.current_pins(tx, room_id)
        expired = [pin for pin in current if pin["source"] == "auto" and pin["product_id"] in product_ids]
        await _clear(tx, clock, room_id, expired, "auto")


async def _show(
    tx: Tx,
    clock: Clock,
    room: DictRow,
    product_id: UUID,
    source: str,
    evidence: dict[str, Any] | None = None,
    replaces: Collection[UUID] | None = None,
) -> Pin:
    if room["status"] == "ended":
        raise service.RoomEnded
    if product_id not in {row["product_id"] for row in await repository.queue(tx, room["id"])}:
        raise NotInQueue
    current = await repository.current_pins(tx, room["id"])
    others = [pin for pin in current if pin["product_id"] != product_id]
    staying = [pin for pin in others if replaces is not None and pin["product_id"] not in replaces]
    staying = staying[max(0, len(staying) - (MAX_PINS - 1)) :]
    await _clear(tx, clock, room["id"], [pin for pin in others if pin not in staying], source)
    for pin in current:
        if pin["product_id"] == product_id:
            return Pin.model_validate(pin)
    row = await repository.add_pin(
        tx,
        pin_id=new_id(),
        room_id=room["id"],
        product_id=product_id,
        source=source,
        evidence=evidence,
        now=clock.now(),
    )
    await _announce(tx, room["id"], row)
    return Pin.model_validate(row)


async def _announce(tx: Tx, room_id: UUID, row: DictRow) -> None:
    """Viewers see the pin, the staff also why."""
    pin = Pin.model_validate(row)
    public = pin.model_dump(mode="json", exclude={"evidence"})
    await emit(tx, room_topic(room_id), Event("pin.set", public))
    if pin.evidence:
        await emit(tx, staff_topic(room_id), Event("pin.explained", pin.model_dump(mode="json")))


async def _clear(tx: Tx, clock: Clock, room_id: UUID, pins: Sequence[DictRow], by: str) -> None:
    if not pins:
        return
    await repository.end_pins(tx, [pin["id"] for pin in pins], by, clock.now())
    for pin in pins:
        data = {"pin_id": str(pin["id"]), "product_id": str(pin["product_id"])}
        await emit(tx, room_topic(room_id), Event("pin.cleared", data))


async def _suggest(tx: Tx, clock: Clock, room_id: UUID, product_id: UUID, evidence: dict[str, Any]) -> None:
    if any(pin["product_id"] == product_id for pin in await repository.current_pins(tx, room_id)):
        return
    row = await repository.add_suggestion(
        tx,
        suggestion_id=new_id(),
        room_id=room_id,
        product_id=product_id,
        evidence=evidence,
        now=clock.now(),
    )
    if row is not None:
        data = Suggestion.model_validate(row).model_dump(mode="json")
        await emit(tx, staff_topic(room_id), Event("pin.suggested", data))


async def _decide(tx: Tx, clock: Clock, room_id: UUID, suggestion_id: UUID, status: str) -> DictRow:
    row = await repository.decide_suggestion(tx, room_id, suggestion_id, status, clock.now())
    if row is None:
        raise SuggestionGone
    data = {"id": str(suggestion_id), "status": status}
    await emit(tx, staff_topic(room_id), Event("pin.suggestion_closed", data))
    return row
