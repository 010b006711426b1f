"""What the layers saw in one text; the rules read it and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ..findings import Category, Finding, Surface
from .lexicon import Hit
from .normalize import Normalized, is_cjk
from .patterns import Shape
from .phrases import load
from .words import WordView, tokenize


@dataclass(frozen=True)
class Evidence:
    """A normalized text with its hits by `category.kind` and its shapes; spans are in `text.plain`."""

    text: Normalized
    surface: Surface
    hits: dict[str, list[Hit]] = field(default_factory=dict)
    shapes: list[Shape] = field(default_factory=list)
    repetition: tuple[int, int] | None = None
    exceptions: list[Hit] = field(default_factory=list)

    def of(self, name: str) -> list[Hit]:
        """Hits of one class such as `diversion.channel`, in order of position."""
        return self.hits.get(name, [])

    def shapes_of(self, *kinds: str) -> list[Shape]:
        """Shapes of these kinds."""
        return [shape for shape in self.shapes if shape.kind in kinds]

    @cached_property
    def words(self) -> WordView:
        """The Latin words as written."""
        return WordView(tokenize(self.text.plain), "terms")

    def excepted(self, category: str, start: int, end: int) -> bool:
        """Whether an exception of the category overlaps a span found by a phrase; a claim, where it begins."""
        until = start + 1 if category == Category.AD_LAW else end
        return any(e.term.category == category and e.start < until and start < e.end for e in self.exceptions)

    @cached_property
    def has_chinese(self) -> bool:
        """Whether there is any Chinese character."""
        return any(map(is_cjk, self.text.plain))

    def matches(self, category: str) -> Iterator[tuple[str, int, int]]:
        """Kind and span in `text.plain` of each phrase of the category, exceptions applied."""
        for kind, start, end in (*self._chinese(category), *self._english(category)):
            if not self.excepted(category, start, end):
                yield kind, start, end

    def _chinese(self, category: str) -> Iterator[tuple[str, int, int]]:
        if not self.has_chinese:
            return
        phrases = load(category, "zh")
        yield from phrases.find(self.text.digits)
        if self.text.set_apart:
            at = self.text.compact_at
            for kind, start, end in phrases.find(self.text.compact):
                yield kind, at[start], at[end - 1] + 1

    def _english(self, category: str) -> Iterator[tuple[str, int, int]]:
        words = self.words
        if words.text.count(" ") < 3:
            return
        for kind, start, end in load(category, "en").find(words.text):
            last = end - (2 if words.text[end - 1] == " " else 1)
            yield kind, words.starts[start + 1], words.ends[last]

    def phrases(self, category: str, score: float) -> list[Finding]:
        """A finding for the first match of each pattern of the category."""
        return [
            self.finding(category, score, f"{category}.phrase", start, end)
            for _, start, end in self.matches(category)
        ]

    def finding(self, category: str, score: float, detector: str, start: int, end: int) -> Finding:
        """A finding over a span of `text.plain`, carried back to the original text."""
        first, last = self.text.span(start, end)
        return Finding(category, round(score, 3), detector, first, last, self.text.original[first:last])


def between(a: Hit | Shape, b: Hit | Shape) -> int:
    """Characters between two spans; 0 when they touch or overlap."""
    return max(0, max(a.start, b.start) - min(a.end, b.end))
