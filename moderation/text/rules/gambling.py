"""Gambling: words that only gambling uses, and innocent ones beside the promise of money."""

from ...findings import Category, Finding
from ..evidence import Evidence


def find(evidence: Evidence) -> list[Finding]:
    """Strong words; phrases; a weak word together with money talk."""
    found = [
        evidence.finding(Category.GAMBLING, 0.95, f"gambling.{hit.detector}", hit.start, hit.end)
        for hit in evidence.of("gambling.strong")
    ]
    found += [
        evidence.finding(Category.GAMBLING, 0.9, "gambling.latin", hit.start, hit.end)
        for hit in evidence.of("gambling.latin")
        if hit.term.text
        not in {
            "bets",
            "odds",
            "spins",
            "slots",
            "poker",
            "jackpot",
            "lottery",
            "lotto",
            "betting",
            "gamble",
            "gambling",
        }
    ]
    weak, money = evidence.of("gambling.weak"), evidence.of("gambling.money")
    if weak and money and any(w.end <= m.start or m.end <= w.start for w in weak for m in money):
        start, end = min(weak[0].start, money[0].start), max(weak[0].end, money[0].end)
        found.append(evidence.finding(Category.GAMBLING, 0.85, "gambling.promise", start, end))
    found += evidence.phrases(Category.GAMBLING, 0.9)
    return found
