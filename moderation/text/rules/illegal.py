"""Forbidden goods, forged papers, fraud: words that leave no doubt, and goods beside the words that sell them."""

from ...findings import Category, Finding
from ..evidence import Evidence, between
from ..lexicon import Hit

_ASKED = ("吗", "？", "?", "么", "能不能", "可不可以", "是不是")
_NEAR = 6


def find(evidence: Evidence) -> list[Finding]:
    """Strong words; phrases; goods within a few characters of a word that deals in them."""
    found = [
        evidence.finding(Category.ILLEGAL, 0.95, f"illegal.{hit.detector}", hit.start, hit.end)
        for hit in (*evidence.of("illegal.strong"), *evidence.of("illegal.latin"))
        if hit.term.text not in {"clones", "replica", "replicas", "weed"}
    ]
    if not any(word in evidence.text.plain for word in _ASKED):
        for goods in evidence.of("illegal.goods"):
            limit = 16 if goods.term.text.isascii() else _NEAR
            deals = [
                d
                for d in evidence.of("illegal.deal")
                if 0 < between(goods, d) + 1 <= limit and not _overlap(goods, d)
            ]
            if deals:
                start, end = min(goods.start, deals[0].start), max(goods.end, deals[0].end)
                found.append(evidence.finding(Category.ILLEGAL, 0.85, "illegal.deal", start, end))
    found += evidence.phrases(Category.ILLEGAL, 0.9)
    return found


def _overlap(a: Hit, b: Hit) -> bool:
    return a.start < b.end and b.start < a.end
