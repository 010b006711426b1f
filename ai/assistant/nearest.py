"""The last resort: which fact most likely answers, where no rule finds one.

A fact is scored by a linear model of how near it is in meaning, how many of the question's telling
words it has and what kind of value is asked for; a second one tells how likely the best of them is
right. Both were fitted to the labelled cases by `ai.assistant.fitting` (`data/nearest.toml`).
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ai.assistant import translation
from ai.assistant.models import Fact, Facts, Language, Product, Source
from ai.assistant.retrieval import attribute_facts, policy_facts, score
from ai.assistant.segments import STOPWORDS, Segment, said
from ai.assistant.text import has_han, normalize, numbers, stem, table, words

Matrix = npt.NDArray[np.float64]
FEATURES = (
    "near", "near_z", "near_lead", "words", "label_words", "rule", "number_asked", "number_unasked",
    "time_asked", "time_unasked", "attribute", "attribute_named", "attribute_shown", "attribute_not_policy",
    "attribute_asked",
)  # fmt: skip
SIGNS = (
    "score", "margin", "share", "near", "near_lead", "words", "label_words", "rule", "named", "shown",
    "length", "open", "concepts",
)  # fmt: skip
LIKELY = 0.5
"""Probability from which the best fact is told."""
_COUNT = re.compile(
    r"几(?!乎)|多少|多(大|长|高|重|宽|厚|快|沉|远|深)|"
    r"how (many|much|big|long|heavy|tall|thick|far|fast|loud|wide|strong|hot|high|deep|bright)"
)
_TIME = re.compile(
    r"多久|多长时间|几天|几(分钟|个小时|小时)|什么时候|啥时候|how long|\bwhen\b|how soon|how fast"
)
_TIMES = re.compile(
    r"\d ?(h|hrs?|hours?|min|mins|minutes?|seconds?|((working|business) )?days?|weeks?|months?|years?)\b|"
    r"\d个?(小时|分钟|天|日|年|个月|月|周|秒)|[一二两三七]年|\d点"
)
_ALIKE_LETTERS = 5


@dataclass(frozen=True, slots=True)
class Nearest:
    """The best fact and how likely it answers the question."""

    fact: Fact
    probability: float


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the product in question: `named` in the message, or at least `shown`."""

    named: bool
    shown: bool


def nearest(
    question: Segment, candidates: Sequence[Fact], near: Mapping[str, float], about: About
) -> Nearest | None:
    """The fact that most likely answers; None without candidates or where meaning is not known."""
    if not candidates or not near:
        return None
    rows = features(question, candidates, near, about)
    weights = _weights("fact", FEATURES)
    scores = rows @ weights[:-1]
    best = int(np.argmax(scores))
    decision = _weights("decision", SIGNS)
    logit = float(signs(question, rows, scores, about) @ decision[:-1] + decision[-1])
    return Nearest(candidates[best], 1.0 / (1.0 + math.exp(-logit)))


def candidates(
    question: Segment, shown: Sequence[Product], facts: Facts
) -> tuple[list[Fact], dict[str, Product]]:
    """What may answer, and whose attribute each is. With no product in sight all are asked, but only
    for attributes that words point at: the whole catalogue by meaning would cost a second."""
    owners = {fact.id: product for product in shown or facts.products for fact in attribute_facts(product)}
    attributes = [fact for product in shown or facts.products for fact in attribute_facts(product)]
    if not shown:
        attributes = [fact for fact in attributes if score(question, fact) > 0]
    return attributes + policy_facts(facts), owners


def features(
    question: Segment, candidates: Sequence[Fact], near: Mapping[str, float], about: About
) -> Matrix:
    """(candidates, FEATURES)."""
    mean = sum(near.values()) / len(near)
    nearness = np.array([near.get(fact.id, mean) for fact in candidates])
    spread = nearness.std() + 1e-6
    in_fact, in_label = _shares(question, candidates)
    count = float(_COUNT.search(question.text) is not None)
    time = float(_TIME.search(question.text) is not None)
    number = np.array([float(bool(numbers(fact.text))) for fact in candidates])
    times = np.array([float(_TIMES.search(normalize(fact.text)) is not None) for fact in candidates])
    attribute = np.array([float(fact.source is Source.ATTRIBUTE) for fact in candidates])
    policies = any(a.concept.policy for a in question.concepts)
    attributes = any(not a.concept.policy for a in question.concepts)
    return np.stack(
        [
            10 * nearness, (nearness - nearness.mean()) / spread, 20 * _leads(nearness), in_fact, in_label,
            np.array([min(2.0, score(question, fact)) for fact in candidates]),
            number * count, number * (1 - count), times * time, times * (1 - time),
            attribute, attribute * about.named, attribute * about.shown, attribute * (not policies),
            attribute * attributes,
        ],
        axis=1,
    )  # fmt: skip


def signs(question: Segment, rows: Matrix, scores: npt.NDArray[np.float64], about: About) -> Matrix:
    """(SIGNS,) of the best fact."""
    best = int(np.argmax(scores))
    ordered = np.sort(scores)[::-1]
    share = 1.0 / float(np.exp(scores - ordered[0]).sum())
    row = dict(zip(FEATURES, rows[best], strict=True))
    return np.array(
        [
            ordered[0], ordered[0] - ordered[1] if len(ordered) > 1 else 1.0, share,
            *(row[name] for name in ("near", "near_lead", "words", "label_words", "rule")),
            about.named, about.shown, min(8, len(question.chunks) + len(question.unknown)),
            question.open_question, min(3, len(question.concepts)),
        ],
        dtype=np.float64,
    )  # fmt: skip


def _leads(nearness: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far each lies before the second, or behind the first."""
    ordered = np.sort(nearness)[::-1]
    second = ordered[1] if len(ordered) > 1 else ordered[0]
    leads: npt.NDArray[np.float64] = np.where(
        nearness == ordered[0], ordered[0] - second, nearness - ordered[0]
    )
    return leads


def _shares(
    question: Segment, candidates: Sequence[Fact]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The share of the question's words, weighed by how few facts have them, that each fact has,
    and that its name has. Chinese by character; English by word, against the fact's English."""
    found = [
        _share(
            {c for chunk in question.chunks for c in chunk if has_han(c)},
            [(frozenset(said(f.label)), frozenset(said(f.text))) for f in candidates],
        )
    ]
    if question.language is Language.EN:
        asked = {stem(w) for w in words(question.bare) if len(w) > 1 and w not in STOPWORDS}
        found.append(_share(asked, [_english(f) for f in candidates]))
    whole, label = (np.max([rows[side] for rows in found], axis=0) for side in (0, 1))
    return whole, label


def _share(
    asked: set[str], held: Sequence[tuple[frozenset[str], frozenset[str]]]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    weights = {
        word: math.log((len(held) + 1) / (1 + sum(_has(word, a) or _has(word, b) for a, b in held)))
        for word in asked
    }
    total = sum(weights.values()) + 1e-6
    whole = [sum(w for word, w in weights.items() if _has(word, a) or _has(word, b)) for a, b in held]
    label = [sum(w for word, w in weights.items() if _has(word, a)) for a, _ in held]
    return np.array(whole) / total, np.array(label) / total


def _has(word: str, others: frozenset[str]) -> bool:
    """The word itself, or in English one that begins with the same letters: waterproofing."""
    if word in others:
        return True
    start = word[:_ALIKE_LETTERS]
    return len(start) == _ALIKE_LETTERS and any(other.startswith(start) for other in others)


@lru_cache(maxsize=8192)
def _english(fact: Fact) -> tuple[frozenset[str], frozenset[str]]:
    """Words of a fact's name and of its text, in English."""
    text = translation.value(fact.text) if fact.source is Source.ATTRIBUTE else translation.policy(fact.text)
    name, told = (
        frozenset(stem(w) for w in words(normalize(part))) for part in (translation.label(fact.label), text)
    )
    return name, told


@lru_cache(maxsize=2)
def _weights(model: str, names: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """(names + 1,): a weight for each and the constant."""
    row = table("nearest")[model]
    return np.array([float(row[name]) for name in (*names, "constant")])
