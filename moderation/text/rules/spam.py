"""Repetition and promotion that belongs to no purchase."""

from ...findings import Category, Finding, Surface
from ..evidence import Evidence


def find(evidence: Evidence) -> list[Finding]:
    """One finding per promotion and one for a repetition."""
    found = [
        evidence.finding(Category.SPAM, 0.8, f"spam.{hit.detector}", hit.start, hit.end)
        for hit in evidence.of("spam.strong")
    ]
    if evidence.repetition is not None and evidence.surface is not Surface.PICTURE:
        found.append(evidence.finding(Category.SPAM, 0.8, "spam.repetition", *evidence.repetition))
    return found
