"""A sentence of the transcript to what the host should not have said. Takes well under a millisecond."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..findings import Category, Finding, Surface
from ..policy import PatternEntry
from ..text import Screen
from .wording import Wording, wording

_NOT_SPOKEN = frozenset({Category.SPAM, Category.UNSCREENED})


@dataclass(frozen=True, slots=True)
class Claim:
    """Something said that may not be said, and what may be said instead."""

    finding: Finding
    wording: Wording

    def as_json(self) -> dict[str, Any]:
        """The form of the cue that the host sees."""
        return {
            "category": self.finding.category,
            "rule": self.finding.detector,
            "said": self.finding.evidence,
            "start": self.finding.start,
            "end": self.finding.end,
            "instead": self.wording.instead,
            "advice": {"zh-CN": self.wording.advice_zh, "en": self.wording.advice_en},
        }


def claims(screen: Screen, text: str, patterns: tuple[PatternEntry, ...] = ()) -> list[Claim]:
    """All claims in a sentence, the gravest first; of overlapping ones of a category only the first."""
    return as_claims(screen.find(text, Surface.SPEECH, patterns), text)


def as_claims(findings: Sequence[Finding], text: str) -> list[Claim]:
    """Findings in `text` as a host can be told of them."""
    kept: list[Finding] = []
    for finding in findings:
        overlaps = any(
            k.category == finding.category and k.start < finding.end and finding.start < k.end for k in kept
        )
        if finding.category not in _NOT_SPOKEN and not overlaps:
            kept.append(finding)
    return [Claim(finding, wording(finding, text)) for finding in kept]
