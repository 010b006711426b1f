"""Browsers that asked to be told, and followers as they are told, in SQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all
from app.engagement.notices.push import Subscription

SUBSCRIPTIONS_LIMIT = 10


async def subscribe(tx: Tx, user_id: UUID, subscription: Subscription, now: datetime) -> None:
    """The browser belongs to whoever subscribed last; a user's oldest beyond the limit are forgotten."""
    await tx.execute(
        """INSERT INTO push_subscriptions (endpoint, user_id, p256dh, auth, created_at)
           VALUES (%s, %s, %s, %s, %s)
           ON CONFLICT (endpoint) DO UPDATE SET user_id = excluded.user_id, p256dh = excluded.p256dh,
             auth = excluded.auth, created_at = excluded.created_at""",
        (subscription.endpoint, user_id, subscription.p256dh, subscription.auth, now),
    )
    await tx.execute(
        """DELETE FROM push_subscriptions WHERE user_id = %s AND endpoint NOT IN (
             SELECT endpoint FROM push_subscriptions WHERE user_id = %s ORDER BY created_at DESC LIMIT %s)""",
        (user_id, user_id, SUBSCRIPTIONS_LIMIT),
    )


async def unsubscribe(tx: Tx, user_id: UUID, endpoint: str) -> None:
    await tx.execute(
        "DELETE FROM push_subscriptions WHERE user_id = %s AND endpoint = %s", (user_id, endpoint)
    )


async def forget(tx: Tx, endpoints: Sequence[str]) -> None:
    await tx.execute("DELETE FROM push_subscriptions WHERE endpoint = ANY(%s)", (list(endpoints),))


async def subscriptions(tx: Tx, user_ids: Sequence[UUID]) -> list[tuple[str, Subscription]]:
    """(the user's language, a browser of theirs)."""
    rows = await fetch_all(
        tx,
        """SELECT endpoint, p256dh, auth, locale FROM push_subscriptions JOIN users ON users.id = user_id
           WHERE user_id = ANY(%(users)s)""",
        {"users": list(user_ids)},
    )
    return [(row["locale"], Subscription(row["endpoint"], row["p256dh"], row["auth"])) for row in rows]


async def addressees(tx: Tx, host_id: UUID, user_ids: Sequence[UUID]) -> list[DictRow]:
    """`email` and `locale` of those of these followers who want to be told by e-mail."""
    return await fetch_all(
        tx,
        """SELECT email, locale FROM follows JOIN users ON users.id = user_id
           WHERE host_id = %(host)s AND user_id = ANY(%(users)s) AND by_email""",
        {"host": host_id, "users": list(user_ids)},
    )
