"""How soon a person should look, and by when."""

from collections.abc import Sequence
from datetime import timedelta

from ..findings import Category, Finding

_BY_CATEGORY = {
    Category.ILLEGAL: 80,
    Category.SEXUAL: 75,
    Category.ABUSE: 65,
    Category.GAMBLING: 65,
    Category.PRIVACY: 60,
    Category.DIVERSION: 55,
    Category.IMPERSONATION: 50,
    Category.AD_LAW: 50,
    Category.ATTACK: 45,
    Category.UNSCREENED: 45,
    Category.SPAM: 25,
}
_REPORTED, _VISIBLE, _EACH_REPORT, _SEVERAL = 40, 10, 5, 5
GRAVE = frozenset({Category.ILLEGAL, Category.SEXUAL})
_TARGETS = ((75, timedelta(minutes=5)), (45, timedelta(minutes=30)), (0, timedelta(hours=4)))


def urgency(findings: Sequence[Finding], *, visible: bool, reports: int = 0) -> int:
    """0 to 100: the gravest category, more when everybody can see it, when several things or people speak."""
    categories = {Category(f.category) for f in findings}
    value = max((_BY_CATEGORY[c] for c in categories), default=_REPORTED)
    value += _VISIBLE if visible else 0
    value += _SEVERAL * (len(categories) > 1) + _EACH_REPORT * min(reports, 4)
    return min(value, 100)


def target(value: int) -> timedelta:
    """The time within which a case of this urgency should be decided."""
    return next(limit for least, limit in _TARGETS if value >= least)


def grave(findings: Sequence[Finding]) -> bool:
    """Whether a decision on these findings wants a second pair of eyes."""
    return any(f.category in GRAVE and f.score >= 0.9 for f in findings)
