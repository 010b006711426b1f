"""From findings to effects: one table; for each finding the first row that matches; effects add up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

from .findings import Category, Finding, Surface

ANY: Final = "*"
HOST: Final = "host"
VIEWER: Final = "viewer"


class Effect(StrEnum):
    """What is done: `mute` and `stop` speak of the host's stream or the author, as the surface has it."""

    MASK = "mask"
    HOLD = "hold"
    WARN = "warn"
    MUTE = "mute"
    STOP = "stop"
    CASE = "case"


class Action(StrEnum):
    """The effects in one word: published; published and looked at or warned about; held back."""

    ALLOW = "allow"
    FLAG = "flag"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """A row: for findings of `category` from `min_score` up, on `surface`, by `role`, in `room_id`: `effects`.

    `*` is any. With `repeats` above 1 the row speaks only once the author has had so many findings of the
    category within the last ten minutes, this one included.
    """

    category: str
    effects: tuple[Effect, ...] = ()
    min_score: float = 0.5
    surface: str = ANY
    role: str = ANY
    room_id: str = ANY
    repeats: int = 1

    def matches(self, finding: Finding, subject: "Subject") -> bool:
        """Whether the row speaks about this finding."""
        return (
            self.category in (ANY, finding.category)
            and self.surface in (ANY, subject.surface)
            and self.role in (ANY, subject.role)
            and self.room_id in (ANY, subject.room_id)
            and finding.score >= self.min_score
            and (self.repeats <= 1 or subject.counts.get(finding.category, 1) >= self.repeats)
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """What the rows ask besides the finding. `counts`: the author's recent findings by category."""

    surface: Surface
    role: str = "viewer"
    room_id: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PatternEntry:
    """What an admin adds to the lists: a `word` (found however it is disguised) or a `regex` (RE2 syntax)."""

    category: str
    kind: str
    text: str
    score: float = 0.9
    surface: str = ANY


@dataclass(frozen=True, slots=True)
class Policy:
    """An ordered table and the added patterns. What no row matches has no effect."""

    rules: Sequence[PolicyRule]
    patterns: tuple[PatternEntry, ...] = ()
    version: int = 0

    def effects(self, findings: Iterable[Finding], subject: Subject) -> frozenset[Effect]:
        """All effects of all findings."""
        return frozenset(effect for finding in findings for effect in self.rule(finding, subject).effects)

    def rule(self, finding: Finding, subject: Subject) -> PolicyRule:
        """The row that speaks about a finding, or an empty one."""
        return next((r for r in self.rules if r.matches(finding, subject)), _NOTHING)

    def masked(self, text: str, findings: Iterable[Finding], subject: Subject) -> str:
        """`text` with a star for each character of the findings whose rows mask."""
        out = list(text)
        for finding in findings:
            if Effect.MASK in self.rule(finding, subject).effects:
                for at in range(finding.start, min(finding.end, len(out))):
                    out[at] = " " if out[at].isspace() else "*"
        return "".join(out)


_NOTHING = PolicyRule(ANY)


def action_of(effects: Iterable[Effect]) -> Action:
    """The effects in one word."""
    effects = frozenset(effects)
    if Effect.HOLD in effects:
        return Action.BLOCK
    return Action.FLAG if effects else Action.ALLOW


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    """What is said or shown on air cannot be held back: the host is warned. In chat and catalogue the grave is.

    A name that would be held is refused.
    """
    grave = (Category.ABUSE, Category.SEXUAL, Category.GAMBLING, Category.ILLEGAL, Category.DIVERSION)
    warn, case, hold, mute = Effect.WARN, Effect.CASE, Effect.HOLD, Effect.MUTE
    speech, shown, name, stop = Surface.SPEECH, Surface.PICTURE, Surface.PROFILE, Effect.STOP
    return Policy((
        PolicyRule(Category.UNSCREENED, surface=speech),
        PolicyRule(Category.SPAM, surface=speech),
        PolicyRule(Category.ILLEGAL, (warn, case, mute), 0.9, speech, repeats=3),
        PolicyRule(Category.SEXUAL, (warn, case, mute), 0.9, speech, repeats=3),
        PolicyRule(Category.AD_LAW, (warn, case), surface=speech, repeats=3),
        PolicyRule(Category.AD_LAW, (warn,), surface=speech),
        PolicyRule(ANY, (warn, case), surface=speech),
        PolicyRule(Category.UNSCREENED, (case,), surface=shown),
        PolicyRule(Category.SEXUAL, (warn, case, stop), 0.8, shown, HOST, repeats=2),
        PolicyRule(ANY, (warn, case), 0.5, shown, HOST),
        PolicyRule(Category.UNSCREENED, (case,), surface=name),
        PolicyRule(Category.SPAM, surface=name),
        PolicyRule(Category.AD_LAW, surface=name, role=VIEWER),
        PolicyRule(Category.IMPERSONATION, (hold,), 0.8, name, VIEWER),
        *(PolicyRule(category, (hold,), 0.8, name) for category in (*grave, Category.PRIVACY)),
        PolicyRule(Category.UNSCREENED, (hold, case)),
        *(PolicyRule(category, (hold, case), 0.8) for category in grave),
        PolicyRule(ANY, (case,)),
    ))  # fmt: skip
