"""Orders in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one
from commerce.orders.states import Status

ORDER = """
    SELECT o.*, l.lines FROM orders o
    JOIN LATERAL (
        SELECT json_agg(to_json(ol) ORDER BY ol.position) AS lines
        FROM order_lines ol WHERE ol.order_id = o.id
    ) l ON true
"""


async def get(tx: Tx, order_id: UUID) -> DictRow | None:
    return await fetch_one(tx, f"{ORDER} WHERE o.id = %(id)s", {"id": order_id})


async def get_locked(tx: Tx, order_id: UUID) -> DictRow | None:
    return await fetch_one(tx, f"{ORDER} WHERE o.id = %(id)s FOR UPDATE OF o", {"id": order_id})


async def get_many(tx: Tx, order_ids: Collection[UUID]) -> list[DictRow]:
    return await fetch_all(tx, f"{ORDER} WHERE o.id = ANY(%(ids)s)", {"ids": list(order_ids)})


async def of_buyer(tx: Tx, buyer_id: UUID, limit: int) -> list[DictRow]:
    """Newest first."""
    return await fetch_all(
        tx,
        f"{ORDER} WHERE o.buyer_id = %(buyer_id)s ORDER BY o.id DESC LIMIT %(limit)s",
        {"buyer_id": buyer_id, "limit": limit},
    )


async def any_of_room(tx: Tx, room_id: UUID) -> bool:
    """Whether anything was ordered from the room's show."""
    row = await fetch_one(
        tx, "SELECT EXISTS (SELECT FROM orders WHERE room_id = %(room)s) AS found", {"room": room_id}
    )
    return row is not None and bool(row["found"])


async def page(
    tx: Tx, *, status: Status | None, room_id: UUID | None, limit: int, offset: int
) -> tuple[list[DictRow], int]:
    """Newest first, and how many there are in all."""
    where = """WHERE (%(status)s::text IS NULL OR o.status = %(status)s)
                 AND (%(room_id)s::uuid IS NULL OR o.room_id = %(room_id)s)"""
    params = {"status": status, "room_id": room_id, "limit": limit, "offset": offset}
    rows = await fetch_all(
        tx, f"{ORDER} {where} ORDER BY o.id DESC LIMIT %(limit)s OFFSET %(offset)s", params
    )
    count = await fetch_one(tx, f"SELECT count(*) AS n FROM orders o {where}", params)
    return rows, count["n"] if count else 0


async def set_status(tx: Tx, order_id: UUID, status: Status, changes: Mapping[str, Any]) -> None:
    """`changes` holds further columns of `orders`, named by our own code."""
    columns = "".join(f", {column} = %({column})s" for column in changes)
    await tx.execute(
        f"UPDATE orders SET status = %(status)s{columns} WHERE id = %(id)s".encode(),
        {**changes, "status": status, "id": order_id},
    )


async def add_transition(
    tx: Tx,
    order_id: UUID,
    before: Status | None,
    after: Status,
    event: str,
    *,
    actor: str,
    reason: str,
    at: datetime,
) -> None:
    await tx.execute(
        """INSERT INTO order_transitions (order_id, from_status, to_status, event, actor, reason, at)
           VALUES (%s, %s, %s, %s, %s, %s, %s)""",
        (order_id, before, after, event, actor, reason, at),
    )


async def transitions(tx: Tx, order_id: UUID) -> list[DictRow]:
    """Oldest first."""
    return await fetch_all(
        tx, "SELECT * FROM order_transitions WHERE order_id = %(id)s ORDER BY id", {"id": order_id}
    )


async def log_reveal(tx: Tx, order_id: UUID, *, actor: str, reason: str, at: datetime) -> None:
    await tx.execute(
        "INSERT INTO address_reveals (order_id, actor, reason, at) VALUES (%s, %s, %s, %s)",
        (order_id, actor, reason, at),
    )


async def ship_all_lines(tx: Tx, order_id: UUID) -> None:
    await tx.execute(
        "UPDATE order_lines SET shipped_quantity = quantity - refunded_quantity WHERE order_id = %s",
        (order_id,),
    )


async def extend(tx: Tx, order_id: UUID, expires_at: datetime) -> None:
    await tx.execute("UPDATE orders SET expires_at = %s WHERE id = %s", (expires_at, order_id))


async def overdue(tx: Tx, now: datetime, limit: int) -> list[UUID]:
    """Unpaid orders whose time is over."""
    rows = await fetch_all(
        tx,
        """SELECT id FROM orders WHERE status = 'pending_payment' AND expires_at <= %(now)s
           ORDER BY expires_at LIMIT %(limit)s""",
        {"now": now, "limit": limit},
    )
    return [row["id"] for row in rows]


# What placing a batch of orders needs: each function is one statement whatever the batch's size.


OFFERS = """SELECT k.id AS sku_id, k.product_id, k.name AS sku_name, k.price_cents, k.list_price_cents,
                  k.currency, k.weight_g, p.name AS product_name, p.name_en AS product_name_en, p.image_url,
                  k.active AND p.status = 'on_sale' AS on_sale, st.on_hand - st.reserved AS available
           FROM stock st JOIN skus k ON k.id = st.sku_id JOIN products p ON p.id = k.product_id
           WHERE st.sku_id = ANY(%(ids)s) ORDER BY st.sku_id"""


async def offers(tx: Tx, sku_ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, DictRow]:
    """Price, product and stock of each SKU; on demand the stock rows are locked, in one global order."""
    query = OFFERS + (" FOR UPDATE OF st" if lock else "")
    return {row["sku_id"]: row for row in await fetch_all(tx, query, {"ids": list(sku_ids)})}


async def placed_before(tx: Tx, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], DictRow]:
    """id and request_hash of the orders that were placed with these (buyer, Idempotency-Key)."""
    rows = await fetch_all(
        tx,
        """SELECT o.id, o.buyer_id, o.idempotency_key, o.request_hash FROM orders o
           JOIN unnest(%(buyers)s::uuid[], %(keys)s::text[]) AS k(buyer_id, idempotency_key)
             USING (buyer_id, idempotency_key)""",
        {"buyers": [buyer for buyer, _ in keys], "keys": [key for _, key in keys]},
    )
    return {(row["buyer_id"], row["idempotency_key"]): row for row in rows}


ORDER_COLUMNS = {
    "id": "uuid",
    "buyer_id": "uuid",
    "buyer_name": "text",
    "room_id": "uuid",
    "currency": "text",
    "items_cents": "bigint",
    "discount_cents": "bigint",
    "platform_discount_cents": "bigint",
    "shipping_cents": "bigint",
    "total_cents": "bigint",
    "address_sealed": "bytea",
    "note": "text",
    "idempotency_key": "text",
    "request_hash": "bytea",
    "explanation": "json",
    "expires_at": "timestamptz",
}
LINE_COLUMNS = {
    "order_id": "uuid",
    "position": "smallint",
    "sku_id": "uuid",
    "product_id": "uuid",
    "product_name": "text",
    "product_name_en": "text",
    "sku_name": "text",
    "image_url": "text",
    "quantity": "int",
    "unit_price_cents": "int",
    "discount_cents": "bigint",
    "total_cents": "bigint",
}


def _insert(table: str, columns: Mapping[str, str], more: Mapping[str, str]) -> bytes:
    """INSERT from one array per column; `more` adds columns computed by SQL. Names are ours alone."""
    arrays = ", ".join(f"%({column})s::{kind}[]" for column, kind in columns.items())
    names = ", ".join(columns)
    extra_names = "".join(f", {column}" for column in more)
    extra_values = "".join(f", {value}" for value in more.values())
    return (
        f"INSERT INTO {table} ({names}{extra_names}) "
        f"SELECT {names}{extra_values} FROM unnest({arrays}) AS n({names})"
    ).encode()


_NUMBER = """to_char(%(at)s AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD')
             || to_char(nextval('order_numbers'), 'FM0999999999')"""
INSERT_ORDERS = _insert(
    "orders",
    ORDER_COLUMNS,
    {"number": _NUMBER, "status": "'pending_payment'", "created_at": "%(at)s"},
)
INSERT_LINES = _insert("order_lines", LINE_COLUMNS, {})


async def insert_orders(tx: Tx, orders: Sequence[Mapping[str, Any]], at: datetime) -> None:
    """Write new orders, numbered, with their first transition."""
    params: dict[str, Any] = {column: [order[column] for order in orders] for column in ORDER_COLUMNS}
    await tx.execute(INSERT_ORDERS, {**params, "at": at})
    await tx.execute(
        """INSERT INTO order_transitions (order_id, to_status, event, actor, at)
           SELECT id, 'pending_payment', 'create', 'buyer:' || buyer_id, %s
           FROM unnest(%s::uuid[], %s::uuid[]) AS n(id, buyer_id)""",
        (at, params["id"], params["buyer_id"]),
    )


async def insert_lines(tx: Tx, lines: Sequence[Mapping[str, Any]]) -> None:
    params = {column: [line[column] for line in lines] for column in LINE_COLUMNS}
    await tx.execute(INSERT_LINES, params)


async def reserve(
    tx: Tx, totals: Mapping[UUID, int], lines: Sequence[tuple[UUID, UUID, int]], *, at: datetime
) -> None:
    """Raise `reserved` by `totals` and log a movement per line (order, SKU, quantity)."""
    await tx.execute(
        """UPDATE stock SET reserved = reserved + t.quantity
           FROM unnest(%s::uuid[], %s::int[]) AS t(sku_id, quantity) WHERE stock.sku_id = t.sku_id""",
        (list(totals), list(totals.values())),
    )
    await tx.execute(
        """INSERT INTO stock_movements (sku_id, kind, on_hand_delta, reserved_delta, order_id, actor, at)
           SELECT sku_id, 'reserve', 0, quantity, order_id, 'buyer', %s
           FROM unnest(%s::uuid[], %s::uuid[], %s::int[]) AS l(order_id, sku_id, quantity)""",
        (at, [order for order, _, _ in lines], [sku for _, sku, _ in lines], [n for _, _, n in lines]),
    )
