"""What a room has sold, for its host."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from app.core.auth import Principal
from app.core.db import Database, fetch_all
from app.rooms import service
from commerce.orders import repository as orders
from commerce.orders.views import summary

SHOWN = 100


class Buyer(BaseModel):
    display_name: str


class SoldLine(BaseModel):
    sku_id: UUID
    product_id: UUID
    product_name: str
    sku_name: str
    quantity: int
    total_cents: int


class OrderSummary(BaseModel):
    """An order without anything that says where its buyer lives."""

    id: UUID
    number: str
    status: str
    total_cents: int
    currency: str
    room_id: UUID | None
    created_at: datetime
    buyer: Buyer
    lines: list[SoldLine]


async def newest_orders(db: Database, user: Principal, room_id: UUID) -> list[OrderSummary]:
    """The newest orders as the events `order.*` tell of them; raises RoomNotFound, Forbidden."""
    async with db.transaction() as tx:
        service.require_staff(user, await service.get(tx, room_id))
        rows = await fetch_all(
            tx,
            """SELECT id FROM orders WHERE room_id = %(room)s ORDER BY created_at DESC, id DESC
               LIMIT %(limit)s""",
            {"room": room_id, "limit": SHOWN},
        )
        found = {row["id"]: row for row in await orders.get_many(tx, [row["id"] for row in rows])}
    return [OrderSummary.model_validate(summary(found[row["id"]])) for row in rows]
