"""Insults, threats, wishes of harm; milder words when they are said of somebody."""

import re
from collections.abc import Iterator

from ...findings import Category, Finding
from ..evidence import Evidence

_NEAR = 3
_HIDDEN_LONG = 5
_OF_ONESELF = re.compile(
    r"(?:^|[^骂说打])我(?:自己)?(?:们|真的?|可|简直|就|也|又|太|好|像|这|那|是|个|只|家|的|一)*(?:是|太|真|像|家的?|家那?只|家这?只)个?(?:大)?$"
    r"|\b(?:i ?'?m|i am|i was|i feel like)(?: such| so| a| an| the| really| just| being| total| complete| real)* ?$"
)


def find(evidence: Evidence) -> list[Finding]:
    """Strong words; mild words near a person; phrases of threat and humiliation."""
    found = [
        evidence.finding(Category.ABUSE, 0.95, f"abuse.{hit.detector}", hit.start, hit.end)
        for hit in (*evidence.of("abuse.strong"), *evidence.of("abuse.latin"))
        if not _of_oneself(evidence, hit.start)
    ]
    found += _disguised(evidence)
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


def _disguised(evidence: Evidence) -> Iterator[Finding]:
    """Milder Latin words that somebody took care to hide (`1d1ot`, `i d i o t`): hidden words are meant to hurt."""
    for hit in evidence.of("abuse.mild"):
        written = evidence.text.plain[hit.start : hit.end].strip(" .,?!'\"…~:;()[]{}")
        hidden = hit.term.text.isascii() and len(hit.term.text) >= _HIDDEN_LONG and not written.isalpha()
        if hidden and " " not in hit.term.text and not _of_oneself(evidence, hit.start):
            yield evidence.finding(Category.ABUSE, 0.85, "abuse.disguised", hit.start, hit.end)


def _of_oneself(evidence: Evidence, start: int) -> bool:
    """Whether the words are said of the writer or the writer's own pet (`我真是个废物`), and nobody else is spoken to."""
    plain = evidence.text.plain
    return _OF_ONESELF.search(plain[max(0, start - 24) : start]) is not None and not (
        "你" in plain or any(t.start >= start for t in evidence.of("abuse.target"))
    )


def _asked(plain: str) -> bool:
    """A worried question (`是不是骗子`) is no insult."""
    return any(word in plain for word in ("是不是", "会不会", "不会是", "怕", "该不会", "难道"))
