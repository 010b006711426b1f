"""Which names were asked for within a day, taken or refused: what a changed policy is tried on."""

from datetime import datetime, timedelta

from psycopg.rows import DictRow

from app.core.clock import Clock
from app.core.db import Tx, fetch_all

KEPT_FOR = timedelta(days=1)


async def asked(tx: Tx, clock: Clock, kind: str, text: str) -> None:
    """Remember a name (`user`, `room_title`) for a day."""
    now = clock.now()
    await tx.execute(
        """INSERT INTO moderation_names (kind, text, asked_at) VALUES (%s, %s, %s)
           ON CONFLICT (kind, text) DO UPDATE SET asked_at = excluded.asked_at""",
        (kind, text, now),
    )
    await tx.execute(
        """DELETE FROM moderation_names WHERE (kind, text) IN (
             SELECT kind, text FROM moderation_names WHERE asked_at < %s LIMIT 100 FOR UPDATE SKIP LOCKED)""",
        (now - KEPT_FOR,),
    )


async def since(tx: Tx, since: datetime, limit: int) -> list[DictRow]:
    """`kind` and `text`, the newest first."""
    return await fetch_all(
        tx,
        """SELECT kind, text FROM moderation_names WHERE asked_at >= %(since)s
           ORDER BY asked_at DESC, kind, text LIMIT %(limit)s""",
        {"since": since, "limit": limit},
    )
