"""Appeals as the API shows and takes them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, StringConstraints, model_validator

from ..cases.schemas import Case, Person, Reason
from ..sanctions.schemas import Sanction

AppealStatus = Literal["open", "granted", "denied"]


class AppealIn(BaseModel):
    """Against a decision on what one has written, or against a sanction; once each."""

    case_id: UUID | None = None
    sanction_id: UUID | None = None
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]

    @model_validator(mode="after")
    def _speaks_of_one(self) -> Self:
        if (self.case_id is None) == (self.sanction_id is None):
            raise ValueError("an appeal speaks of a case or of a sanction")
        return self


class Appeal(BaseModel):
    """What somebody says against a decision, and what became of it."""

    id: UUID
    case_id: UUID | None
    sanction_id: UUID | None
    appellant: Person
    text: str
    status: AppealStatus
    created_at: datetime
    decided_at: datetime | None
    reason: str | None


class AppealWithContext(Appeal):
    """For the moderator: with what it speaks against."""

    case: Case | None
    sanction: Sanction | None


class Appeals(BaseModel):
    """Oldest first."""

    items: list[AppealWithContext]


class AppealDecision(BaseModel):
    grant: bool
    reason: Reason


class OwnCase(BaseModel):
    """A decision about what one has written, without who reported or decided."""

    id: UUID
    surface: str
    room_title: str | None
    text: str
    categories: list[str]
    reason: str | None
    decided_at: datetime | None
    appealable: bool


class Mine(BaseModel):
    """What stands against oneself, and one's appeals."""

    cases: list[OwnCase]
    sanctions: list[Sanction]
    appeals: list[Appeal]
