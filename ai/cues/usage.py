"""A product's name in its sentence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """A name in its sentence."""

    before: str
    """What was said before it; may begin in the previous utterance."""
    name: str
    after: str
    """What follows, as far as it is known."""
    language: str
    whole_name: bool
    """Spelled out as in the catalogue, not an alias or a part: hosts present so, and mention more briefly."""
