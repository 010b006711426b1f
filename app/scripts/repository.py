"""Scripts and what came of them, in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from app.core.db import Tx, fetch_all, fetch_one


async def steps(tx: Tx, room_id: UUID) -> list[DictRow]:
    return await fetch_all(
        tx, "SELECT * FROM show_steps WHERE room_id = %(room)s ORDER BY position", {"room": room_id}
    )


async def step(tx: Tx, room_id: UUID, step_id: UUID) -> DictRow | None:
    return await fetch_one(
        tx,
        "SELECT * FROM show_steps WHERE room_id = %(room)s AND id = %(id)s",
        {"room": room_id, "id": step_id},
    )


async def replace(tx: Tx, room_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """The room's whole script: `id`, `position`, `title`, `note`, `product_id`, `price_cents`, `draw` each."""
    await tx.execute("DELETE FROM show_steps WHERE room_id = %s", (room_id,))
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """INSERT INTO show_steps (id, room_id, position, title, note, product_id, price_cents, draw)
               VALUES (%(id)s, %(room_id)s, %(position)s, %(title)s, %(note)s, %(product_id)s, %(price_cents)s,
                       %(draw)s)""",
            [row | {"room_id": room_id, "draw": _json(row["draw"])} for row in rows],
        )


async def begun_before(tx: Tx, step_id: UUID) -> bool:
    row = await fetch_one(
        tx, "SELECT EXISTS (SELECT 1 FROM show_moments WHERE step_id = %(id)s) AS begun", {"id": step_id}
    )
    return bool(row and row["begun"])


async def add_moment(tx: Tx, moment_id: UUID, step_row: DictRow, now: datetime) -> None:
    await tx.execute(
        """INSERT INTO show_moments (id, room_id, step_id, position, title, note, product_id, price_cents, draw,
                                     began_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            *(moment_id, step_row["room_id"], step_row["id"], step_row["position"], step_row["title"]),
            *(
                step_row["note"],
                step_row["product_id"],
                step_row["price_cents"],
                _json(step_row["draw"]),
                now,
            ),
        ),
    )


async def moments(tx: Tx, room_id: UUID, now: datetime) -> list[DictRow]:
    """What was begun, oldest first, each until the next or the end of the show, with what happened in it."""
    return await fetch_all(
        tx,
        """SELECT part.*, shown.pinned, sold.* FROM (
             SELECT m.id, m.step_id, m.position, m.title, m.note, m.product_id, m.price_cents, m.draw, m.began_at,
                    coalesce(lead(m.began_at) OVER (ORDER BY m.began_at, m.id),
                             greatest(m.began_at, coalesce(rooms.ended_at, %(now)s))) AS ended_at
             FROM show_moments m JOIN rooms ON rooms.id = m.room_id WHERE m.room_id = %(room)s
           ) part, LATERAL (
             SELECT coalesce(array_agg(pins.product_id ORDER BY pinned_at), '{}') AS pinned FROM pins
             WHERE room_id = %(room)s AND pinned_at >= part.began_at AND pinned_at < part.ended_at
           ) shown, LATERAL (
             SELECT count(*) AS orders, coalesce(sum(total_cents), 0)::bigint AS revenue_cents FROM orders
             WHERE room_id = %(room)s AND paid_at IS NOT NULL
               AND created_at >= part.began_at AND created_at < part.ended_at
           ) sold ORDER BY part.began_at, part.id""",
        {"room": room_id, "now": now},
    )


def _json(value: dict[str, Any] | None) -> Jsonb | None:
    return Jsonb(value, dumps=orjson.dumps) if value is not None else None
