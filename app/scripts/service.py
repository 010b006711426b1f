"""A script: planned before the show, run step by step, what really happened kept beside it."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from psycopg.rows import DictRow
from pydantic import TypeAdapter

from app.core.auth import Principal
from app.core.db import Tx
from app.core.errors import Conflict, Invalid, NotFound
from app.core.events import Event, staff_topic
from app.core.http import Services
from app.core.ids import new_id
from app.core.outbox import emit
from app.engagement.coupon_drops import service as coupon_drops
from app.engagement.flash_sales import service as flash_sales
from app.engagement.fortune_bags import service as fortune_bags
from app.engagement.polls import service as polls
from app.engagement.red_packets import service as red_packets
from app.rooms import pins
from app.rooms import service as rooms
from app.scripts import repository
from app.scripts.schemas import (
    Draw,
    Moment,
    PlannedCoupons,
    PlannedFlashSale,
    PlannedFortuneBag,
    PlannedPoll,
    PlannedRedPacket,
    Script,
    Step,
    StepIn,
)
from commerce.catalog import service as catalog
from commerce.promotions import service as promotions

_DRAW: TypeAdapter[Draw | None] = TypeAdapter(Draw | None)


class StepNotFound(NotFound):
    code = "step_not_found"
    title = "The script has no such step"


class NotLive(Conflict):
    code = "room_not_live"
    title = "The show has not begun"


async def get(services: Services, user: Principal, room_id: UUID) -> Script:
    """For the room's host and staff; raises RoomNotFound, Forbidden."""
    async with services.db.transaction() as tx:
        room = await rooms.get(tx, room_id)
        rooms.require_staff(user, room)
        return await _script(tx, services, room_id)


async def write(services: Services, user: Principal, room_id: UUID, steps: Sequence[StepIn]) -> Script:
    """The whole script anew; steps keep their ids. Raises UnknownProduct, RoomEnded, Forbidden."""
    known = [step.id for step in steps if step.id is not None]
    if len(set(known)) != len(known):
        raise Invalid("A step stands in the script twice.")
    async with services.db.transaction() as tx:
        await rooms.lock_open(tx, user, room_id)
        ours = {row["id"] for row in await repository.steps(tx, room_id)}
        if not ours.issuperset(known):
            raise StepNotFound
        rows = [
            step.model_dump(mode="json", include={"title", "note", "price_cents", "draw"})
            | {"id": step.id or new_id(), "position": position, "product_id": step.product_id}
            for position, step in enumerate(steps, 1)
        ]
        try:
            await repository.replace(tx, room_id, rows)
        except ForeignKeyViolation:
            raise rooms.UnknownProduct from None
        return await _script(tx, services, room_id)


async def begin(services: Services, user: Principal, room_id: UUID, step_id: UUID) -> Script:
    """Begin a step of a live show: its product goes on screen, at its price; what it gives is given once.

    A step that was begun before is begun again without giving anything. Raises StepNotFound, NotLive,
    RoomEnded, Forbidden, and what pinning or giving raises; the step has begun nevertheless.
    """
    async with services.db.transaction() as tx:
        room = await rooms.lock(tx, room_id)
        rooms.require_host(user, room)
        if room["status"] != "live":
            raise rooms.RoomEnded if room["status"] == "ended" else NotLive
        step = await repository.step(tx, room_id, step_id)
        if step is None:
            raise StepNotFound
        first = not await repository.begun_before(tx, step_id)
        await repository.add_moment(tx, new_id(), step, services.clock.now())
        if step["price_cents"] is not None:
            await _set_price(tx, services, room_id, step)
        shown = {"step_id": str(step_id), "position": step["position"], "title": step["title"]}
        await emit(tx, staff_topic(room_id), Event("script.step", shown))
    if step["product_id"] is not None:
        await pins.pin_by_hand(services.db, services.clock, user, room_id, step["product_id"])
    draw = _DRAW.validate_python(step["draw"])
    if first and draw is not None:
        await _give(services, user, room_id, draw)
    return await get(services, user, room_id)


async def _set_price(tx: Tx, services: Services, room_id: UUID, step: DictRow) -> None:
    [product] = await catalog.get_many(tx, [step["product_id"]])
    await promotions.set_room_prices(tx, room_id, {sku.id: step["price_cents"] for sku in product.skus})
    await rooms.announce_queue(tx, services.clock, room_id)


async def _give(services: Services, user: Principal, room_id: UUID, draw: Draw) -> None:
    db, clock = services.db, services.clock
    match draw:
        case PlannedRedPacket():
            await red_packets.give(db, clock, user, room_id, draw)
        case PlannedFortuneBag():
            await fortune_bags.open_bag(db, clock, user, room_id, draw)
        case PlannedPoll():
            await polls.ask(db, clock, user, room_id, draw)
        case PlannedCoupons():
            await coupon_drops.drop(db, clock, user, room_id, draw)
        case PlannedFlashSale():
            await flash_sales.begin(db, clock, user, room_id, draw)


async def _script(tx: Tx, services: Services, room_id: UUID) -> Script:
    steps = [Step.model_validate(row) for row in await repository.steps(tx, room_id)]
    moments = [
        Moment.model_validate(row) for row in await repository.moments(tx, room_id, services.clock.now())
    ]
    return Script(steps=steps, moments=moments, current_id=moments[-1].step_id if moments else None)
