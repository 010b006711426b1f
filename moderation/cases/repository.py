"""Cases in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from app.core.db import Tx, fetch_all, fetch_one

_CASE = """
SELECT c.*, rooms.title AS room_title, author.display_name AS author_name,
       claimer.display_name AS claimer_name, decider.display_name AS decider_name,
       (SELECT count(*) FROM moderation_reports WHERE case_id = c.id) AS reports
FROM moderation_cases c
LEFT JOIN rooms ON rooms.id = c.room_id
LEFT JOIN users author ON author.id = c.author_id
LEFT JOIN users claimer ON claimer.id = c.claimed_by
LEFT JOIN users decider ON decider.id = c.decided_by
"""
_FILTERS = {
    "open": ("c.status = 'open'", "c.urgency DESC, c.created_at, c.id"),
    "released": ("c.status = 'released'", "c.decided_at DESC"),
    "upheld": ("c.status = 'upheld'", "c.decided_at DESC"),
    "decided": ("c.status <> 'open'", "c.decided_at DESC"),
    "review": ("c.review = 'wanted'", "c.urgency DESC, c.decided_at"),
}


async def renew(tx: Tx, subject: tuple[str, str], text: str) -> None:
    """The subject's open case, if there is one, is about another text; what was found in the old one goes."""
    await tx.execute(
        """UPDATE moderation_cases SET text = %s, findings = '[]'
           WHERE subject_type = %s AND subject_id = %s AND status = 'open' AND text <> %s""",
        (text, *subject, text),
    )


async def decided(tx: Tx, subject: tuple[str, str], author_id: UUID, text: str) -> str | None:
    """How the last case about this text of this subject was decided: `released`, `upheld`."""
    row = await fetch_one(
        tx,
        """SELECT status FROM moderation_cases
           WHERE author_id = %(author)s AND subject_type = %(kind)s AND subject_id = %(id)s
             AND text = %(text)s AND status <> 'open' ORDER BY decided_at DESC LIMIT 1""",
        {"author": author_id, "kind": subject[0], "id": subject[1], "text": text},
    )
    return row["status"] if row else None


async def add(
    tx: Tx,
    *,
    case_id: UUID,
    surface: str,
    room_id: UUID | None,
    subject_type: str,
    subject_id: str,
    author_id: UUID | None,
    text: str,
    findings: Sequence[Mapping[str, Any]],
    evidence: Mapping[str, Any],
    action: str,
    policy_version: int,
    urgency: int,
    now: datetime,
    due_at: datetime,
) -> UUID:
    """The new case's id, or that of the subject's open case, to which the findings are added."""
    row = await (
        await tx.execute(
            """INSERT INTO moderation_cases
                 (id, surface, room_id, subject_type, subject_id, author_id, text, findings, evidence, action,
                  policy_version, urgency, created_at, due_at)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
               ON CONFLICT (subject_type, subject_id) WHERE status = 'open' DO UPDATE SET
                 findings = moderation_cases.findings || excluded.findings,
                 evidence = moderation_cases.evidence || excluded.evidence,
                 urgency = greatest(moderation_cases.urgency, excluded.urgency),
                 due_at = least(moderation_cases.due_at, excluded.due_at)
               RETURNING id""",
            (
                case_id,
                surface,
                room_id,
                subject_type,
                subject_id,
                author_id,
                text,
                Jsonb(list(findings)),
                Jsonb(dict(evidence)),
                action,
                policy_version,
                urgency,
                now,
                due_at,
            ),
        )
    ).fetchone()
    assert row is not None
    found: UUID = row["id"]
    return found


async def get(tx: Tx, case_id: UUID) -> DictRow | None:
    return await fetch_one(tx, _CASE + "WHERE c.id = %(id)s", {"id": case_id})


async def lock(tx: Tx, case_id: UUID) -> DictRow | None:
    """The case's row, held until the transaction ends: claims and decisions come one after the other."""
    return await fetch_one(tx, _CASE + "WHERE c.id = %(id)s FOR UPDATE OF c", {"id": case_id})


async def page(
    tx: Tx,
    status: str,
    *,
    surface: str | None = None,
    category: str | None = None,
    author_id: UUID | None = None,
    limit: int,
    offset: int,
) -> tuple[list[DictRow], int]:
    """One page of the queue and how many cases there are: open ones by urgency, decided ones by date."""
    query, condition, params = page_query(status, surface=surface, category=category, author_id=author_id)
    params |= {"limit": limit, "offset": offset}
    rows = await fetch_all(tx, query, params)
    total = await fetch_one(tx, f"SELECT count(*) AS n FROM moderation_cases c WHERE {condition}", params)
    assert total is not None
    return rows, total["n"]


def page_query(
    status: str, *, surface: str | None = None, category: str | None = None, author_id: UUID | None = None
) -> tuple[str, str, dict[str, Any]]:
    """The page's SELECT (which takes `limit` and `offset` besides), its condition, its parameters."""
    where, order = _FILTERS[status]
    clauses, params = [where], dict[str, Any]()
    if surface is not None:
        clauses.append("c.surface = %(surface)s")
        params["surface"] = surface
    if category is not None:
        clauses.append("c.findings @> %(category)s")
        params["category"] = Jsonb([{"category": category}])
    if author_id is not None:
        clauses.append("c.author_id = %(author)s")
        params["author"] = author_id
    condition = " AND ".join(clauses)
    query = f"{_CASE} WHERE {condition} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s"
    return query, condition, params


async def open_subject(tx: Tx, subject_type: str, subject_id: str) -> DictRow | None:
    """The open case about a subject."""
    return await fetch_one(
        tx,
        _CASE + "WHERE c.status = 'open' AND c.subject_type = %(type)s AND c.subject_id = %(id)s",
        {"type": subject_type, "id": subject_id},
    )


async def claim(tx: Tx, case_id: UUID, user_id: UUID, until: datetime) -> None:
    await tx.execute(
        "UPDATE moderation_cases SET claimed_by = %s, claimed_until = %s WHERE id = %s",
        (user_id, until, case_id),
    )


async def release_claim(tx: Tx, case_id: UUID) -> None:
    await tx.execute(
        "UPDATE moderation_cases SET claimed_by = NULL, claimed_until = NULL WHERE id = %s", (case_id,)
    )


async def decide(
    tx: Tx, case_id: UUID, *, status: str, user_id: UUID, now: datetime, reason: str, review: str
) -> None:
    await tx.execute(
        """UPDATE moderation_cases SET status = %s, decided_by = %s, decided_at = %s, reason = %s, review = %s,
             claimed_by = NULL, claimed_until = NULL WHERE id = %s""",
        (status, user_id, now, reason, review, case_id),
    )


async def review(tx: Tx, case_id: UUID, *, review: str, status: str, user_id: UUID, now: datetime) -> None:
    await tx.execute(
        """UPDATE moderation_cases SET review = %s, status = %s, reviewed_by = %s, reviewed_at = %s
           WHERE id = %s""",
        (review, status, user_id, now, case_id),
    )


async def set_status(tx: Tx, case_id: UUID, status: str) -> None:
    """What an appeal does to a decided case."""
    await tx.execute("UPDATE moderation_cases SET status = %s WHERE id = %s", (status, case_id))


async def set_urgency(tx: Tx, case_id: UUID, urgency: int, due_at: datetime) -> None:
    await tx.execute(
        """UPDATE moderation_cases SET urgency = greatest(urgency, %s), due_at = least(due_at, %s)
           WHERE id = %s""",
        (urgency, due_at, case_id),
    )


async def upheld_since(tx: Tx, author_id: UUID, since: datetime) -> int:
    """How often this author's cases were upheld since then."""
    row = await fetch_one(
        tx,
        """SELECT count(*) AS n FROM moderation_cases
           WHERE author_id = %(id)s AND status = 'upheld' AND decided_at >= %(since)s""",
        {"id": author_id, "since": since},
    )
    assert row is not None
    count: int = row["n"]
    return count
