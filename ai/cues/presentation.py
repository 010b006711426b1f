"""Whether a host who names a product presents it, or only speaks of it: a teaser, a comparison, the past.

Each rule is a pattern of the language, not of a shop. It is looked for in a place relative to the name and
gives evidence for (positive) or against (negative) presenting; the sum decides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ai.cues.rules import Place, Rule
from ai.cues.rules_en import ENGLISH
from ai.cues.rules_zh import CHINESE

_BOUNDARY = re.compile(r"[,，.。!?！？;；、:：\s]+")
_EN_BOUNDARY = re.compile(r"[,.!?;:]+\s*")
_REACH = {"zh": (22, 16, 26), "en": (70, 45, 80)}
"""Characters looked at: before the name over clauses, right after it in its clause, after it over clauses."""


class Act(StrEnum):
    INTRODUCE = "introduce"
    MENTION = "mention"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a name is used, and why."""

    act: Act
    score: float
    """Sum of the evidence; 1 and more: certain, also when nothing is known yet of what follows."""
    rules: tuple[str, ...]

    @property
    def certain(self) -> bool:
        return abs(self.score) >= 1.0


@dataclass(frozen=True, slots=True)
class _Surroundings:
    clause_left: str
    left: str
    clause_right: str
    right: str

    def at(self, place: Place) -> str:
        return {
            Place.LEFT: self.left,
            Place.CLAUSE_LEFT: self.clause_left,
            Place.ADJACENT: self.clause_left,
            Place.CLAUSE_RIGHT: self.clause_right,
            Place.RIGHT: self.right,
            Place.AFTER: self.right,
        }[place]


def read(before: str, name: str, after: str, language: str) -> Reading:
    """How `name` is used after `before` (may begin in the previous utterance) and before `after`."""
    around = _surroundings(before, after, language)
    evidence = [
        (rule, weight)
        for rule in (ENGLISH if language == "en" else CHINESE)
        if (weight := _weigh(rule, around))
    ]
    score = _sum([(rule, weight) for rule, weight in evidence])
    act = Act.INTRODUCE if score >= 0.3 else Act.MENTION if score <= -0.3 else Act.UNCLEAR
    return Reading(act, round(score, 2), tuple(dict.fromkeys(rule.name for rule, _ in evidence)))


def _sum(evidence: Sequence[tuple[Rule, float]]) -> float:
    """The strongest of each rule's family counts; families add up."""
    strongest: dict[str, float] = {}
    for rule, weight in evidence:
        if abs(weight) > abs(strongest.get(rule.family, 0.0)):
            strongest[rule.family] = weight
    return sum(strongest.values())


def _weigh(rule: Rule, around: _Surroundings) -> float:
    text = around.at(rule.place)
    if rule.place is Place.ADJACENT:
        return rule.weight if _ending(rule.pattern).search(text) else 0.0
    if rule.place is Place.AFTER:
        return rule.weight if re.compile(rule.pattern).match(text.lstrip(" ,，")) else 0.0
    found = None
    for match in re.compile(rule.pattern).finditer(text):
        found = match
    if found is None:
        return 0.0
    if rule.place is Place.LEFT and found.end() <= len(text) - len(around.clause_left):
        return rule.weight * rule.carries
    return rule.weight


@lru_cache(maxsize=1024)
def _ending(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?:{pattern})$")


def _surroundings(before: str, after: str, language: str) -> _Surroundings:
    far, near, ahead = _REACH[language]
    boundary = _EN_BOUNDARY if language == "en" else _BOUNDARY
    if language == "en":
        before, after = before.lower(), after.lower()
    left = before[-far:]
    ends = [match.end() for match in boundary.finditer(left)]
    clause_left = left[ends[-1] :] if ends else left
    if not clause_left.strip() and len(ends) >= 1:
        # A pause right before the name ("接下来看第二款，豆沙色口红") does not part it from what leads to it.
        start = ends[-2] if len(ends) >= 2 else 0
        clause_left = left[start:].rstrip(" ,，.。、:：")
        left = left.rstrip(" ,，.。、:：")
    right = after[:ahead]
    begin = len(right) - len(right.lstrip(" ,，、"))
    first = boundary.search(right, begin)
    return _Surroundings(clause_left, left, right[: first.start()][:near] if first else right[:near], right)
