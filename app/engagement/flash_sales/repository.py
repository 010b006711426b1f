"""Flash sales as rooms show them, in SQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one

SHOWN_AFTER = timedelta(minutes=2)
"""So long one that is over is still shown."""

_SALE = """
SELECT f.id, f.room_id, f.sku_id, k.product_id, products.name, products.name_en, f.price_cents,
       k.price_cents AS sale_price_cents, k.currency, f.quantity, greatest(f.quantity - f.sold, 0) AS left,
       f.per_buyer, f.starts_at, f.ends_at
FROM flash_sales f JOIN skus k ON k.id = f.sku_id JOIN products ON products.id = k.product_id
"""


async def sku_of_room(tx: Tx, room_id: UUID, sku_id: UUID) -> DictRow | None:
    """The price of a SKU whose product the room sells; None for any other."""
    return await fetch_one(
        tx,
        """SELECT k.price_cents FROM skus k JOIN room_products r ON r.product_id = k.product_id
           WHERE k.id = %(sku)s AND r.room_id = %(room)s""",
        {"sku": sku_id, "room": room_id},
    )


async def sale(tx: Tx, sale_id: UUID) -> DictRow | None:
    return await fetch_one(tx, _SALE + "WHERE f.id = %(id)s", {"id": sale_id})


async def of_room(tx: Tx, room_id: UUID, now: datetime) -> list[DictRow]:
    """Sales of the room's products that run here, or did until just now; the newest first."""
    return await fetch_all(
        tx,
        _SALE
        + """JOIN room_products r ON r.product_id = k.product_id AND r.room_id = %(room)s
             WHERE (f.room_id = %(room)s OR f.room_id IS NULL) AND f.starts_at <= %(now)s
               AND f.ends_at > %(since)s ORDER BY f.starts_at DESC, f.id DESC LIMIT 10""",
        {"room": room_id, "now": now, "since": now - SHOWN_AFTER},
    )


async def left(tx: Tx, room_ids: Sequence[UUID], now: datetime) -> dict[UUID, dict[str, int]]:
    """By room: how many pieces each of its running sales has left, by the sale's id."""
    rows = await fetch_all(
        tx,
        """SELECT r.room_id, f.id, greatest(f.quantity - f.sold, 0) AS left
           FROM flash_sales f JOIN skus k ON k.id = f.sku_id
           JOIN room_products r ON r.product_id = k.product_id AND r.room_id = ANY(%(rooms)s)
           WHERE f.starts_at <= %(now)s AND f.ends_at > %(now)s
             AND (f.room_id IS NULL OR f.room_id = r.room_id)""",
        {"rooms": list(room_ids), "now": now},
    )
    found: dict[UUID, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["room_id"], {})[str(row["id"])] = row["left"]
    return found
