"""Solicitation, pornography, sexual harassment."""

from ...findings import Category, Finding
from ..evidence import Evidence


def find(evidence: Evidence) -> list[Finding]:
    """Strong words and phrases, whatever the surface."""
    found = [
        evidence.finding(Category.SEXUAL, 0.95, f"sexual.{hit.detector}", hit.start, hit.end)
        for hit in (*evidence.of("sexual.strong"), *evidence.of("sexual.latin"))
    ]
    found += evidence.phrases(Category.SEXUAL, 0.9)
    return found
