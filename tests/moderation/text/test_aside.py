"""Slow layers never hold up chat: what hangs, fails or is too much is told or skipped."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from moderation.findings import Category, Finding, Surface
from moderation.text.aside import Aside
from moderation.text.classifier import Classifier

CHAT = Surface.CHAT


class Layer:
    """A SlowLayer that waits for `go`, or raises."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.go = threading.Event()
        self.problem = problem
        self.asked: list[str] = []

    def at_once(self, text: str, surface: Surface) -> list[Finding]:
        return [Finding(Category.ABUSE, 0.8, "layer", 0, len(text), text)] if "!" in text else []

    def suspects(self, text: str, surface: Surface) -> bool:
        return "?" not in text

    def find(self, text: str, surface: Surface) -> list[Finding]:
        self.asked.append(text)
        if self.problem:
            raise self.problem
        self.go.wait(10)
        return [Finding(Category.SPAM, 0.6, "layer", 0, len(text), text)]


@pytest.fixture
def layer() -> Iterator[Layer]:
    layer = Layer()
    yield layer
    layer.go.set()


async def test_it_asks_about_what_a_layer_suspects(layer: Layer) -> None:
    layer.go.set()
    aside = Aside([layer])
    assert await aside.find("how much?", CHAT) == []
    assert [f.evidence for f in await aside.find("buy", CHAT)] == ["buy"]
    assert layer.asked == ["buy"]


async def test_it_asks_once_about_what_a_chat_repeats(layer: Layer) -> None:
    layer.go.set()
    aside = Aside([layer])
    together = await asyncio.gather(*(aside.find("buy", CHAT) for _ in range(3)))
    assert [f.evidence for findings in (*together, await aside.find("buy", CHAT)) for f in findings] == [
        "buy"
    ] * 4
    assert (layer.asked, aside.asked) == (["buy"], 1)


async def test_a_layer_that_hangs_is_told_and_rests(layer: Layer) -> None:
    aside = Aside([layer], timeout_s=0.05)
    assert [(f.category, f.detector) for f in await aside.find("a", CHAT)] == [
        ("unscreened", "aside.timeout")
    ]
    assert await aside.find("b", CHAT) == []
    assert (layer.asked, aside.skipped) == (["a"], 1)


async def test_what_takes_long_is_told_later_and_what_is_known_at_once(layer: Layer) -> None:
    aside = Aside([layer], timeout_s=10, patience_s=0.01)
    first, second = await aside.read("a!", CHAT), await aside.read("b", CHAT)
    assert ([f.category for f in first.findings], second.findings, aside.late) == (["abuse"], [], 2)
    assert first.later is not None
    assert second.later is not None
    layer.go.set()
    assert [f.category for f in await first.later] == ["abuse", "spam"]
    assert [f.evidence for f in await second.later] == ["b"]


async def test_what_is_quick_enough_is_waited_for(layer: Layer) -> None:
    layer.go.set()
    read = await Aside([layer], patience_s=10).read("a", CHAT)
    assert ([f.evidence for f in read.findings], read.later) == (["a"], None)


async def test_closing_gives_up_what_is_being_read(layer: Layer) -> None:
    aside = Aside([layer], timeout_s=10, patience_s=0)
    read = await aside.read("a", CHAT)
    await aside.aclose()
    assert read.later is not None
    assert read.later.cancelled()


async def test_a_layer_that_fails_is_told() -> None:
    aside = Aside([Layer(ValueError("broken"))], rest_s=0)
    assert [f.detector for f in await aside.find("a", CHAT)] == ["aside.failure"]


async def test_what_comes_while_many_wait_is_skipped(layer: Layer) -> None:
    aside = Aside([layer], timeout_s=5, waiting=2)
    waiting = [asyncio.create_task(aside.find(text, CHAT)) for text in "abc"]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result() for task in done] == [[]]
    layer.go.set()
    found = await asyncio.gather(*waiting)
    assert sorted(f.evidence for findings in found for f in findings) == ["a", "b"]


def test_a_classifiers_labels_stand_for_categories() -> None:
    rows = [
        {"label": "toxic", "score": 0.93},
        {"label": "insult", "score": 0.8},
        {"label": "spam", "score": 0.2},
    ]
    classifier = Classifier(lambda: lambda text: [*rows, {"label": "joy", "score": 0.99}])
    assert [(f.category, f.score, f.detector) for f in classifier.find("you", CHAT)] == [
        ("abuse", 0.93, "classifier")
    ]
