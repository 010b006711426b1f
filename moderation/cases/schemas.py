"""Cases as the API shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

CaseStatus = Literal["open", "released", "upheld"]
Decision = Literal["release", "uphold"]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Person(BaseModel):
    """Somebody with an account."""

    id: UUID
    display_name: str


class Subject(BaseModel):
    """What the case is about: `message`, `segment`, `product`, `frame`, `user` and `room_title` (their names)."""

    type: str
    id: str


class FindingOut(BaseModel):
    """`start` and `end`: a half-open span of the case's text in code points."""

    category: str
    score: float
    detector: str
    start: int
    end: int
    evidence: str


class Case(BaseModel):
    """A case with its evidence. `due_at`: when it should be decided; `evidence`: frame, sound, context."""

    id: UUID
    surface: str
    room_id: UUID | None
    room_title: str | None
    subject: Subject
    author: Person | None
    text: str
    findings: list[FindingOut]
    evidence: dict[str, Any]
    status: CaseStatus
    visible: bool
    urgency: int
    reports: int
    created_at: datetime
    due_at: datetime
    claimed_by: Person | None
    claimed_until: datetime | None
    decided_by: Person | None
    decided_at: datetime | None
    reason: str | None
    review: Literal["none", "wanted", "confirmed", "overturned"]


class CasePage(BaseModel):
    """`total` counts all that match, not only this page."""

    items: list[Case]
    total: int


class DecisionIn(BaseModel):
    """What a moderator decides, and why."""

    decision: Decision
    reason: Reason


class BulkDecisionIn(DecisionIn):
    """One decision on many cases."""

    case_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]


class Refused(BaseModel):
    """A case of a bulk decision that was not decided."""

    id: UUID
    code: str


class BulkDecided(BaseModel):
    """What became of a bulk decision."""

    decided: list[UUID]
    refused: list[Refused]


class ReviewIn(BaseModel):
    """A second look at a decision: does it stand?"""

    confirm: bool
    reason: Reason
