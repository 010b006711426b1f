"""Stock in SQL. Every change of a figure writes its movement in the same statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one

Kind = Literal["receive", "adjust", "reserve", "release", "sell", "restock"]

MOVE = """
    WITH wanted AS (
        SELECT * FROM unnest(%(sku_ids)s::uuid[], %(on_hand)s::int[], %(reserved)s::int[])
            AS w(sku_id, on_hand, reserved)
    ), moved AS (
        UPDATE stock SET on_hand = stock.on_hand + w.on_hand, reserved = stock.reserved + w.reserved
        FROM wanted w WHERE stock.sku_id = w.sku_id
        RETURNING stock.sku_id, stock.on_hand - stock.reserved AS available
    ), logged AS (
        INSERT INTO stock_movements (sku_id, kind, on_hand_delta, reserved_delta, order_id, reason, actor, at)
        SELECT sku_id, %(kind)s, on_hand, reserved, %(order_id)s, %(reason)s, %(actor)s, %(at)s FROM wanted
    )
    SELECT moved.sku_id, moved.available, skus.product_id
    FROM moved JOIN skus ON skus.id = moved.sku_id
"""


async def lock(tx: Tx, sku_ids: list[UUID]) -> dict[UUID, DictRow]:
    """The stock rows, locked in one global order, so that two orders never wait for each other."""
    rows = await fetch_all(
        tx,
        "SELECT sku_id, on_hand, reserved FROM stock WHERE sku_id = ANY(%(ids)s) ORDER BY sku_id FOR UPDATE",
        {"ids": sku_ids},
    )
    return {row["sku_id"]: row for row in rows}


async def move(
    tx: Tx,
    kind: Kind,
    deltas: Mapping[UUID, tuple[int, int]],
    *,
    order_id: UUID | None,
    actor: str,
    at: datetime,
    reason: str = "",
) -> list[DictRow]:
    """Add (on_hand, reserved) to each locked SKU; rows of sku_id, product_id and what is now available.

    The table's constraints refuse whatever would oversell.
    """
    return await fetch_all(
        tx,
        MOVE,
        {
            "sku_ids": list(deltas),
            "on_hand": [on_hand for on_hand, _ in deltas.values()],
            "reserved": [reserved for _, reserved in deltas.values()],
            "kind": kind,
            "order_id": order_id,
            "reason": reason,
            "actor": actor,
            "at": at,
        },
    )


async def create(tx: Tx, sku_id: UUID) -> None:
    await tx.execute("INSERT INTO stock (sku_id) VALUES (%s)", (sku_id,))


async def get(tx: Tx, sku_id: UUID) -> DictRow | None:
    return await fetch_one(
        tx,
        """SELECT st.*, st.on_hand - st.reserved AS available, k.product_id
           FROM stock st JOIN skus k ON k.id = st.sku_id WHERE st.sku_id = %(id)s""",
        {"id": sku_id},
    )


async def recompute(tx: Tx, sku_ids: Sequence[UUID]) -> list[DictRow]:
    """Of `sku_ids`, those whose figures differ from the sum of their movements: none, or something is wrong."""
    return await fetch_all(
        tx,
        """SELECT st.sku_id, st.on_hand, st.reserved, m.on_hand AS moved_on_hand, m.reserved AS moved_reserved
           FROM stock st
           LEFT JOIN (SELECT sku_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
                      FROM stock_movements WHERE sku_id = ANY(%(skus)s) GROUP BY sku_id) m USING (sku_id)
           WHERE st.sku_id = ANY(%(skus)s)
             AND (st.on_hand, st.reserved) <> (coalesce(m.on_hand, 0), coalesce(m.reserved, 0))""",
        {"skus": list(sku_ids)},
    )


async def movements(tx: Tx, sku_id: UUID, limit: int) -> list[DictRow]:
    """Newest first."""
    return await fetch_all(
        tx,
        "SELECT * FROM stock_movements WHERE sku_id = %(id)s ORDER BY id DESC LIMIT %(limit)s",
        {"id": sku_id, "limit": limit},
    )
