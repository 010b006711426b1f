"""What detectors say: findings. What is done about them is policy's business, not theirs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Category(StrEnum):
    """What a finding is about."""

    ABUSE = "abuse"
    SEXUAL = "sexual"
    GAMBLING = "gambling"
    ILLEGAL = "illegal"
    DIVERSION = "diversion"
    PRIVACY = "privacy"
    SPAM = "spam"
    AD_LAW = "ad_law"
    IMPERSONATION = "impersonation"  # a name that poses as the platform, its staff or the state
    ATTACK = "attack"  # somebody tried to turn the assistant
    UNSCREENED = "unscreened"  # a detector crashed, hung, or the text was longer than what is screened


class Surface(StrEnum):
    """Where a text stands: written in a room, said on air, in the catalogue, in a picture, as a name or title."""

    CHAT = "chat"
    SPEECH = "speech"
    PRODUCT = "product"
    PICTURE = "picture"
    PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: `start` and `end` are a half-open span of the original text, `score` is 0 to 1."""

    category: str
    score: float
    detector: str
    start: int
    end: int
    evidence: str

    def as_json(self) -> dict[str, Any]:
        """The form of the API and of the database."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Finding":
        """The inverse of `as_json`."""
        return cls(**{name: value[name] for name in cls.__slots__})
