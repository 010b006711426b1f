"""Pictures and sound that belong to a case, and what stood around its words."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from app.core.db import Tx, fetch_all, fetch_one
from app.core.ids import new_id

ContentType = Literal["image/jpeg", "audio/wav"]
KEPT_EACH = 5
AROUND = 4


class Said(BaseModel):
    """A message or a sentence beside the one that the case is about; `own`: that one itself."""

    id: UUID
    author: str | None
    text: str
    at: datetime
    own: bool


class Clip(BaseModel):
    """A picture or sound, served by `/api/moderation/evidence/{id}`."""

    id: UUID
    content_type: ContentType
    created_at: datetime


class CaseContext(BaseModel):
    """What a moderator sees beside a case: its neighbours in order of time, pictures and sound, the reports."""

    around: list[Said]
    clips: list[Clip]
    reports: list["Report"]


class Report(BaseModel):
    """What a viewer said when reporting."""

    category: str
    note: str
    created_at: datetime


async def keep(tx: Tx, case_id: UUID, content_type: ContentType, body: bytes, now: datetime) -> UUID:
    """Add to a case; the oldest beyond `KEPT_EACH` of its kind go."""
    evidence_id = new_id()
    await tx.execute(
        """INSERT INTO moderation_evidence (id, case_id, content_type, body, created_at)
           VALUES (%s, %s, %s, %s, %s)""",
        (evidence_id, case_id, content_type, body, now),
    )
    await tx.execute(
        """DELETE FROM moderation_evidence WHERE id IN (
             SELECT id FROM moderation_evidence WHERE case_id = %s AND content_type = %s
             ORDER BY created_at DESC, id DESC OFFSET %s)""",
        (case_id, content_type, KEPT_EACH),
    )
    return evidence_id


async def body(tx: Tx, evidence_id: UUID) -> tuple[str, bytes] | None:
    """Content type and content."""
    row = await fetch_one(
        tx, "SELECT content_type, body FROM moderation_evidence WHERE id = %(id)s", {"id": evidence_id}
    )
    return (row["content_type"], bytes(row["body"])) if row else None


async def context(tx: Tx, case_id: UUID, surface: str, subject: tuple[str, str]) -> CaseContext:
    """All of it; a subject that is gone has no neighbours."""
    clips = await fetch_all(
        tx,
        """SELECT id, content_type, created_at FROM moderation_evidence WHERE case_id = %(case)s
           ORDER BY created_at, id""",
        {"case": case_id},
    )
    reports = await fetch_all(
        tx,
        """SELECT category, note, created_at FROM moderation_reports WHERE case_id = %(case)s
           ORDER BY created_at DESC LIMIT 20""",
        {"case": case_id},
    )
    around = await _around(tx, *subject)
    return CaseContext(
        around=around,
        clips=[Clip.model_validate(row) for row in clips],
        reports=[Report.model_validate(row) for row in reports],
    )


async def _around(tx: Tx, kind: str, subject_id: str) -> list[Said]:
    query = _AROUND.get(kind)
    try:
        key = UUID(subject_id)
    except ValueError:
        return []
    if query is None:
        return []
    rows = await fetch_all(tx, query, {"id": key, "n": AROUND})
    return [Said.model_validate(row) for row in rows]


_MESSAGES = """
WITH own AS (SELECT id, room_id FROM chat_messages WHERE id = %(id)s),
near AS (
    (SELECT m.* FROM chat_messages m, own WHERE m.room_id = own.room_id AND m.id <= own.id
     ORDER BY m.id DESC LIMIT %(n)s + 1)
    UNION ALL
    (SELECT m.* FROM chat_messages m, own WHERE m.room_id = own.room_id AND m.id > own.id
     ORDER BY m.id LIMIT %(n)s)
)
SELECT near.id, users.display_name AS author, near.text, near.created_at AS at, near.id = %(id)s AS own
FROM near LEFT JOIN users ON users.id = near.author_id ORDER BY near.id
"""
_SENTENCES = """
WITH own AS (SELECT id, room_id FROM transcript_segments WHERE id = %(id)s),
near AS (
    (SELECT s.* FROM transcript_segments s, own WHERE s.room_id = own.room_id AND s.id <= own.id
     ORDER BY s.id DESC LIMIT %(n)s + 1)
    UNION ALL
    (SELECT s.* FROM transcript_segments s, own WHERE s.room_id = own.room_id AND s.id > own.id
     ORDER BY s.id LIMIT %(n)s)
)
SELECT id, NULL AS author, text, created_at AS at, id = %(id)s AS own FROM near ORDER BY id
"""
_AROUND = {"message": _MESSAGES, "segment": _SENTENCES}
