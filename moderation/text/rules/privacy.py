"""Personal data in public: numbers, addresses, documents. It is for a moderator to see, not a reason to punish."""

from ...findings import Category, Finding
from ..evidence import Evidence

_SCORES = {
    "phone": 0.8,
    "id_card": 0.9,
    "card": 0.9,
    "email": 0.7,
    "address": 0.75,
    "ssn": 0.9,
    "passport": 0.85,
    "secret": 0.9,
}


def find(evidence: Evidence) -> list[Finding]:
    """Shapes of personal data, and somebody's name or home made known."""
    found = [
        evidence.finding(
            Category.PRIVACY, _SCORES[shape.kind], f"privacy.{shape.kind}", shape.start, shape.end
        )
        for shape in evidence.shapes
        if shape.kind in _SCORES
    ]
    return found + evidence.phrases(Category.PRIVACY, 0.75)
