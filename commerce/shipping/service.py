"""Handing parcels over, and asking after them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from psycopg.rows import DictRow

from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import VendorError
from app.core.ids import new_id
from app.core.jobs import defer_in
from commerce.errors import CodeTaken, SkuNotFound, TooManyToShip, WrongOrderStatus
from commerce.orders.schemas import OrderLineIn
from commerce.orders.service import OrderBook, left_to_ship
from commerce.shipping import repository
from commerce.shipping.tracking import Parcel, TrackingService

ASK_EVERY = timedelta(hours=6)
ASK_FOR = timedelta(days=30)
OVER = ("delivered", "exception")

log = structlog.get_logger()


class Shipping:
    """Hands parcels over to carriers and follows them."""

    def __init__(self, db: Database, orders: OrderBook, tracking: TrackingService, clock: Clock) -> None:
        self._db = db
        self._orders = orders
        self._tracking = tracking
        self._clock = clock

    async def ship(
        self,
        tx: Tx,
        order: DictRow,
        lines: Sequence[OrderLineIn] | None,
        *,
        carrier: str,
        tracking: str,
        actor: str,
    ) -> DictRow:
        """One parcel of a locked, paid order; without `lines` everything that is left. The order's new row.

        Raises SkuNotFound, TooManyToShip, CodeTaken (a parcel of this number was recorded) or
        WrongOrderStatus.
        """
        now = self._clock.now()
        parcel = _parcel(order, lines)
        row = await self._orders.ship(
            tx, order, parcel, carrier=carrier, tracking=tracking, actor=actor, at=now
        )
        shipment_id = new_id()
        if not await repository.insert(
            tx, shipment_id, order["id"], parcel, carrier=carrier, tracking=tracking, actor=actor, at=now
        ):
            raise CodeTaken(codes=[tracking])
        await _ask_later(tx, shipment_id, now)
        return row

    async def follow(self, shipment_id: UUID) -> None:
        """Ask the carrier, keep what it says, and ask again until the parcel is there or long gone."""
        async with self._db.transaction() as tx:
            shipment = await repository.get(tx, shipment_id)
        if shipment is None or shipment["status"] in OVER:
            return
        parcel = Parcel(shipment["carrier"], shipment["tracking"], shipment["created_at"])
        try:
            events = await self._tracking.track(parcel)
        except VendorError as error:
            log.warning("parcel not tracked", shipment=str(shipment_id), error=str(error))
            events = []
        now = self._clock.now()
        async with self._db.transaction() as tx:
            if events:
                await repository.add_events(
                    tx, shipment_id, [(event.at, event.status, event.place) for event in events]
                )
            over = events and max(events, key=lambda event: event.at).status in OVER
            if not over and now < shipment["created_at"] + ASK_FOR:
                await _ask_later(tx, shipment_id, now)


def _parcel(order: DictRow, lines: Sequence[OrderLineIn] | None) -> dict[int, int]:
    """Units by the order's line."""
    left = left_to_ship(order)
    if lines is None:
        if not left:
            raise WrongOrderStatus("there is nothing left to ship", status=order["status"])
        return left
    positions = {line["sku_id"]: line["position"] for line in order["lines"]}
    parcel: dict[int, int] = {}
    for line in lines:
        position = positions.get(str(line.sku_id))
        if position is None:
            raise SkuNotFound(sku_id=str(line.sku_id))
        parcel[position] = parcel.get(position, 0) + line.quantity
        if parcel[position] > left.get(position, 0):
            raise TooManyToShip(sku_id=str(line.sku_id), left=left.get(position, 0))
    return parcel


async def _ask_later(tx: Tx, shipment_id: UUID, now: datetime) -> None:
    await defer_in(tx, "shipping:track", at=now + ASK_EVERY, shipment_id=str(shipment_id))
