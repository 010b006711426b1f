"""Audience events and what follows from them, in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one
from app.insights.schemas import AudienceEvent

# What happened to a product between two moments.
_REACH = """
    SELECT count(DISTINCT subject) FILTER (WHERE kind = 'card_shown') AS viewers,
           count(DISTINCT subject) FILTER (WHERE kind = 'card_clicked') AS clicks,
           count(DISTINCT subject) FILTER (WHERE kind = 'sku_chosen') AS chose_sku
    FROM audience_events
    WHERE room_id = part.room_id AND product_id = part.product_id AND at >= part.begins_at AND at < part.ends_at
) reach, LATERAL (
    SELECT count(DISTINCT orders.id) AS ordered,
           count(DISTINCT orders.id) FILTER (WHERE paid_at IS NOT NULL) AS orders,
           coalesce(sum(order_lines.total_cents) FILTER (WHERE paid_at IS NOT NULL), 0)::bigint AS revenue_cents
    FROM orders JOIN order_lines ON order_id = orders.id
    WHERE room_id = part.room_id AND product_id = part.product_id
      AND created_at >= part.begins_at AND created_at < part.ends_at
) sold, LATERAL (
    SELECT count(*) AS questions FROM assistant_questions
    WHERE room_id = part.room_id AND (product_id IS NULL OR product_id = part.product_id)
      AND created_at >= part.begins_at AND created_at < part.ends_at
"""


@dataclass(frozen=True, slots=True)
class Row:
    """An event with the room and the person it is of."""

    room_id: UUID
    subject: str
    event: AudienceEvent


async def add(tx: Tx, rows: Sequence[Row]) -> None:
    """Store the events of rooms and products that exist; those that are there already stay."""
    await tx.execute(
        """INSERT INTO audience_events (id, room_id, subject, kind, product_id, source, at)
           SELECT given.* FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::text[],
                                      %s::timestamptz[])
             AS given(id, room_id, subject, kind, product_id, source, at)
           JOIN rooms ON rooms.id = given.room_id LEFT JOIN products ON products.id = given.product_id
           WHERE given.product_id IS NULL OR products.id IS NOT NULL
           ON CONFLICT (id) DO NOTHING""",
        (
            [row.event.id for row in rows],
            [row.room_id for row in rows],
            [row.subject for row in rows],
            [row.event.kind for row in rows],
            [row.event.product_id for row in rows],
            [row.event.source for row in rows],
            [row.event.at for row in rows],
        ),
    )


async def add_samples(tx: Tx, samples: Sequence[tuple[UUID, int, int]], at: datetime) -> None:
    """(room, viewers, likes) at a moment; a second sample of the same moment changes nothing."""
    await tx.execute(
        """INSERT INTO room_samples (room_id, at, viewers, likes)
           SELECT room_id, %s, viewers, likes
           FROM unnest(%s::uuid[], %s::int[], %s::bigint[]) AS seen(room_id, viewers, likes)
           ON CONFLICT DO NOTHING""",
        (at, [room for room, _, _ in samples], [v for _, v, _ in samples], [n for _, _, n in samples]),
    )


async def windows(tx: Tx, room_id: UUID, now: datetime) -> list[DictRow]:
    """Each explanation window with what happened in it, oldest first."""
    return await fetch_all(
        tx,
        """SELECT part.pin_id, part.product_id, part.name, part.name_en, part.begins_at,
                  least(part.ends_at, %(now)s) AS ends_at, reach.*, sold.*, asked.questions FROM (
             SELECT pins.id AS pin_id, pins.room_id, product_id, name, name_en, pinned_at AS begins_at,
                    coalesce(unpinned_at, 'infinity') AS ends_at
             FROM pins JOIN products ON products.id = product_id WHERE pins.room_id = %(room)s
           ) part, LATERAL ("""
        + _REACH
        + ") asked ORDER BY begins_at, pin_id",
        {"room": room_id, "now": now},
    )


async def products(tx: Tx, room_id: UUID) -> list[DictRow]:
    """Each product of the room's queue with what happened to it in the whole show, in the queue's order.

    Questions are counted in the product's windows, since a question does not name one.
    """
    return await fetch_all(
        tx,
        """SELECT part.product_id, part.name, part.name_en, reach.*, sold.*, 0 AS questions FROM (
             SELECT room_id, product_id, name, name_en, position, '-infinity'::timestamptz AS begins_at,
                    'infinity'::timestamptz AS ends_at
             FROM room_products JOIN products ON products.id = product_id WHERE room_id = %(room)s
           ) part, LATERAL ("""
        + _REACH
        + ") asked ORDER BY part.position",
        {"room": room_id},
    )


async def funnel(tx: Tx, room_id: UUID) -> DictRow:
    row = await fetch_one(
        tx,
        """SELECT seen.*, bought.* FROM (
             SELECT count(DISTINCT subject) FILTER (WHERE kind = 'seen') AS seen,
                    count(DISTINCT subject) FILTER (WHERE kind = 'card_shown') AS card_shown,
                    count(DISTINCT subject) FILTER (WHERE kind = 'card_clicked') AS card_clicked,
                    count(DISTINCT subject) FILTER (WHERE kind = 'sku_chosen') AS sku_chosen
             FROM audience_events WHERE room_id = %(room)s
           ) seen, (
             SELECT count(DISTINCT buyer_id) AS ordered,
                    count(DISTINCT buyer_id) FILTER (WHERE paid_at IS NOT NULL) AS paid
             FROM orders WHERE room_id = %(room)s
           ) bought""",
        {"room": room_id},
    )
    assert row is not None
    return row


async def sources(tx: Tx, room_id: UUID) -> dict[str, int]:
    """People by where they came from."""
    rows = await fetch_all(
        tx,
        """SELECT source, count(DISTINCT subject) AS people FROM audience_events
           WHERE room_id = %(room)s AND kind = 'seen' GROUP BY source ORDER BY people DESC, source""",
        {"room": room_id},
    )
    return {row["source"]: row["people"] for row in rows}


async def trend(tx: Tx, room_id: UUID) -> list[DictRow]:
    return await fetch_all(
        tx,
        "SELECT at, viewers, likes FROM room_samples WHERE room_id = %(room)s ORDER BY at",
        {"room": room_id},
    )


async def activity(tx: Tx, room_id: UUID, bucket_s: int) -> list[DictRow]:
    """What was clicked and bought in each `bucket_s` in which anything was, oldest first."""
    return await fetch_all(
        tx,
        """SELECT at, sum(clicks)::int AS clicks, sum(orders)::int AS orders,
                  sum(revenue_cents)::bigint AS revenue_cents FROM (
             SELECT date_bin(%(bucket)s, at, 'epoch') AS at, count(DISTINCT subject) AS clicks, 0 AS orders,
                    0 AS revenue_cents
             FROM audience_events WHERE room_id = %(room)s AND kind = 'card_clicked' GROUP BY 1
             UNION ALL
             SELECT date_bin(%(bucket)s, created_at, 'epoch'), 0, count(*), sum(total_cents)
             FROM orders WHERE room_id = %(room)s AND paid_at IS NOT NULL GROUP BY 1
           ) counted GROUP BY at ORDER BY at""",
        {"room": room_id, "bucket": timedelta(seconds=bucket_s)},
    )


async def marks(tx: Tx, room_id: UUID) -> list[DictRow]:
    """Pins, draws, steps of the script and warnings, oldest first."""
    return await fetch_all(
        tx,
        """SELECT 'pin' AS kind, pinned_at AS at, unpinned_at AS ends_at, name AS label, name_en AS label_en, product_id
           FROM pins JOIN products ON products.id = product_id WHERE room_id = %(room)s
           UNION ALL SELECT 'red_packet', created_at, ended_at, greeting, '', NULL
           FROM red_packets WHERE room_id = %(room)s
           UNION ALL SELECT 'fortune_bag', created_at, drawn_at, prize, '', NULL
           FROM fortune_bags WHERE room_id = %(room)s
           UNION ALL SELECT 'poll', created_at, closes_at, question, '', NULL
           FROM polls WHERE room_id = %(room)s
           UNION ALL SELECT 'coupon_drop', created_at, closes_at, title, '', NULL
           FROM coupon_drops WHERE room_id = %(room)s
           UNION ALL SELECT 'flash_sale', starts_at, ends_at, products.name, name_en, product_id
           FROM flash_sales JOIN skus ON skus.id = sku_id JOIN products ON products.id = product_id
           WHERE room_id = %(room)s
           UNION ALL SELECT 'warning', created_at, NULL, coalesce(evidence->>'text', kind), '', product_id
           FROM cues WHERE room_id = %(room)s AND kind LIKE 'warning.%%'
           UNION ALL SELECT 'warning', created_at, NULL, text, '', NULL
           FROM moderation_cases WHERE room_id = %(room)s AND surface = 'speech'
           UNION ALL SELECT 'step', began_at, NULL, title, '', product_id
           FROM show_moments WHERE room_id = %(room)s
           ORDER BY at""",
        {"room": room_id},
    )


async def people(tx: Tx, room_id: UUID) -> int:
    """Everybody who came to the room."""
    row = await fetch_one(
        tx,
        "SELECT count(DISTINCT subject) AS people FROM audience_events WHERE room_id = %(room)s",
        {"room": room_id},
    )
    assert row is not None
    return int(row["people"])


async def events(tx: Tx, room_id: UUID) -> list[DictRow]:
    """Everything that somebody did, by time; people are numbered, so that nobody is named."""
    return await fetch_all(
        tx,
        """SELECT at, kind, product_id, dense_rank() OVER (ORDER BY who) AS person, amount_cents FROM (
             SELECT at, kind, product_id, subject AS who, NULL::bigint AS amount_cents
             FROM audience_events WHERE room_id = %(room)s
             UNION ALL
             SELECT created_at, 'ordered', product_id, buyer_id::text, order_lines.total_cents
             FROM orders JOIN order_lines ON order_id = orders.id WHERE room_id = %(room)s
             UNION ALL
             SELECT paid_at, 'paid', product_id, buyer_id::text, order_lines.total_cents
             FROM orders JOIN order_lines ON order_id = orders.id
             WHERE room_id = %(room)s AND paid_at IS NOT NULL
             UNION ALL
             SELECT created_at, 'asked', product_id, coalesce(viewer_id::text, ''), NULL
             FROM assistant_questions WHERE room_id = %(room)s
           ) done ORDER BY at, kind, person""",
        {"room": room_id},
    )


async def talk(tx: Tx, room_id: UUID) -> list[DictRow]:
    """What the host said: each sentence with when it began and ended."""
    return await fetch_all(
        tx,
        """SELECT created_at - make_interval(secs => end_s - start_s) AS begins_at, created_at AS ends_at, text,
                  language FROM transcript_segments WHERE room_id = %(room)s ORDER BY created_at""",
        {"room": room_id},
    )
