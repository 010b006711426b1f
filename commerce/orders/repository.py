"""Orders in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import DictRow
from psycopg.types.json import Json

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


async def reveals(tx: Tx, order_id: UUID) -> list[DictRow]:
    """Who looked at the buyer's whole data, newest first."""
    return await fetch_all(
        tx,
        "SELECT actor, reason, at FROM address_reveals WHERE order_id = %(id)s ORDER BY id DESC",
        {"id": order_id},
    )


async def add_shipped(tx: Tx, order_id: UUID, quantities: Mapping[int, int]) -> None:
    """So many more units of the lines at these positions are on their way."""
    await tx.execute(
        """UPDATE order_lines SET shipped_quantity = shipped_quantity + q.quantity
           FROM unnest(%s::smallint[], %s::int[]) AS q(position, quantity)
           WHERE order_id = %s AND order_lines.position = q.position""",
        (list(quantities), list(quantities.values()), order_id),
    )


async def id_by_number(tx: Tx, number: str) -> UUID | None:
    row = await fetch_one(tx, "SELECT id FROM orders WHERE number = %(number)s", {"number": number})
    return row["id"] if row else None


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
                  k.currency, k.weight_g, p.shipping_template_id, p.name AS product_name,
                  p.name_en AS product_name_en, p.image_url,
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
    "invoice_sealed": "bytea",
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
    """INSERT from one JSON array of rows; `more` adds columns computed by SQL. Names are ours alone.

    One parameter however many rows: adapting an array per column costs the process ten times as much.
    """
    kinds = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    names = ", ".join(columns)
    extra_names = "".join(f", {column}" for column in more)
    extra_values = "".join(f", {value}" for value in more.values())
    return (
        f"INSERT INTO {table} ({names}{extra_names}) "
        f"SELECT {names}{extra_values} FROM json_to_recordset(%(rows)s) AS n({kinds})"
    ).encode()


_NUMBER = """to_char(%(at)s AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD')
             || to_char(nextval('order_numbers'), 'FM0999999999')"""
INSERT_ORDERS = b"""WITH placed AS (%s RETURNING id, number, buyer_id), logged AS (
        INSERT INTO order_transitions (order_id, to_status, event, actor, at)
        SELECT id, 'pending_payment', 'create', 'buyer:' || buyer_id, %%(at)s FROM placed
    )
    SELECT id, number FROM placed""" % _insert(
    "orders",
    ORDER_COLUMNS,
    {"number": _NUMBER, "status": "'pending_payment'", "created_at": "%(at)s"},
)
INSERT_LINES = _insert("order_lines", LINE_COLUMNS, {})


async def insert_orders(tx: Tx, orders: Sequence[Mapping[str, Any]], at: datetime) -> dict[UUID, str]:
    """Write new orders with their first transition; their numbers."""
    cursor = await tx.execute(INSERT_ORDERS, {"rows": _rows(orders), "at": at})
    return {row["id"]: row["number"] for row in await cursor.fetchall()}


async def insert_lines(tx: Tx, lines: Sequence[Mapping[str, Any]]) -> None:
    await tx.execute(INSERT_LINES, {"rows": _rows(lines)})


def _rows(rows: Sequence[Mapping[str, Any]]) -> Json:
    """As `json_to_recordset` takes them; bytes in hexadecimal, as bytea reads them."""
    return Json(rows, dumps=lambda content: orjson.dumps(content, default=_hex))


def _hex(value: object) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"no column holds {type(value)}")


async def reserve(
    tx: Tx, totals: Mapping[UUID, int], lines: Sequence[tuple[UUID, UUID, int]], at: datetime
) -> None:
    """Raise `reserved` by `totals` and log a movement per line (order, SKU, quantity)."""
    await tx.execute(
        """WITH moved AS (
             INSERT INTO stock_movements (sku_id, kind, on_hand_delta, reserved_delta, order_id, actor, at)
             SELECT sku_id, 'reserve', 0, quantity, order_id, 'buyer', %(at)s
             FROM json_to_recordset(%(rows)s) AS l(order_id uuid, sku_id uuid, quantity int)
           )
           UPDATE stock SET reserved = reserved + t.quantity
           FROM unnest(%(skus)s::uuid[], %(totals)s::int[]) AS t(sku_id, quantity)
           WHERE stock.sku_id = t.sku_id""",
        {
            "at": at,
            "rows": _rows([{"order_id": o, "sku_id": sku, "quantity": n} for o, sku, n in lines]),
            "skus": list(totals),
            "totals": list(totals.values()),
        },
    )
