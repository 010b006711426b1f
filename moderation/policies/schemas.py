"""The policy as the API shows and takes it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from ..findings import Category, Surface
from ..policy import ANY, Effect, PatternEntry, Policy, PolicyRule

AnyCategory = Category | Literal["*"]
AnySurface = Surface | Literal["*"]


class RuleBody(BaseModel):
    """A row of the table; `*` is any. The first row that matches a finding speaks for it."""

    category: AnyCategory
    effects: list[Effect] = []
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.5
    surface: AnySurface = ANY
    role: Literal["*", "viewer", "host", "merchant"] = ANY
    room_id: UUID | Literal["*"] = ANY
    repeats: Annotated[int, Field(ge=1, le=100)] = 1

    def as_rule(self) -> PolicyRule:
        return PolicyRule(
            self.category,
            tuple(self.effects),
            self.min_score,
            self.surface,
            self.role,
            str(self.room_id),
            self.repeats,
        )


class PatternBody(BaseModel):
    """An added word (found however it is disguised) or RE2 pattern."""

    category: Category
    kind: Literal["word", "regex"]
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    score: Annotated[float, Field(gt=0, le=1)] = 0.9
    surface: AnySurface = ANY

    def as_entry(self) -> PatternEntry:
        return PatternEntry(self.category, self.kind, self.text, self.score, self.surface)


class PolicyBody(BaseModel):
    """The whole table and the added patterns."""

    rules: Annotated[list[RuleBody], Field(max_length=500)]
    patterns: Annotated[list[PatternBody], Field(max_length=2000)] = []

    def as_policy(self, version: int = 0) -> Policy:
        return Policy(
            tuple(rule.as_rule() for rule in self.rules),
            tuple(pattern.as_entry() for pattern in self.patterns),
            version,
        )

    @classmethod
    def of(cls, policy: Policy) -> "PolicyBody":
        return cls.model_validate(
            {
                "rules": [
                    {name: getattr(rule, name) for name in RuleBody.model_fields} for rule in policy.rules
                ],
                "patterns": [
                    {name: getattr(entry, name) for name in PatternBody.model_fields}
                    for entry in policy.patterns
                ],
            }
        )


class PolicyChange(PolicyBody):
    """A new version. `based_on`: the version that was edited; another one meanwhile is a conflict."""

    based_on: int
    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class PolicyVersion(PolicyBody):
    """Version 0 is what comes with the platform."""

    version: int
    note: str
    created_by: str | None
    created_at: datetime | None


class PolicyHistory(BaseModel):
    """Newest first, without the tables."""

    items: list["PolicyEdition"]


class PolicyEdition(BaseModel):
    version: int
    note: str
    created_by: str | None
    created_at: datetime


class ChangedText(BaseModel):
    """A text of the last day that would come out otherwise."""

    surface: str
    text: str
    before: str
    after: str
    because_of: list[str]


class DryRun(BaseModel):
    """`changes`: how many texts go from one action to another, such as `allow>block`; at most 50 shown."""

    texts: int
    changes: dict[str, int]
    samples: list[ChangedText]
