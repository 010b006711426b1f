"""Shipments and shipping templates in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Json

from app.core.db import Tx, fetch_all, fetch_one

SHIPMENT = """
    SELECT s.*, l.lines, e.events FROM shipments s
    JOIN LATERAL (
        SELECT json_agg(json_build_object('sku_id', ol.sku_id, 'quantity', sl.quantity) ORDER BY sl.position)
               AS lines
        FROM shipment_lines sl JOIN order_lines ol ON ol.order_id = s.order_id AND ol.position = sl.position
        WHERE sl.shipment_id = s.id
    ) l ON true
    LEFT JOIN LATERAL (
        SELECT json_agg(json_build_object('at', se.at, 'status', se.status, 'place', se.place)
                        ORDER BY se.at DESC) AS events
        FROM shipment_events se WHERE se.shipment_id = s.id
    ) e ON true
"""


async def insert(
    tx: Tx,
    shipment_id: UUID,
    order_id: UUID,
    parcel: Mapping[int, int],
    *,
    carrier: str,
    tracking: str,
    actor: str,
    at: datetime,
) -> bool:
    """False where the order has a parcel with this number."""
    cursor = await tx.execute(
        """INSERT INTO shipments (id, order_id, carrier, tracking, created_by, created_at)
           VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        (shipment_id, order_id, carrier, tracking, actor, at),
    )
    if cursor.rowcount == 0:
        return False
    await tx.execute(
        """INSERT INTO shipment_lines (shipment_id, position, quantity)
           SELECT %s, * FROM unnest(%s::smallint[], %s::int[])""",
        (shipment_id, list(parcel), list(parcel.values())),
    )
    return True


async def of_order(tx: Tx, order_id: UUID) -> list[DictRow]:
    """Oldest first, each with its lines and events."""
    return await fetch_all(tx, f"{SHIPMENT} WHERE s.order_id = %(id)s ORDER BY s.id", {"id": order_id})


async def get(tx: Tx, shipment_id: UUID) -> DictRow | None:
    return await fetch_one(tx, f"{SHIPMENT} WHERE s.id = %(id)s", {"id": shipment_id})


async def add_events(tx: Tx, shipment_id: UUID, events: Sequence[tuple[datetime, str, str]]) -> None:
    """(when, status, place); what is known already is left out. The latest is the shipment's status."""
    await tx.execute(
        """INSERT INTO shipment_events (shipment_id, at, status, place)
           SELECT %s, * FROM unnest(%s::timestamptz[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING""",
        (shipment_id, *([event[i] for event in events] for i in range(3))),
    )
    await tx.execute(
        """UPDATE shipments SET status = e.status,
             delivered_at = CASE WHEN e.status = 'delivered' THEN e.at ELSE delivered_at END
           FROM (SELECT status, at FROM shipment_events WHERE shipment_id = %(id)s
                 ORDER BY at DESC, status LIMIT 1) e
           WHERE shipments.id = %(id)s""",
        {"id": shipment_id},
    )


async def templates(tx: Tx) -> list[DictRow]:
    return await fetch_all(tx, "SELECT * FROM shipping_templates ORDER BY name")


async def save_template(tx: Tx, template_id: UUID, fields: Mapping[str, Any], at: datetime) -> DictRow:
    """Write a template, new or known; a new default replaces the one before it."""
    if fields["is_default"]:
        await tx.execute(
            "UPDATE shipping_templates SET is_default = false WHERE currency = %s AND is_default",
            (fields["currency"],),
        )
    row = await fetch_one(
        tx,
        """INSERT INTO shipping_templates (id, name, currency, is_default, zones, created_at)
           VALUES (%(id)s, %(name)s, %(currency)s, %(is_default)s, %(zones)s, %(at)s)
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, currency = excluded.currency,
             is_default = excluded.is_default, zones = excluded.zones
           RETURNING *""",
        {**fields, "zones": Json(fields["zones"]), "id": template_id, "at": at},
    )
    assert row is not None
    return row


async def remove_template(tx: Tx, template_id: UUID) -> bool:
    """Products that used it fall back to the default. False where there is none."""
    await tx.execute(
        "UPDATE products SET shipping_template_id = NULL WHERE shipping_template_id = %s", (template_id,)
    )
    cursor = await tx.execute("DELETE FROM shipping_templates WHERE id = %s", (template_id,))
    return cursor.rowcount == 1


async def template_exists(tx: Tx, template_id: UUID) -> bool:
    row = await fetch_one(
        tx,
        "SELECT EXISTS (SELECT FROM shipping_templates WHERE id = %(id)s) AS found",
        {"id": template_id},
    )
    return row is not None and bool(row["found"])
