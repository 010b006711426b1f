"""What a host says on air: claims that the law forbids, with words that may be said instead."""

from .claims import Claim, claims
from .watch import SpeechWatch, SpokenSegment

__all__ = ["Claim", "SpeechWatch", "SpokenSegment", "claims"]
