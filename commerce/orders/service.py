"""What happens to an order after it was placed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx
from app.core.events import Event, staff_topic, user_topic
from app.core.jobs import defer_in
from app.core.outbox import emit
from commerce.errors import OrderNotFound
from commerce.inventory import service as inventory
from commerce.inventory.rooms import ProductRooms
from commerce.orders import repository
from commerce.orders.states import OrderEvent, Status, follow
from commerce.orders.views import present, summary
from commerce.privacy import Vault
from commerce.promotions import repository as promotions

# A buyer who says nothing for so long has received it.
RECEIVED_AFTER = timedelta(days=10)
STAFF_EVENTS = {
    Status.PAID: "order.paid",
    Status.CANCELLED: "order.cancelled",
    Status.EXPIRED: "order.cancelled",
}


class OrderBook:
    """Moves orders along their state machine; each method works in the caller's transaction."""

    def __init__(self, vault: Vault, rooms: ProductRooms) -> None:
        self._vault = vault
        self._rooms = rooms

    async def of_buyer(self, tx: Tx, order_id: UUID, buyer_id: UUID) -> DictRow:
        """The buyer's own order, locked; another buyer's does not exist for them."""
        row = await repository.get_locked(tx, order_id)
        if row is None or row["buyer_id"] != buyer_id:
            raise OrderNotFound
        return row

    async def locked(self, tx: Tx, order_id: UUID) -> DictRow:
        row = await repository.get_locked(tx, order_id)
        if row is None:
            raise OrderNotFound
        return row

    async def move(
        self,
        tx: Tx,
        order: DictRow,
        event: OrderEvent,
        *,
        actor: str,
        at: datetime,
        reason: str = "",
        back_to: Status | None = None,
        **changes: Any,
    ) -> DictRow:
        """Follow `event` from a locked order, say so to its buyer and its room; the order's new row."""
        before = Status(order["status"])
        after = follow(before, event, back_to)
        await repository.set_status(tx, order["id"], after, changes)
        await repository.add_transition(
            tx, order["id"], before, after, event, actor=actor, reason=reason, at=at
        )
        row = await repository.get(tx, order["id"])
        assert row is not None
        await self.tell(tx, row, staff_event=STAFF_EVENTS.get(after) if before != after else None)
        return row

    async def tell(self, tx: Tx, row: DictRow, staff_event: str | None = None) -> None:
        """The buyer always hears of a change; the room's staff where `staff_event` names one."""
        data = present(self._vault, row, masked=True).model_dump(mode="json")
        await emit(tx, user_topic(row["buyer_id"]), Event("order.updated", data))
        if staff_event and row["room_id"]:
            await emit(tx, staff_topic(row["room_id"]), Event(staff_event, summary(row)))

    async def cancel(self, tx: Tx, order: DictRow, *, actor: str, reason: str, at: datetime) -> DictRow:
        """Only while unpaid; the stock goes back."""
        after = await self.move(tx, order, OrderEvent.CANCEL, actor=actor, reason=reason, at=at, closed_at=at)
        await inventory.release(tx, self._rooms, quantities(order), order_id=order["id"], actor=actor, at=at)
        await promotions.release_uses(tx, order["id"])
        return after

    async def expire(self, tx: Tx, order: DictRow, *, at: datetime) -> DictRow:
        """The time to pay is over; the stock goes back."""
        after = await self.move(tx, order, OrderEvent.EXPIRE, actor="system", at=at, closed_at=at)
        await inventory.release(
            tx, self._rooms, quantities(order), order_id=order["id"], actor="system", at=at
        )
        await promotions.release_uses(tx, order["id"])
        return after

    async def pay(self, tx: Tx, order: DictRow, *, actor: str, at: datetime) -> DictRow:
        """An unpaid order is paid in time: its reservation becomes a sale."""
        after = await self.move(tx, order, OrderEvent.PAY, actor=actor, at=at, paid_at=at)
        await inventory.sell(tx, quantities(order), order_id=order["id"], actor=actor, at=at)
        return after

    async def pay_late(self, tx: Tx, order: DictRow, *, actor: str, at: datetime) -> DictRow:
        """An expired order is paid: reserve again, or OutOfStock and nothing changed."""
        lines = quantities(order)
        await inventory.reserve(tx, self._rooms, lines, order_id=order["id"], actor=actor, at=at)
        after = await self.move(
            tx,
            order,
            OrderEvent.PAY_LATE,
            actor=actor,
            at=at,
            reason="paid after expiry",
            paid_at=at,
            closed_at=None,
        )
        await inventory.sell(tx, lines, order_id=order["id"], actor=actor, at=at)
        return after

    async def ship(
        self,
        tx: Tx,
        order: DictRow,
        parcel: Mapping[int, int],
        *,
        carrier: str,
        tracking: str,
        actor: str,
        at: datetime,
    ) -> DictRow:
        """`parcel`: units by line. With the last of them the order is shipped, before that it stays paid."""
        await repository.add_shipped(tx, order["id"], parcel)
        fields: dict[str, Any] = {"carrier": carrier, "tracking": tracking}
        waiting = left_to_ship(order)
        if any(units > parcel.get(position, 0) for position, units in waiting.items()):
            return await self.move(
                tx, order, OrderEvent.SHIP_PART, actor=actor, at=at, reason=f"{carrier} {tracking}", **fields
            )
        await self.receive_later(tx, order["id"], at)
        return await self.move(tx, order, OrderEvent.SHIP, actor=actor, at=at, shipped_at=at, **fields)

    async def receive_later(self, tx: Tx, order_id: UUID, at: datetime) -> None:
        await defer_in(tx, "orders:receive", at=at + RECEIVED_AFTER, order_id=str(order_id))

    async def receive(self, tx: Tx, order: DictRow, *, actor: str, at: datetime) -> DictRow:
        return await self.move(tx, order, OrderEvent.RECEIVE, actor=actor, at=at, completed_at=at)


def left_to_ship(order: DictRow) -> dict[int, int]:
    """Units by position that are neither shipped nor refunded; lines with none are left out."""
    left = {
        line["position"]: line["quantity"] - line["refunded_quantity"] - line["shipped_quantity"]
        for line in order["lines"]
    }
    return {position: units for position, units in left.items() if units > 0}


def partly_shipped(order: DictRow) -> bool:
    return any(line["shipped_quantity"] for line in order["lines"])


def quantities(order: DictRow) -> list[tuple[UUID, int]]:
    """(SKU, quantity) of each line."""
    return [(UUID(line["sku_id"]), line["quantity"]) for line in order["lines"]]
