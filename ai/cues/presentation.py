"""Whether a host who names a product presents it, or only speaks of it: a teaser, a comparison, the past.

Each rule is a pattern of the language, not of a shop, looked for in a place relative to the name. What is found,
a little of the sentence's shape, its phrases and its embedding with the name left out are weighed by a logistic
regression; `ai.cues.training` fits its weights.
"""

import functools
import json
import math
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ai.cues import meaning
from ai.cues.phrases import phrases
from ai.cues.rules import Place, Rule
from ai.cues.rules_en import ENGLISH
from ai.cues.rules_zh import CHINESE
from ai.cues.usage import Usage

WEIGHTS_FILE = Path(__file__).with_name("presentation.json")

_BOUNDARY = {"zh": re.compile(r"[,，.。!?！？;；、:：\s]+"), "en": re.compile(r"[,.!?;:]+\s*")}
_SENTENCE_END = re.compile(r"[.。!?！？][\s.。]*$")
_REACH = {"zh": (22, 16, 26), "en": (70, 45, 80)}
"""Characters looked at: before the name over clauses, right after it in its clause, after it over clauses."""
_MUCH_AFTER = {"zh": 8, "en": 25}
_MOST = 3.0

INTRODUCED = 0.55
MENTIONED = 0.35
LIKELY = 0.75
"""Enough to decide on while the sentence goes on; below it, it is heard out."""
CERTAIN = 0.85


class Act(StrEnum):
    INTRODUCE = "introduce"
    MENTION = "mention"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a name is used, and why."""

    probability: float
    """That the product is presented."""
    rules: tuple[str, ...]

    @property
    def act(self) -> Act:
        if self.probability >= INTRODUCED:
            return Act.INTRODUCE
        return Act.MENTION if self.probability <= MENTIONED else Act.UNCLEAR


@dataclass(frozen=True, slots=True)
class Clues:
    features: tuple[float, ...]
    """In the order of `FEATURES`."""
    rules: tuple[str, ...]


AGAINST = frozenset(rule.name for rule in (*CHINESE, *ENGLISH) if rule.weight < 0)
"""Names of the rules that speak against presenting."""
FAMILIES = tuple(sorted({rule.family for rule in (*CHINESE, *ENGLISH)}))
FEATURES = (
    "evidence for",
    "evidence against",
    "no evidence",
    "whole name",
    "clause ends with the name",
    "clause is the whole name",
    "clause ends with the whole name",
    "much follows",
    "English",
    *(f"family {family}" for family in FAMILIES),
)


def read(usage: Usage) -> Reading:
    """Weighs the clues, the phrases and, when its model is installed, the meaning of the sentence."""
    found = clues(usage)
    weighing = _weighing(meaning.available())
    total = float(np.dot(weighing.weights, found.features)) + weighing.bias
    total += sum(weighing.phrases.get(phrase, 0.0) for phrase in phrases(usage))
    if weighing.meaning is not None:
        total += float(np.dot(weighing.meaning, meaning.features(usage)))
    return Reading(round(1 / (1 + math.exp(-total)), 3), found.rules)


def clues(usage: Usage) -> Clues:
    """What speaks for and against presenting."""
    around = _surroundings(usage.before, usage.after, usage.language)
    strongest: dict[str, float] = {}
    names: list[str] = []
    for rule in ENGLISH if usage.language == "en" else CHINESE:
        weight = _weigh(rule, around)
        if weight:
            names.append(rule.name)
            if abs(weight) > abs(strongest.get(rule.family, 0.0)):
                strongest[rule.family] = weight
    boundary = _BOUNDARY[usage.language]
    begins = not usage.before.strip() or bool(boundary.match(usage.before.rstrip()[-1]))
    ends = bool(usage.after) and bool(boundary.match(usage.after))
    features = (
        min(_MOST, sum(weight for weight in strongest.values() if weight > 0)),
        max(-_MOST, sum(weight for weight in strongest.values() if weight < 0)),
        float(not strongest),
        float(usage.whole_name),
        float(ends),
        float(begins and ends and usage.whole_name),
        float(usage.whole_name and ends),
        min(1.0, len(usage.after) / _MUCH_AFTER[usage.language]),
        float(usage.language == "en"),
        *(strongest.get(family, 0.0) for family in FAMILIES),
    )
    return Clues(features, tuple(dict.fromkeys(names)))


@dataclass(frozen=True, slots=True)
class _Weighing:
    weights: npt.NDArray[np.float64]
    """Of FEATURES."""
    bias: float
    phrases: dict[str, float]
    meaning: npt.NDArray[np.float64] | None
    """Of the embedding."""


@functools.cache
def _weighing(with_meaning: bool) -> _Weighing:
    stored = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
    chosen = stored["rules and meaning" if with_meaning else "rules"]
    weights = np.array([chosen["weights"][feature] for feature in FEATURES])
    embedded = np.array(chosen["meaning"]) if with_meaning else None
    return _Weighing(weights, chosen["bias"], chosen["phrases"], embedded)


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


def _weigh(rule: Rule, around: _Surroundings) -> float:
    text = around.at(rule.place)
    if rule.place is Place.ADJACENT:
        return rule.weight if _ending(rule.pattern).search(text) else 0.0
    if rule.place is Place.AFTER:
        return rule.weight if _anywhere(rule.pattern).match(text.lstrip(" ,，")) else 0.0
    found = None
    for match in _anywhere(rule.pattern).finditer(text):
        found = match
    if found is None:
        return 0.0
    if rule.place is Place.LEFT and found.end() <= len(text) - len(around.clause_left):
        return rule.weight * rule.carries
    return rule.weight


@lru_cache(maxsize=1024)
def _ending(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?:{pattern})$")


@lru_cache(maxsize=1024)
def _anywhere(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _surroundings(before: str, after: str, language: str) -> _Surroundings:
    far, near, ahead = _REACH[language]
    boundary = _BOUNDARY[language]
    if language == "en":
        before, after = before.lower(), after.lower()
    left = before[-far:]
    ends = [match.end() for match in boundary.finditer(left)]
    clause_left = left[ends[-1] :] if ends else left
    if not clause_left.strip() and ends and not _SENTENCE_END.search(left[-3:]):
        # A pause right before the name ("接下来看第二款，豆沙色口红") does not part it from what leads to it.
        start = ends[-2] if len(ends) >= 2 else 0
        clause_left = left[start:].rstrip(" ,，.。、:：")
        left = left.rstrip(" ,，.。、:：")
    right = after[:ahead]
    begin = len(right) - len(right.lstrip(" ,，、"))
    first = boundary.search(right, begin)
    return _Surroundings(clause_left, left, right[: first.start()][:near] if first else right[:near], right)
