"""The audit log in PostgreSQL, where a trigger refuses every change and removal."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from app.core.db import Tx, fetch_all

from .chain import GENESIS, Entry, seal

_LOCK = 0x5C0D_0005
_PAGE = 500


async def append(
    tx: Tx, *, at: datetime, actor_id: UUID | None, action: str, subject: str, details: Mapping[str, Any]
) -> Entry:
    """Add an entry at the end; writers queue for each other until the transaction ends, so call it last."""
    details = orjson.loads(orjson.dumps(details, default=str))
    await tx.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    cursor = await tx.execute("SELECT seq, hash FROM moderation_audit ORDER BY seq DESC LIMIT 1")
    last = await cursor.fetchone()
    entry = seal(
        last["seq"] + 1 if last else 1,
        at,
        actor_id,
        action,
        subject,
        details,
        last["hash"] if last else GENESIS,
    )
    await tx.execute(
        """INSERT INTO moderation_audit (seq, at, actor_id, action, subject, details, previous_hash, hash)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            entry.seq,
            entry.at,
            entry.actor_id,
            entry.action,
            entry.subject,
            Jsonb(details),
            entry.previous_hash,
            entry.hash,
        ),
    )
    return entry


async def read(tx: Tx, *, after: int = 0, subject: str | None = None) -> AsyncIterator[Entry]:
    """Entries in order, those of one subject alone if asked; pages through the log."""
    while True:
        rows = await fetch_all(
            tx,
            """SELECT * FROM moderation_audit
               WHERE seq > %(after)s AND (%(subject)s::text IS NULL OR subject = %(subject)s)
               ORDER BY seq LIMIT %(limit)s""",
            {"after": after, "subject": subject, "limit": _PAGE},
        )
        for row in rows:
            yield _entry(row)
        if len(rows) < _PAGE:
            return
        after = rows[-1]["seq"]


def _entry(row: DictRow) -> Entry:
    return Entry(
        row["seq"],
        row["at"],
        row["actor_id"],
        row["action"],
        row["subject"],
        row["details"],
        bytes(row["previous_hash"]),
        bytes(row["hash"]),
    )
