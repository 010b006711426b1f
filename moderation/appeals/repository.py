"""Appeals in SQL."""

from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one

_APPEAL = """
SELECT a.*, users.display_name AS appellant_name
FROM moderation_appeals a JOIN users ON users.id = a.appellant_id
"""


async def add(
    tx: Tx,
    *,
    appeal_id: UUID,
    case_id: UUID | None,
    sanction_id: UUID | None,
    appellant_id: UUID,
    text: str,
    now: datetime,
) -> bool:
    """False where this decision has been appealed against before."""
    cursor = await tx.execute(
        """INSERT INTO moderation_appeals (id, case_id, sanction_id, appellant_id, text, created_at)
           VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        (appeal_id, case_id, sanction_id, appellant_id, text, now),
    )
    return cursor.rowcount == 1


async def lock(tx: Tx, appeal_id: UUID) -> DictRow | None:
    return await fetch_one(tx, _APPEAL + "WHERE a.id = %(id)s FOR UPDATE OF a", {"id": appeal_id})


async def listed(
    tx: Tx, *, status: str | None = None, appellant_id: UUID | None = None, limit: int = 100
) -> list[DictRow]:
    return await fetch_all(
        tx,
        _APPEAL
        + """WHERE (%(status)s::text IS NULL OR a.status = %(status)s)
               AND (%(user)s::uuid IS NULL OR a.appellant_id = %(user)s)
             ORDER BY a.created_at LIMIT %(limit)s""",
        {"status": status, "user": appellant_id, "limit": limit},
    )


async def decide(tx: Tx, appeal_id: UUID, *, status: str, user_id: UUID, now: datetime, reason: str) -> None:
    await tx.execute(
        """UPDATE moderation_appeals SET status = %s, decided_by = %s, decided_at = %s, reason = %s
           WHERE id = %s""",
        (status, user_id, now, reason, appeal_id),
    )
