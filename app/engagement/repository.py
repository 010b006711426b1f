"""Likes, and the states of the rooms they are for, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.core.db import Tx, fetch_all


async def likes(tx: Tx, room_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The likes stored for each room that has any."""
    rows = await fetch_all(
        tx, "SELECT room_id, likes FROM room_likes WHERE room_id = ANY(%(ids)s)", {"ids": list(room_ids)}
    )
    return {row["room_id"]: row["likes"] for row in rows}


async def set_likes(tx: Tx, totals: Mapping[UUID, int]) -> None:
    """A total below the stored one, or of a room that does not exist, changes nothing."""
    await tx.execute(
        """INSERT INTO room_likes (room_id, likes)
           SELECT id, total FROM unnest(%s::uuid[], %s::bigint[]) AS counted(id, total) JOIN rooms USING (id)
           ON CONFLICT (room_id) DO UPDATE SET likes = greatest(room_likes.likes, excluded.likes)""",
        (list(totals), list(totals.values())),
    )


async def room_statuses(tx: Tx, room_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Each existing room's status."""
    rows = await fetch_all(
        tx, "SELECT id, status FROM rooms WHERE id = ANY(%(ids)s)", {"ids": list(room_ids)}
    )
    return {row["id"]: row["status"] for row in rows}


async def watched_rooms(tx: Tx, ended_after: datetime) -> list[UUID]:
    """The rooms that are live, or ended after that moment."""
    rows = await fetch_all(
        tx,
        "SELECT id FROM rooms WHERE status = 'live' OR (status = 'ended' AND ended_at > %(after)s)",
        {"after": ended_after},
    )
    return [row["id"] for row in rows]
