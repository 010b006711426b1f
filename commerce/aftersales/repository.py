"""After-sales requests in SQL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one
from commerce.aftersales.states import AfterSaleStatus as Status

REQUEST = """
    SELECT a.*, o.number AS order_number, o.currency, o.buyer_name, l.lines, s.steps FROM after_sales a
    JOIN orders o ON o.id = a.order_id
    JOIN LATERAL (
        SELECT json_agg(json_build_object(
            'position', al.position, 'sku_id', ol.sku_id, 'product_name', ol.product_name,
            'product_name_en', ol.product_name_en, 'sku_name', ol.sku_name, 'image_url', ol.image_url,
            'quantity', al.quantity) ORDER BY al.position) AS lines
        FROM after_sale_lines al JOIN order_lines ol ON ol.order_id = a.order_id AND ol.position = al.position
        WHERE al.after_sale_id = a.id
    ) l ON true
    JOIN LATERAL (
        SELECT json_agg(to_json(t) ORDER BY t.id) AS steps
        FROM after_sale_transitions t WHERE t.after_sale_id = a.id
    ) s ON true
"""


async def insert(tx: Tx, request: Mapping[str, Any], lines: Mapping[int, int]) -> None:
    """`lines`: units by the order's line."""
    await tx.execute(
        """INSERT INTO after_sales (id, order_id, buyer_id, kind, status, reason, description, pictures,
                                    amount_cents, idempotency_key, request_hash, deadline_at, created_at)
           VALUES (%(id)s, %(order_id)s, %(buyer_id)s, %(kind)s, %(status)s, %(reason)s, %(description)s,
                   %(pictures)s, %(amount_cents)s, %(idempotency_key)s, %(request_hash)s, %(deadline_at)s,
                   %(at)s)""",
        dict(request),
    )
    await tx.execute(
        """INSERT INTO after_sale_lines (after_sale_id, position, quantity)
           SELECT %s, * FROM unnest(%s::smallint[], %s::int[])""",
        (request["id"], list(lines), list(lines.values())),
    )


async def add_transition(
    tx: Tx,
    request_id: UUID,
    before: Status | None,
    after: Status,
    event: str,
    *,
    actor: str,
    reason: str,
    at: datetime,
) -> None:
    await tx.execute(
        """INSERT INTO after_sale_transitions (after_sale_id, from_status, to_status, event, actor, reason, at)
           VALUES (%s, %s, %s, %s, %s, %s, %s)""",
        (request_id, before, after, event, actor, reason, at),
    )


async def set_status(tx: Tx, request_id: UUID, status: Status, changes: Mapping[str, Any]) -> None:
    """`changes` holds further columns of `after_sales`, named by our own code."""
    columns = "".join(f", {column} = %({column})s" for column in changes)
    await tx.execute(
        f"UPDATE after_sales SET status = %(status)s{columns} WHERE id = %(id)s".encode(),
        {**changes, "status": status, "id": request_id},
    )


async def get(tx: Tx, request_id: UUID) -> DictRow | None:
    return await fetch_one(tx, f"{REQUEST} WHERE a.id = %(id)s", {"id": request_id})


async def get_locked(tx: Tx, request_id: UUID) -> DictRow | None:
    """Lock the order first: that is the order of all locks here."""
    return await fetch_one(tx, f"{REQUEST} WHERE a.id = %(id)s FOR UPDATE OF a", {"id": request_id})


async def order_of(tx: Tx, request_id: UUID) -> UUID | None:
    row = await fetch_one(tx, "SELECT order_id FROM after_sales WHERE id = %(id)s", {"id": request_id})
    return row["order_id"] if row else None


async def by_key(tx: Tx, buyer_id: UUID, key: str) -> DictRow | None:
    return await fetch_one(
        tx,
        f"{REQUEST} WHERE a.buyer_id = %(buyer)s AND a.idempotency_key = %(key)s",
        {"buyer": buyer_id, "key": key},
    )


async def by_refund(tx: Tx, refund_id: UUID) -> UUID | None:
    row = await fetch_one(tx, "SELECT id FROM after_sales WHERE refund_id = %(id)s", {"id": refund_id})
    return row["id"] if row else None


async def any_open(tx: Tx, order_id: UUID) -> bool:
    row = await fetch_one(
        tx,
        "SELECT EXISTS (SELECT FROM after_sales WHERE order_id = %(id)s AND closed_at IS NULL) AS found",
        {"id": order_id},
    )
    return row is not None and bool(row["found"])


async def of_order(tx: Tx, order_id: UUID) -> list[DictRow]:
    """Newest first."""
    return await fetch_all(tx, f"{REQUEST} WHERE a.order_id = %(id)s ORDER BY a.id DESC", {"id": order_id})


async def page(tx: Tx, *, status: Status | None, limit: int, offset: int) -> tuple[list[DictRow], int]:
    """What is open first, the nearest deadline before the others; and how many there are in all."""
    where = "WHERE %(status)s::text IS NULL OR a.status = %(status)s"
    params = {"status": status, "limit": limit, "offset": offset}
    rows = await fetch_all(
        tx,
        f"""{REQUEST} {where} ORDER BY a.closed_at IS NOT NULL, a.deadline_at, a.id DESC
            LIMIT %(limit)s OFFSET %(offset)s""",
        params,
    )
    count = await fetch_one(tx, f"SELECT count(*) AS n FROM after_sales a {where}", params)
    return rows, count["n"] if count else 0
