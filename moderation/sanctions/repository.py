"""Sanctions and the traces of accounts in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one

_SANCTION = """
SELECT s.*, imposer.display_name AS imposer_name,
       coalesce(s.user_id, CASE WHEN s.kind IN ('stream_muted', 'stream_stopped') THEN rooms.host_id END) AS concerns
FROM moderation_sanctions s LEFT JOIN users imposer ON imposer.id = s.imposed_by
LEFT JOIN rooms ON rooms.id = s.room_id
"""
_ACTIVE = "s.lifted_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > %(now)s)"


async def add(tx: Tx, **row: Any) -> None:
    """Insert a sanction with the given columns."""
    names = ", ".join(row)
    values = ", ".join(f"%({name})s" for name in row)
    await tx.execute(f"INSERT INTO moderation_sanctions ({names}) VALUES ({values})".encode(), row)


async def lock(tx: Tx, sanction_id: UUID) -> DictRow | None:
    return await fetch_one(tx, _SANCTION + "WHERE s.id = %(id)s FOR UPDATE OF s", {"id": sanction_id})


async def lift(tx: Tx, sanction_id: UUID, user_id: UUID, now: datetime, reason: str) -> None:
    await tx.execute(
        "UPDATE moderation_sanctions SET lifted_at = %s, lifted_by = %s, lift_reason = %s WHERE id = %s",
        (now, user_id, reason, sanction_id),
    )


async def listed(
    tx: Tx, *, user_id: UUID | None, active_at: datetime | None, limit: int = 100
) -> list[DictRow]:
    """The newest first; `active_at`: those in force then, else all. A stream's concern its host."""
    clauses = [
        """(%(user)s::uuid IS NULL OR s.user_id = %(user)s
            OR (rooms.host_id = %(user)s AND s.kind IN ('stream_muted', 'stream_stopped')))"""
    ]
    if active_at is not None:
        clauses.append(_ACTIVE)
    return await fetch_all(
        tx,
        f"{_SANCTION} WHERE {' AND '.join(clauses)} ORDER BY s.imposed_at DESC LIMIT %(limit)s",
        {"user": user_id, "now": active_at, "limit": limit},
    )


async def in_force(tx: Tx, user_id: UUID, room_id: UUID | None, now: datetime) -> list[DictRow]:
    """What holds for this account here, by its id or by a device it has used."""
    return await fetch_all(
        tx,
        f"""{_SANCTION} WHERE {_ACTIVE} AND (s.room_id IS NULL OR s.room_id = %(room)s)
            AND s.kind IN ('mute', 'shadow_mute', 'ban')
            AND (s.user_id = %(user)s
                 OR s.device_hash IN (SELECT hash FROM moderation_traces
                                      WHERE user_id = %(user)s AND kind = 'device'))""",
        {"user": user_id, "room": room_id, "now": now},
    )


async def of_device(tx: Tx, device_hash: bytes, room_id: UUID | None, now: datetime) -> list[DictRow]:
    """What holds for whoever comes with this device."""
    return await fetch_all(
        tx,
        f"""{_SANCTION} WHERE {_ACTIVE} AND (s.room_id IS NULL OR s.room_id = %(room)s)
            AND s.kind IN ('mute', 'shadow_mute', 'ban') AND s.device_hash = %(hash)s""",
        {"hash": device_hash, "room": room_id, "now": now},
    )


async def banned(tx: Tx, now: datetime) -> list[DictRow]:
    """`user_id` and `room_id` (null: the platform) of every ban in force, by account or by device."""
    return await fetch_all(
        tx,
        f"""SELECT s.user_id, s.room_id FROM moderation_sanctions s
            WHERE s.kind = 'ban' AND s.user_id IS NOT NULL AND {_ACTIVE}
            UNION
            SELECT t.user_id, s.room_id FROM moderation_sanctions s
            JOIN moderation_traces t ON t.kind = 'device' AND t.hash = s.device_hash
            WHERE s.kind = 'ban' AND {_ACTIVE}""",
        {"now": now},
    )


async def of_stream(tx: Tx, room_id: UUID, now: datetime) -> list[DictRow]:
    """What holds for a room's stream."""
    return await fetch_all(
        tx,
        f"""{_SANCTION} WHERE {_ACTIVE} AND s.kind IN ('stream_muted', 'stream_stopped') AND s.room_id = %(room)s
            ORDER BY s.imposed_at DESC""",
        {"room": room_id, "now": now},
    )


async def of_case(tx: Tx, case_id: UUID, now: datetime) -> list[DictRow]:
    """Sanctions in force that a case has led to."""
    return await fetch_all(
        tx, f"{_SANCTION} WHERE {_ACTIVE} AND s.case_id = %(case)s", {"case": case_id, "now": now}
    )


async def trace(tx: Tx, user_id: UUID, kind: str, hashed: bytes, now: datetime) -> None:
    await tx.execute(
        """INSERT INTO moderation_traces (user_id, kind, hash, seen_at) VALUES (%s, %s, %s, %s)
           ON CONFLICT (user_id, kind, hash) DO UPDATE SET seen_at = excluded.seen_at
           WHERE moderation_traces.seen_at < excluded.seen_at - interval '1 hour'""",
        (user_id, kind, hashed, now),
    )


async def traces(tx: Tx, user_id: UUID, kind: str) -> Sequence[bytes]:
    rows = await fetch_all(
        tx,
        "SELECT hash FROM moderation_traces WHERE user_id = %(user)s AND kind = %(kind)s",
        {"user": user_id, "kind": kind},
    )
    return [bytes(row["hash"]) for row in rows]


async def sharing(tx: Tx, user_id: UUID, kind: str) -> list[UUID]:
    """Other accounts with the same device or address."""
    rows = await fetch_all(
        tx,
        """SELECT DISTINCT other.user_id FROM moderation_traces mine
           JOIN moderation_traces other ON (other.kind, other.hash) = (mine.kind, mine.hash)
           WHERE mine.user_id = %(user)s AND mine.kind = %(kind)s AND other.user_id <> %(user)s
           LIMIT 100""",
        {"user": user_id, "kind": kind},
    )
    return [row["user_id"] for row in rows]


async def display_name(tx: Tx, user_id: UUID) -> str | None:
    row = await fetch_one(tx, "SELECT display_name FROM users WHERE id = %(id)s", {"id": user_id})
    return row["display_name"] if row else None
