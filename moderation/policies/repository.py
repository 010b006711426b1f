"""Policies in SQL."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from app.core.db import Tx, fetch_all, fetch_one

_POLICY = """
SELECT p.version, p.body, p.note, p.created_at, users.display_name AS created_by
FROM moderation_policies p LEFT JOIN users ON users.id = p.created_by
"""


async def newest(tx: Tx) -> DictRow | None:
    return await fetch_one(tx, _POLICY + "ORDER BY version DESC LIMIT 1")


async def version(tx: Tx, number: int) -> DictRow | None:
    return await fetch_one(tx, _POLICY + "WHERE version = %(version)s", {"version": number})


async def history(tx: Tx, limit: int = 100) -> list[DictRow]:
    return await fetch_all(tx, _POLICY + "ORDER BY version DESC LIMIT %(limit)s", {"limit": limit})


async def add(tx: Tx, number: int, body: dict[str, Any], note: str, user_id: UUID, now: datetime) -> bool:
    """False where somebody else has made this version meanwhile."""
    cursor = await tx.execute(
        """INSERT INTO moderation_policies (version, body, note, created_by, created_at)
           VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        (number, Jsonb(body), note, user_id, now),
    )
    return cursor.rowcount == 1
