"""Insults, threats, wishes of harm; milder words when they are said of somebody."""

from ...findings import Category, Finding
from ..evidence import Evidence

_NEAR = 3


def find(evidence: Evidence) -> list[Finding]:
    """Strong words; mild words near a person; phrases of threat and humiliation."""
    found = [
        evidence.finding(Category.ABUSE, 0.95, f"abuse.{hit.detector}", hit.start, hit.end)
        for hit in (*evidence.of("abuse.strong"), *evidence.of("abuse.latin"))
    ]
    for mild in evidence.of("abuse.mild"):
        near = [
            t
            for t in evidence.of("abuse.target")
            if 0 <= mild.start - t.end <= _NEAR or 0 <= t.start - mild.end <= 1
        ]
        if near and not mild.term.text.isascii():
            start, end = min(mild.start, near[0].start), max(mild.end, near[0].end)
            between = evidence.text.plain[start:end]
            if not any(c in between for c in "，。！？,!?;不没") and not _asked(evidence.text.plain):
                found.append(evidence.finding(Category.ABUSE, 0.85, "abuse.aimed", start, end))
    found += evidence.phrases(Category.ABUSE, 0.9)
    return found


def _asked(plain: str) -> bool:
    """A worried question (`是不是骗子`) is no insult."""
    return any(word in plain for word in ("是不是", "会不会", "不会是", "怕", "该不会", "难道"))
