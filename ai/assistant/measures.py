"""Sizes, ages and weights in questions and in values, and whether one lies within the other."""

import re
from dataclasses import dataclass

from ai.assistant.text import arabic, normalize

_UNITS: dict[str, tuple[str, float]] = {
    "岁": ("age_months", 12), "周岁": ("age_months", 12), "year": ("age_months", 12),
    "yo": ("age_months", 12), "yr": ("age_months", 12), "y": ("age_months", 12),
    "个月": ("age_months", 1), "月龄": ("age_months", 1), "month": ("age_months", 1),
    "斤": ("grams", 500), "jin": ("grams", 500), "公斤": ("grams", 1000), "千克": ("grams", 1000), "kg": ("grams", 1000),
    "kilo": ("grams", 1000), "克": ("grams", 1), "g": ("grams", 1),
    "厘米": ("mm", 10), "cm": ("mm", 10), "公分": ("mm", 10), "毫米": ("mm", 1), "mm": ("mm", 1),
    "米": ("mm", 1000), "m": ("mm", 1000), "寸": ("inch", 1), "英寸": ("inch", 1), "inch": ("inch", 1),
    "码": ("size", 1), "号": ("size", 1), "毫升": ("ml", 1), "ml": ("ml", 1), "升": ("ml", 1000),
    "l": ("ml", 1000), "度": ("degree", 1), "℃": ("degree", 1), "°c": ("degree", 1),
    "伏": ("volt", 1), "v": ("volt", 1), "瓦": ("watt", 1), "w": ("watt", 1), "人": ("people", 1), "个人": ("people", 1),
    "平": ("sqm", 1), "平米": ("sqm", 1), "平方": ("sqm", 1), "平方米": ("sqm", 1), "㎡": ("sqm", 1), "m²": ("sqm", 1),
    "sqm": ("sqm", 1), "people": ("people", 1), "person": ("people", 1),
}  # fmt: skip
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_NUMBER = r"\d+(?:\.\d+)?"
_ONE = re.compile(rf"({_NUMBER})[ -]?({_UNIT})(?![a-z])s?", re.IGNORECASE)
_RANGE = re.compile(
    rf"({_NUMBER})\s*({_UNIT})?\s*(?:-|~|—|–|到|至)\s*({_NUMBER})\s*({_UNIT})(?![a-z])",
    re.IGNORECASE,
)
_LEAST = re.compile(
    rf"(?:≥|>=|大于|超过|不低于|不少于|满|over )?({_NUMBER})\s*({_UNIT})(?![a-z])\s*(?:及)?(以上|起|\+|and up)"
    rf"|(?:≥|>=|大于|不低于|不少于|年满)\s*({_NUMBER})\s*({_UNIT})(?![a-z])"
)
_MOST = re.compile(
    rf"({_NUMBER})\s*({_UNIT})(?![a-z])\s*(?:及)?(以下|以内|之内)"
    rf"|(?:≤|<=|小于|不超过|不高于|低于|最大|最高|最多)\s*({_NUMBER})\s*({_UNIT})(?![a-z])"
)


_SHOE_SIZE = re.compile(
    r"\b(?:in|eu|in an?|have an?|got an?) (\d{2}(?:\.5)?)(?= *(?:[?!.]|$|please|left|available|too\b))"
)


@dataclass(frozen=True, slots=True)
class Measure:
    """`value` in the base unit of `dimension`."""

    dimension: str
    value: float


@dataclass(frozen=True, slots=True)
class Span:
    """Values from `low` to `high`, both included, in the base unit of `dimension`."""

    dimension: str
    low: float
    high: float

    def holds(self, measure: Measure) -> bool:
        return self.low <= measure.value <= self.high


def _measure(number: str, unit: str) -> Measure:
    dimension, factor = _UNITS[unit.lower()]
    return Measure(dimension, float(number) * factor)


_ENGLISH_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12,
}  # fmt: skip


def measures(text: str) -> list[Measure]:
    """Every number with a known unit in a question."""
    plain = arabic(normalize(text))
    for word, number in _ENGLISH_NUMBERS.items():
        plain = re.sub(rf"\b{word}\b", str(number), plain)
    plain = re.sub(
        r"(身高|头围|胸围|腰围|臀围|腕围|手腕|脚长|肩宽)(\D{0,2}\d{2,3}(?:\.\d)?)(?![\d.]*[a-z\u4e00-\u9fff]?[米m寸分尺])",
        r"\1\2厘米",
        plain,
    )
    plain = re.sub(r"(\d)个?半?月(?=大|龄|的|了|能|可)", r"\1个月", plain)
    found = [_measure(*m.groups()) for m in _ONE.finditer(plain)]
    found += [Measure("size", float(n)) for n in re.findall(r"size (\d+(?:\.\d+)?)", plain)]
    found += [Measure("size", float(n)) for n in _SHOE_SIZE.findall(plain)]
    return found


def spans(value: str) -> list[Span]:
    """Ranges, bounds and single sizes that a fact names."""
    text = arabic(normalize(value))
    found: list[Span] = []
    for match in _RANGE.finditer(text):
        low = _measure(match.group(1), match.group(2) or match.group(4))
        high = _measure(match.group(3), match.group(4))
        found.append(Span(high.dimension, low.value, high.value))
    text = _RANGE.sub(" ", text)
    for match in _LEAST.finditer(text):
        one = _measure(match.group(1) or match.group(4), match.group(2) or match.group(5))
        found.append(Span(one.dimension, one.value, float("inf")))
    text = _LEAST.sub(" ", text)
    for match in _MOST.finditer(text):
        one = _measure(match.group(1) or match.group(4), match.group(2) or match.group(5))
        found.append(Span(one.dimension, 0.0, one.value))
    text = _MOST.sub(" ", text)
    for match in _ONE.finditer(text):
        one = _measure(*match.groups())
        found.append(Span(one.dimension, one.value, one.value))
    return found
