"""Polls and votes in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one

_POLL = """
SELECT polls.*, ARRAY(
    SELECT (SELECT count(*) FROM poll_votes WHERE poll_id = polls.id AND option = number - 1)
    FROM generate_series(1, cardinality(options)) AS number ORDER BY number
) AS votes FROM polls
"""


@dataclass(frozen=True, slots=True)
class Vote:
    poll_id: UUID
    user_id: UUID
    option: int


async def add(
    tx: Tx,
    *,
    poll_id: UUID,
    room_id: UUID,
    created_by: UUID,
    question: str,
    options: Sequence[str],
    now: datetime,
    closes_at: datetime,
) -> None:
    await tx.execute(
        """INSERT INTO polls (id, room_id, created_by, question, options, created_at, closes_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s)""",
        (poll_id, room_id, created_by, question, list(options), now, closes_at),
    )


async def poll(tx: Tx, poll_id: UUID) -> DictRow | None:
    """The poll with the votes of each option."""
    return await fetch_one(tx, _POLL + "WHERE id = %(id)s", {"id": poll_id})


async def of_room(tx: Tx, room_id: UUID, limit: int) -> list[DictRow]:
    return await fetch_all(
        tx,
        _POLL + "WHERE room_id = %(room)s ORDER BY created_at DESC LIMIT %(limit)s",
        {"room": room_id, "limit": limit},
    )


async def polls(tx: Tx, poll_ids: Sequence[UUID]) -> list[DictRow]:
    """The polls alone."""
    return await fetch_all(tx, "SELECT * FROM polls WHERE id = ANY(%(ids)s)", {"ids": list(set(poll_ids))})


async def vote(tx: Tx, votes: Sequence[Vote], now: datetime) -> list[Vote]:
    """Store the first vote of each person in each poll; those that were stored."""
    rows = await fetch_all(
        tx,
        """INSERT INTO poll_votes (poll_id, user_id, option, voted_at)
           SELECT poll_id, user_id, option, %(now)s
           FROM unnest(%(polls)s::uuid[], %(users)s::uuid[], %(options)s::int[]) AS cast_(poll_id, user_id, option)
           ON CONFLICT DO NOTHING RETURNING poll_id, user_id, option""",
        {
            "polls": [item.poll_id for item in votes],
            "users": [item.user_id for item in votes],
            "options": [item.option for item in votes],
            "now": now,
        },
    )
    return [Vote(row["poll_id"], row["user_id"], row["option"]) for row in rows]
