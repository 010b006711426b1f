"""The meaning layer learns from labelled examples and from decisions, and holds a message only when it is sure."""

from moderation.findings import Surface
from moderation.policy import Action
from moderation.text import Screen
from moderation.text.meaning import MARGIN, SURE, Labelled, LetterEmbedder, MeaningLayer

CHAT = Surface.CHAT
EXAMPLES = [
    Labelled("zzzz zyzz", CHAT, "abuse"),
    Labelled("zzyz zzzy", CHAT, "abuse"),
    Labelled("aaab abab", CHAT, "allow"),
    Labelled("bbaa aaba", CHAT, "allow"),
]


def test_it_finds_what_is_like_the_examples() -> None:
    layer = MeaningLayer(LetterEmbedder())
    assert layer.find("zzzy zzzz", CHAT) == []
    layer.learn(EXAMPLES)
    found = layer.find("zzzy zzzz", CHAT)
    assert [(f.category, f.score, f.detector, f.evidence) for f in found] == [
        ("abuse", 0.8, "meaning", "zzzy zzzz")
    ]
    assert layer.find("aabb abaa", CHAT) == []


def test_what_a_moderator_released_is_learned_as_innocent() -> None:
    layer = MeaningLayer(LetterEmbedder())
    layer.learn(EXAMPLES)
    assert layer.find("zyzy yzzz", CHAT)
    layer.learn([*EXAMPLES, *[Labelled(t, CHAT, "allow") for t in ("zyzy yzzz", "zzyy zyzz", "yzyz zzzz")]])
    assert layer.find("zyzy yzzz", CHAT) == []


def test_it_holds_what_it_is_sure_of_and_flags_the_rest() -> None:
    layer = MeaningLayer(LetterEmbedder())
    layer.learn(EXAMPLES)
    screen = Screen(meaning=layer)
    sure, unsure = "zzzy zzzz", "zzyz aa b"
    assert MARGIN < layer.lead(unsure, CHAT) < SURE < layer.lead(sure, CHAT)
    assert [screen.check(text, CHAT).action for text in (sure, unsure)] == [Action.BLOCK, Action.FLAG]


def test_without_two_kinds_of_examples_it_finds_nothing() -> None:
    layer = MeaningLayer(LetterEmbedder())
    layer.learn(EXAMPLES[:2])
    assert layer.find("zzzz", CHAT) == []
