"""Which utterances explained which product: the windows that insights and replay clips build on."""

from dataclasses import dataclass, field
from uuid import UUID

from ai.cues.decisions import Explained
from ai.transcription.segments import Segment


@dataclass(slots=True)
class _Explanation:
    stream: str
    start_s: float
    end_s: float
    segments: list[UUID] = field(default_factory=list)


class Explanations:
    """A room's running explanations, by product."""

    def __init__(self) -> None:
        self._running: dict[str, _Explanation] = {}

    def add(self, product_id: str, segment: Segment) -> list[Explained]:
        """The utterance belongs to the product's explanation; another stream ends it and begins the next one."""
        running = self._running.get(product_id)
        ended = self.end(product_id) if running is not None and running.stream != segment.stream else []
        explanation = self._running.setdefault(
            product_id, _Explanation(segment.stream, segment.start_s, segment.end_s)
        )
        explanation.end_s = segment.end_s
        explanation.segments.append(segment.id)
        return ended

    def end(self, product_id: str) -> list[Explained]:
        done = self._running.pop(product_id, None)
        if done is None:
            return []
        return [Explained(product_id, done.stream, done.start_s, done.end_s, tuple(done.segments))]

    def end_all(self) -> list[Explained]:
        return [explained for product_id in list(self._running) for explained in self.end(product_id)]
