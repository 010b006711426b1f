"""Who follows which host, in SQL."""

from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one


async def is_host(tx: Tx, user_id: UUID) -> bool:
    row = await fetch_one(
        tx, "SELECT 'host' = ANY(roles) AS host FROM users WHERE id = %(id)s", {"id": user_id}
    )
    return bool(row and row["host"])


async def add(tx: Tx, user_id: UUID, host_id: UUID, now: datetime, *, by_email: bool) -> None:
    """Following twice is following once, told as was said last."""
    await tx.execute(
        """INSERT INTO follows (user_id, host_id, created_at, by_email) VALUES (%s, %s, %s, %s)
           ON CONFLICT (user_id, host_id) DO UPDATE SET by_email = excluded.by_email""",
        (user_id, host_id, now, by_email),
    )


async def remove(tx: Tx, user_id: UUID, host_id: UUID) -> None:
    await tx.execute("DELETE FROM follows WHERE user_id = %s AND host_id = %s", (user_id, host_id))


async def count(tx: Tx, host_id: UUID, user_id: UUID | None) -> DictRow:
    """`followers` of the host, whether the user is one of them, and told by e-mail."""
    row = await fetch_one(
        tx,
        """SELECT count(*) AS followers, coalesce(bool_or(user_id = %(user)s), false) AS following,
                  coalesce(bool_or(user_id = %(user)s AND by_email), false) AS by_email
           FROM follows WHERE host_id = %(host)s""",
        {"host": host_id, "user": user_id},
    )
    assert row is not None
    return row


async def followers(tx: Tx, host_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
    """The next followers in the order of their ids."""
    rows = await fetch_all(
        tx,
        """SELECT user_id FROM follows WHERE host_id = %(host)s AND (%(after)s::uuid IS NULL OR user_id > %(after)s)
           ORDER BY user_id LIMIT %(limit)s""",
        {"host": host_id, "after": after, "limit": limit},
    )
    return [row["user_id"] for row in rows]
