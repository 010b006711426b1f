"""The meaning layer learns from labelled examples and from decisions, and never holds a message by itself."""

from moderation.findings import Surface
from moderation.policy import Action
from moderation.text import Screen
from moderation.text.meaning import Labelled, LetterEmbedder, MeaningLayer

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
        ("abuse", 0.6, "meaning", "zzzy zzzz")
    ]
    assert layer.find("aabb abaa", CHAT) == []


def test_what_a_moderator_released_is_learned_as_innocent() -> None:
    layer = MeaningLayer(LetterEmbedder())
    layer.learn(EXAMPLES)
    assert layer.find("zyzy yzzz", CHAT)
    layer.learn([*EXAMPLES, *[Labelled(t, CHAT, "allow") for t in ("zyzy yzzz", "zzyy zyzz", "yzyz zzzz")]])
    assert layer.find("zyzy yzzz", CHAT) == []


def test_alone_it_flags_and_does_not_hold() -> None:
    layer = MeaningLayer(LetterEmbedder())
    layer.learn(EXAMPLES)
    verdict = Screen(meaning=layer).check("zzzy zzzz", CHAT)
    assert verdict.action is Action.FLAG
    assert verdict.findings[0].detector == "meaning"


def test_without_two_kinds_of_examples_it_finds_nothing() -> None:
    layer = MeaningLayer(LetterEmbedder())
    layer.learn(EXAMPLES[:2])
    assert layer.find("zzzz", CHAT) == []
