"""Stock: reserved with the order, sold with the payment, given back when neither comes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx
from app.core.events import Event, room_topic
from app.core.outbox import emit
from commerce.errors import OutOfStock, SkuNotFound, StockTooLow
from commerce.inventory import repository
from commerce.inventory.rooms import ProductRooms


def per_sku(lines: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    """Quantities added up by SKU."""
    totals: dict[UUID, int] = {}
    for sku_id, quantity in lines:
        totals[sku_id] = totals.get(sku_id, 0) + quantity
    return totals


async def reserve(
    tx: Tx,
    rooms: ProductRooms,
    lines: Iterable[tuple[UUID, int]],
    *,
    order_id: UUID,
    actor: str,
    at: datetime,
) -> None:
    """Hold the lines' quantities for an order: all of them, or OutOfStock and none."""
    wanted = per_sku(lines)
    stock = await repository.lock(tx, list(wanted))
    for sku_id, quantity in wanted.items():
        row = stock[sku_id]
        available = row["on_hand"] - row["reserved"]
        if available < quantity:
            raise OutOfStock(sku_id=str(sku_id), available=available)
    deltas = {sku_id: (0, quantity) for sku_id, quantity in wanted.items()}
    await announce(
        tx, rooms, await repository.move(tx, "reserve", deltas, order_id=order_id, actor=actor, at=at)
    )


async def release(
    tx: Tx,
    rooms: ProductRooms,
    lines: Iterable[tuple[UUID, int]],
    *,
    order_id: UUID,
    actor: str,
    at: datetime,
) -> None:
    """Give back what an order held."""
    held = per_sku(lines)
    await repository.lock(tx, list(held))
    deltas = {sku_id: (0, -quantity) for sku_id, quantity in held.items()}
    await announce(
        tx, rooms, await repository.move(tx, "release", deltas, order_id=order_id, actor=actor, at=at)
    )


async def sell(
    tx: Tx, lines: Iterable[tuple[UUID, int]], *, order_id: UUID, actor: str, at: datetime
) -> None:
    """Turn an order's reservation into a sale; what is available stays the same."""
    sold = per_sku(lines)
    await repository.lock(tx, list(sold))
    deltas = {sku_id: (-quantity, -quantity) for sku_id, quantity in sold.items()}
    await repository.move(tx, "sell", deltas, order_id=order_id, actor=actor, at=at)


async def restock(
    tx: Tx,
    rooms: ProductRooms,
    lines: Iterable[tuple[UUID, int]],
    *,
    order_id: UUID,
    actor: str,
    at: datetime,
) -> None:
    """Put returned units back on the shelf."""
    returned = per_sku(lines)
    await repository.lock(tx, list(returned))
    deltas = {sku_id: (quantity, 0) for sku_id, quantity in returned.items()}
    await announce(
        tx, rooms, await repository.move(tx, "restock", deltas, order_id=order_id, actor=actor, at=at)
    )


async def adjust(
    tx: Tx, rooms: ProductRooms, sku_id: UUID, delta: int, *, reason: str, actor: str, at: datetime
) -> DictRow:
    """Change what is on hand; never below what is reserved (StockTooLow). The stock row afterwards."""
    stock = await repository.lock(tx, [sku_id])
    if sku_id not in stock:
        raise SkuNotFound
    available = stock[sku_id]["on_hand"] - stock[sku_id]["reserved"]
    if available + delta < 0:
        raise StockTooLow(available=available)
    kind: repository.Kind = "receive" if delta > 0 else "adjust"
    moved = await repository.move(
        tx, kind, {sku_id: (delta, 0)}, order_id=None, actor=actor, at=at, reason=reason
    )
    await announce(tx, rooms, moved)
    row = await repository.get(tx, sku_id)
    assert row is not None
    return row


async def announce(tx: Tx, rooms: ProductRooms, moved: Sequence[Mapping[str, object]]) -> None:
    """Tell each room that shows one of the products how much is left."""
    product_ids = list({_uuid(row["product_id"]) for row in moved})
    showing = await rooms.showing(tx, product_ids)
    for row in moved:
        product_id = _uuid(row["product_id"])
        for room_id in showing.get(product_id, ()):
            data = {
                "product_id": str(product_id),
                "sku_id": str(row["sku_id"]),
                "available": row["available"],
            }
            await emit(tx, room_topic(room_id), Event("stock.changed", data))


def _uuid(value: object) -> UUID:
    assert isinstance(value, UUID)
    return value
