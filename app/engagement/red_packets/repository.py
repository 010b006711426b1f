"""Red packets in SQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one

_PACKET = """
SELECT red_packets.*, counted.claimed, counted.claimed_cents
FROM red_packets, LATERAL (
    SELECT count(user_id) AS claimed,
           coalesce(sum(amount_cents) FILTER (WHERE user_id IS NOT NULL), 0)::bigint AS claimed_cents
    FROM red_packet_shares WHERE packet_id = red_packets.id
) counted
"""


async def add(
    tx: Tx,
    *,
    packet_id: UUID,
    room_id: UUID,
    created_by: UUID,
    amounts_cents: Sequence[int],
    currency: str,
    greeting: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    await tx.execute(
        """INSERT INTO red_packets
             (id, room_id, created_by, total_cents, shares, currency, greeting, created_at, expires_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            *(packet_id, room_id, created_by, sum(amounts_cents), len(amounts_cents)),
            *(currency, greeting, now, expires_at),
        ),
    )
    await tx.execute(
        """INSERT INTO red_packet_shares (packet_id, position, amount_cents)
           SELECT %s, position, cents FROM unnest(%s::bigint[]) WITH ORDINALITY AS split(cents, position)""",
        (packet_id, list(amounts_cents)),
    )


async def packet(tx: Tx, packet_id: UUID) -> DictRow | None:
    """The packet with what is claimed of it."""
    return await fetch_one(tx, _PACKET + "WHERE id = %(id)s", {"id": packet_id})


async def of_room(tx: Tx, room_id: UUID, limit: int) -> list[DictRow]:
    """The newest packets of a room."""
    return await fetch_all(
        tx,
        _PACKET + "WHERE room_id = %(room)s ORDER BY created_at DESC LIMIT %(limit)s",
        {"room": room_id, "limit": limit},
    )


async def lock(tx: Tx, packet_id: UUID) -> DictRow | None:
    """Claims and expiry of one packet come one after the other."""
    return await fetch_one(tx, "SELECT * FROM red_packets WHERE id = %(id)s FOR UPDATE", {"id": packet_id})


async def shares_of(tx: Tx, packet_id: UUID, user_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What each of these users holds already, in cents."""
    rows = await fetch_all(
        tx,
        """SELECT user_id, amount_cents FROM red_packet_shares
           WHERE packet_id = %(id)s AND user_id = ANY(%(users)s)""",
        {"id": packet_id, "users": list(user_ids)},
    )
    return {row["user_id"]: row["amount_cents"] for row in rows}


async def claim(tx: Tx, packet_id: UUID, user_ids: Sequence[UUID], now: datetime) -> dict[UUID, int]:
    """Give the next free shares to these users in order, while there are any; who got how many cents."""
    rows = await fetch_all(
        tx,
        """UPDATE red_packet_shares AS share SET user_id = given.user_id, claimed_at = %(now)s
           FROM (SELECT position, row_number() OVER (ORDER BY position) AS turn FROM red_packet_shares
                 WHERE packet_id = %(id)s AND user_id IS NULL ORDER BY position LIMIT %(count)s) AS free
           JOIN unnest(%(users)s::uuid[]) WITH ORDINALITY AS given(user_id, turn) USING (turn)
           WHERE share.packet_id = %(id)s AND share.position = free.position
           RETURNING share.user_id, share.amount_cents""",
        {"id": packet_id, "users": list(user_ids), "count": len(user_ids), "now": now},
    )
    return {row["user_id"]: row["amount_cents"] for row in rows}


async def left_cents(tx: Tx, packet_id: UUID) -> int:
    """What nobody holds."""
    row = await fetch_one(
        tx,
        """SELECT coalesce(sum(amount_cents), 0)::bigint AS left_cents FROM red_packet_shares
           WHERE packet_id = %(id)s AND user_id IS NULL""",
        {"id": packet_id},
    )
    assert row is not None
    return int(row["left_cents"])


async def end(tx: Tx, packet_id: UUID, status: str, now: datetime) -> None:
    await tx.execute(
        "UPDATE red_packets SET status = %s, ended_at = %s WHERE id = %s", (status, now, packet_id)
    )


async def winners(tx: Tx, packet_id: UUID) -> list[DictRow]:
    """Everybody's share, the largest first."""
    return await fetch_all(
        tx,
        """SELECT user_id, display_name, amount_cents, claimed_at
           FROM red_packet_shares JOIN users ON users.id = user_id
           WHERE packet_id = %(id)s ORDER BY amount_cents DESC, claimed_at, position""",
        {"id": packet_id},
    )
