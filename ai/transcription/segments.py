"""What transcription hands on."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PartialSegment:
    """The utterance so far; the next one with this id replaces it."""

    id: UUID
    text: str
    stable_text: str
    """The beginning of `text` on which successive hypotheses agree."""
    language: str
    start_s: float
    """Media time, as `AudioChunk.at_s`."""
    end_s: float
    stream: str = ""
    """`AudioChunk.stream`: which publishing the times count in."""
    log_probability: float = 0.0
    """Of the words, by the recognizer: near 0 when they are clear, below -0.5 when much is guessed."""


@dataclass(frozen=True, slots=True)
class TranscriptSegment:
    """A finished utterance; replaces the partial text of the same id."""

    id: UUID
    text: str
    language: str
    start_s: float
    end_s: float
    stream: str = ""
    log_probability: float = 0.0


Segment = PartialSegment | TranscriptSegment
