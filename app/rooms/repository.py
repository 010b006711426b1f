"""Rooms, queues, pins and transcripts in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from app.core.db import Tx, fetch_all, fetch_one

_ROOM = """
SELECT rooms.*, users.display_name AS host_name, users.locale AS host_locale
FROM rooms JOIN users ON users.id = rooms.host_id
"""


async def add_room(
    tx: Tx,
    *,
    room_id: UUID,
    host_id: UUID,
    title: str,
    description: str,
    scheduled_at: datetime | None,
    now: datetime,
) -> None:
    await tx.execute(
        """INSERT INTO rooms (id, host_id, title, description, scheduled_at, created_at)
           VALUES (%s, %s, %s, %s, %s, %s)""",
        (room_id, host_id, title, description, scheduled_at, now),
    )


async def room(tx: Tx, room_id: UUID) -> DictRow | None:
    return await fetch_one(tx, _ROOM + "WHERE rooms.id = %(id)s", {"id": room_id})


async def lock_room(tx: Tx, room_id: UUID) -> DictRow | None:
    """Whoever changes a room's state or pins holds its row: changes come one after the other."""
    return await fetch_one(tx, _ROOM + "WHERE rooms.id = %(id)s FOR UPDATE OF rooms", {"id": room_id})


async def rooms(
    tx: Tx, *, statuses: Sequence[str], host_id: UUID | None = None, limit: int = 100
) -> list[DictRow]:
    """Live ones first, then the newest."""
    return await fetch_all(
        tx,
        _ROOM
        + """WHERE status = ANY(%(statuses)s) AND (%(host)s::uuid IS NULL OR host_id = %(host)s)
             ORDER BY status = 'live' DESC, coalesce(started_at, scheduled_at, rooms.created_at) DESC
             LIMIT %(limit)s""",
        {"statuses": list(statuses), "host": host_id, "limit": limit},
    )


async def change_room(tx: Tx, room_id: UUID, changes: dict[str, Any]) -> None:
    """`changes` maps column names (ours, never a client's) to values."""
    assignments = SQL(", ").join(
        SQL("{} = {}").format(Identifier(name), value) for name, value in changes.items()
    )
    await tx.execute(SQL("UPDATE rooms SET {} WHERE id = {}").format(assignments, room_id))


async def queue(tx: Tx, room_id: UUID) -> list[DictRow]:
    """`product_id` and `position`, in order."""
    return await fetch_all(
        tx,
        "SELECT product_id, position FROM room_products WHERE room_id = %(id)s ORDER BY position",
        {"id": room_id},
    )


async def set_queue(tx: Tx, room_id: UUID, product_ids: Sequence[UUID]) -> None:
    await tx.execute("DELETE FROM room_products WHERE room_id = %s", (room_id,))
    await tx.execute(
        """INSERT INTO room_products (room_id, product_id, position)
           SELECT %s, product_id, position
           FROM unnest(%s::uuid[]) WITH ORDINALITY AS listed(product_id, position)""",
        (room_id, list(product_ids)),
    )


async def rooms_with_product(tx: Tx, product_id: UUID) -> list[UUID]:
    """The rooms, not yet ended, in whose queue the product stands."""
    rows = await fetch_all(
        tx,
        """SELECT room_id FROM room_products JOIN rooms ON rooms.id = room_id
           WHERE product_id = %(id)s AND status <> 'ended'""",
        {"id": product_id},
    )
    return [row["room_id"] for row in rows]


async def current_pins(tx: Tx, room_id: UUID) -> list[DictRow]:
    return await fetch_all(
        tx,
        "SELECT * FROM pins WHERE room_id = %(id)s AND unpinned_at IS NULL ORDER BY pinned_at, id",
        {"id": room_id},
    )


async def all_pins(tx: Tx, room_id: UUID) -> list[DictRow]:
    """Everything that was ever pinned in the room, oldest first."""
    return await fetch_all(
        tx, "SELECT * FROM pins WHERE room_id = %(id)s ORDER BY pinned_at, id", {"id": room_id}
    )


async def add_pin(
    tx: Tx,
    *,
    pin_id: UUID,
    room_id: UUID,
    product_id: UUID,
    source: str,
    evidence: dict[str, Any] | None,
    now: datetime,
) -> DictRow:
    row = await fetch_one(
        tx,
        """INSERT INTO pins (id, room_id, product_id, source, evidence, pinned_at)
           VALUES (%(id)s, %(room)s, %(product)s, %(source)s, %(evidence)s, %(now)s) RETURNING *""",
        {
            "id": pin_id,
            "room": room_id,
            "product": product_id,
            "source": source,
            "evidence": evidence and Jsonb(evidence),
            "now": now,
        },
    )
    assert row is not None
    return row


async def end_pins(tx: Tx, pin_ids: Sequence[UUID], by: str, now: datetime) -> None:
    """`by`: `auto` (speech, or time), `host` (taken down by hand) or `end` (of the show)."""
    await tx.execute(
        "UPDATE pins SET unpinned_at = %s, unpinned_by = %s WHERE id = ANY(%s)", (now, by, list(pin_ids))
    )


async def handled_products(tx: Tx, room_id: UUID, since: datetime) -> list[UUID]:
    """The products that the host has pinned or taken down by hand since then."""
    rows = await fetch_all(
        tx,
        """SELECT DISTINCT product_id FROM pins WHERE room_id = %(id)s AND (
             (source = 'host' AND (pinned_at >= %(since)s OR unpinned_at IS NULL))
             OR (unpinned_by = 'host' AND unpinned_at >= %(since)s))""",
        {"id": room_id, "since": since},
    )
    return [row["product_id"] for row in rows]


async def open_suggestions(tx: Tx, room_id: UUID) -> list[DictRow]:
    return await fetch_all(
        tx,
        "SELECT * FROM pin_suggestions WHERE room_id = %(id)s AND status = 'open' ORDER BY created_at, id",
        {"id": room_id},
    )


async def add_suggestion(
    tx: Tx, *, suggestion_id: UUID, room_id: UUID, product_id: UUID, evidence: dict[str, Any], now: datetime
) -> DictRow | None:
    """None where one for this product is open already."""
    return await fetch_one(
        tx,
        """INSERT INTO pin_suggestions (id, room_id, product_id, evidence, created_at)
           VALUES (%(id)s, %(room)s, %(product)s, %(evidence)s, %(now)s)
           ON CONFLICT (room_id, product_id) WHERE status = 'open' DO NOTHING RETURNING *""",
        {
            "id": suggestion_id,
            "room": room_id,
            "product": product_id,
            "evidence": Jsonb(evidence),
            "now": now,
        },
    )


async def decide_suggestion(
    tx: Tx, room_id: UUID, suggestion_id: UUID, status: str, now: datetime
) -> DictRow | None:
    """None where the room has no such open suggestion."""
    return await fetch_one(
        tx,
        """UPDATE pin_suggestions SET status = %(status)s, decided_at = %(now)s
           WHERE id = %(id)s AND room_id = %(room)s AND status = 'open' RETURNING *""",
        {"status": status, "now": now, "id": suggestion_id, "room": room_id},
    )


async def add_segment(
    tx: Tx,
    *,
    segment_id: UUID,
    room_id: UUID,
    session: str,
    text: str,
    language: str,
    start_s: float,
    end_s: float,
    now: datetime,
) -> None:
    """A segment that is there already stays as it is."""
    await tx.execute(
        """INSERT INTO transcript_segments (id, room_id, session, text, language, start_s, end_s, created_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING""",
        (segment_id, room_id, session, text, language, start_s, end_s, now),
    )


async def transcript(
    tx: Tx, room_id: UUID, *, contains: str | None = None, limit: int = 200
) -> list[DictRow]:
    """The newest `limit` segments, oldest first; only those that contain the words, where given."""
    rows = await fetch_all(
        tx,
        """SELECT * FROM transcript_segments
           WHERE room_id = %(id)s
             AND (%(contains)s::text IS NULL OR strpos(lower(text), lower(%(contains)s)) > 0)
           ORDER BY created_at DESC, id DESC LIMIT %(limit)s""",
        {"id": room_id, "contains": contains, "limit": limit},
    )
    return rows[::-1]


async def add_explanation(
    tx: Tx,
    *,
    explanation_id: UUID,
    room_id: UUID,
    product_id: UUID,
    start_s: float,
    end_s: float,
    segment_ids: Sequence[UUID],
    now: datetime,
) -> None:
    """Its session is that of its segments."""
    await tx.execute(
        """INSERT INTO explanations
             (id, room_id, product_id, session, start_s, end_s, segment_ids, created_at)
           SELECT %(id)s, %(room)s, %(product)s, coalesce(max(session), ''), %(start)s, %(end)s,
             %(segments)s, %(now)s
           FROM transcript_segments WHERE id = ANY(%(segments)s)""",
        {
            "id": explanation_id,
            "room": room_id,
            "product": product_id,
            "start": start_s,
            "end": end_s,
            "segments": list(segment_ids),
            "now": now,
        },
    )


async def explanations(tx: Tx, room_id: UUID) -> list[DictRow]:
    """Each product's explanation windows, oldest first, with the words that were said."""
    return await fetch_all(
        tx,
        """SELECT explanations.*, (
             SELECT coalesce(string_agg(text, ' ' ORDER BY start_s), '') FROM transcript_segments
             WHERE id = ANY(segment_ids)) AS words
           FROM explanations WHERE room_id = %(id)s ORDER BY created_at, id""",
        {"id": room_id},
    )


async def add_cue(
    tx: Tx,
    *,
    cue_id: UUID,
    room_id: UUID,
    product_id: UUID | None,
    kind: str,
    data: dict[str, Any],
    evidence: dict[str, Any],
    now: datetime,
) -> DictRow:
    row = await fetch_one(
        tx,
        """INSERT INTO cues (id, room_id, product_id, kind, data, evidence, created_at)
           VALUES (%(id)s, %(room)s, %(product)s, %(kind)s, %(data)s, %(evidence)s, %(now)s) RETURNING *""",
        {
            "id": cue_id,
            "room": room_id,
            "product": product_id,
            "kind": kind,
            "data": Jsonb(data),
            "evidence": Jsonb(evidence),
            "now": now,
        },
    )
    assert row is not None
    return row


async def open_cues(tx: Tx, room_id: UUID, since: datetime) -> list[DictRow]:
    return await fetch_all(
        tx,
        """SELECT * FROM cues WHERE room_id = %(id)s AND status = 'open' AND created_at >= %(since)s
           ORDER BY created_at, id""",
        {"id": room_id, "since": since},
    )


async def supersede_cues(
    tx: Tx, room_id: UUID, kind: str, product_id: UUID | None, now: datetime
) -> list[UUID]:
    """Closes the open cues of one kind and product."""
    rows = await fetch_all(
        tx,
        """UPDATE cues SET status = 'superseded', decided_at = %(now)s
           WHERE room_id = %(room)s AND kind = %(kind)s AND product_id IS NOT DISTINCT FROM %(product)s
           AND status = 'open' RETURNING id""",
        {"room": room_id, "kind": kind, "product": product_id, "now": now},
    )
    return [row["id"] for row in rows]


async def decide_cue(tx: Tx, room_id: UUID, cue_id: UUID, status: str, now: datetime) -> DictRow | None:
    """None where the room has no such open cue."""
    return await fetch_one(
        tx,
        """UPDATE cues SET status = %(status)s, decided_at = %(now)s
           WHERE id = %(id)s AND room_id = %(room)s AND status = 'open' RETURNING *""",
        {"status": status, "now": now, "id": cue_id, "room": room_id},
    )
