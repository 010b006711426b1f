"""What a rule of `presentation` is."""

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where, seen from the product's name, a pattern is looked for."""

    LEFT = "left"
    """Before the name, over clauses; in an earlier clause its weight is multiplied by `Rule.carries`."""
    CLAUSE_LEFT = "clause left"
    ADJACENT = "adjacent"
    """Ends right before the name."""
    CLAUSE_RIGHT = "clause right"
    RIGHT = "right"
    """After the name, over clauses."""
    AFTER = "after"
    """Begins right after the name."""


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    """Shown to the host as the reason."""
    place: Place
    weight: float
    pattern: str
    """A regular expression; line breaks and indentation are left out, a blank at a line's end is `[ ]`."""
    family: str = ""
    """Of the rules of one family only the strongest counts; by default the rule's name."""
    carries: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", "".join(line.strip() for line in self.pattern.splitlines()))
        if not self.family:
            object.__setattr__(self, "family", self.name)
