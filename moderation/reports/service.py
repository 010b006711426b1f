"""Reports from viewers."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import BaseModel, StringConstraints

from app.core.auth import Principal
from app.core.clock import Clock
from app.core.db import Tx, fetch_one
from app.core.errors import NotFound, RateLimited
from app.core.ids import new_id

from ..cases import repository as cases
from ..cases import service as case_service
from ..cases.urgency import target
from ..findings import Category, Surface
from ..policy import Action

REPORTS_PER_HOUR = 20


class SubjectGone(NotFound):
    code = "subject_gone"
    title = "What you report is not there"


class ReportIn(BaseModel):
    """What is reported, such as `message` and its id, and why."""

    subject_type: str
    subject_id: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    category: Category
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


class Reported(BaseModel):
    """Thanks: `case_id` is what a moderator will decide."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class ReportedSubject:
    """Something that can be reported, as it stands."""

    surface: Surface
    room_id: UUID | None
    author_id: UUID | None
    text: str


class Reportables(Protocol):
    """Finds what a report speaks of; None where it is gone or was never visible."""

    async def find(self, tx: Tx, subject_type: str, subject_id: str) -> ReportedSubject | None: ...


class FixedReportables:
    """A Reportables for tests: one subject by type and id."""

    def __init__(self) -> None:
        self.subjects: dict[tuple[str, str], ReportedSubject] = {}

    async def find(self, tx: Tx, subject_type: str, subject_id: str) -> ReportedSubject | None:
        return self.subjects.get((subject_type, subject_id))


async def report(
    tx: Tx, clock: Clock, reportables: Reportables, reporter: Principal, form: ReportIn
) -> Reported:
    """Join the subject's open case or open one; one person counts once. Raises SubjectGone, RateLimited."""
    await _require_pace(tx, clock, reporter.user_id)
    subject = await reportables.find(tx, form.subject_type, form.subject_id)
    if subject is None:
        raise SubjectGone
    case_id = await case_service.open_case(
        tx,
        clock,
        surface=subject.surface,
        room_id=subject.room_id,
        subject=(form.subject_type, form.subject_id),
        author_id=subject.author_id,
        text=subject.text,
        findings=[],
        action=Action.FLAG,
    )
    added = await tx.execute(
        """INSERT INTO moderation_reports (id, case_id, reporter_id, category, note, created_at)
           VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (case_id, reporter_id) DO NOTHING""",
        (
            new_id(),
            case_id,
            reporter.user_id,
            form.category,
            case_service.storable(form.note),
            clock.now(),
        ),
    )
    if added.rowcount:
        await _raise_urgency(tx, clock, case_id)
    return Reported(case_id=case_id)


async def _raise_urgency(tx: Tx, clock: Clock, case_id: UUID) -> None:
    row = await cases.lock(tx, case_id)
    assert row is not None
    value = min(row["urgency"] + 5, 100)
    await cases.set_urgency(tx, case_id, value, clock.now() + target(value))


async def _require_pace(tx: Tx, clock: Clock, reporter_id: UUID) -> None:
    row = await fetch_one(
        tx,
        "SELECT count(*) AS n FROM moderation_reports WHERE reporter_id = %(id)s AND created_at > %(since)s",
        {"id": reporter_id, "since": clock.now() - timedelta(hours=1)},
    )
    if row is not None and row["n"] >= REPORTS_PER_HOUR:
        raise RateLimited(retry_after_s=3600)
