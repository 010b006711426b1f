"""From findings to effects: one table, first matching row of each finding wins, the gravest effect decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from .findings import Category, Finding, Surface

ANY = "*"


class Action(StrEnum):
    """What becomes of a text: published; published and queued; held back and queued."""

    ALLOW = "allow"
    FLAG = "flag"
    BLOCK = "block"


_GRAVITY = {Action.ALLOW: 0, Action.FLAG: 1, Action.BLOCK: 2}


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """For findings of `category` on `surface` by somebody in `role`, from `min_score` up: the action. `*` is any."""

    category: str
    action: Action
    min_score: float = 0.5
    surface: str = ANY
    role: str = ANY

    def matches(self, finding: Finding, surface: Surface, role: str) -> bool:
        """Whether the rule speaks about this finding."""
        return (
            self.category in (ANY, finding.category)
            and self.surface in (ANY, surface)
            and self.role in (ANY, role)
            and finding.score >= self.min_score
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """An ordered table of rules; what no rule matches is allowed."""

    rules: Sequence[PolicyRule]
    version: int = 0

    def action(self, findings: Iterable[Finding], surface: Surface, role: str = "viewer") -> Action:
        """The gravest action over all findings."""
        actions = [self._of(finding, surface, role) for finding in findings]
        return max(actions, key=_GRAVITY.__getitem__, default=Action.ALLOW)

    def _of(self, finding: Finding, surface: Surface, role: str) -> Action:
        return next((r.action for r in self.rules if r.matches(finding, surface, role)), Action.ALLOW)

    def as_json(self) -> list[dict[str, Any]]:
        """The form of the API and of the database."""
        return [
            {
                "category": r.category,
                "action": r.action,
                "min_score": r.min_score,
                "surface": r.surface,
                "role": r.role,
            }
            for r in self.rules
        ]


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    """What is said on air cannot be held back: it is flagged. In chat and catalogue the grave is held back."""
    grave = (Category.ABUSE, Category.SEXUAL, Category.GAMBLING, Category.ILLEGAL, Category.DIVERSION)
    return Policy((
        PolicyRule(ANY, Action.FLAG, surface=Surface.SPEECH),
        PolicyRule(Category.UNSCREENED, Action.BLOCK),
        *(PolicyRule(category, Action.BLOCK, min_score=0.8) for category in grave),
        PolicyRule(ANY, Action.FLAG),
    ))  # fmt: skip
