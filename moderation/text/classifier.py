"""Text classifiers from `transformers`, plugged in by setting `moderation_classifier`.

Such a model names labels of its own; `labels` says which category each stands for. It is loaded from a directory
(or, where there is one, from a hub) when it is first asked, and asked about every text, beside the event loop.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from ..findings import Category, Finding, Surface

LABELS: Mapping[str, Category] = {
    "toxic": Category.ABUSE,
    "toxicity": Category.ABUSE,
    "severe_toxic": Category.ABUSE,
    "insult": Category.ABUSE,
    "threat": Category.ABUSE,
    "identity_hate": Category.ABUSE,
    "hate": Category.ABUSE,
    "obscene": Category.SEXUAL,
    "sexual": Category.SEXUAL,
    "sexual_explicit": Category.SEXUAL,
    "nsfw": Category.SEXUAL,
    "spam": Category.SPAM,
    **{
        category.value: category
        for category in Category
        if category not in (Category.ATTACK, Category.UNSCREENED)
    },
}
LONGEST = 500
Pipeline = Callable[[str], Sequence[Mapping[str, Any]]]


class Classifier:
    """A `aside.SlowLayer` over one text-classification pipeline."""

    def __init__(
        self, load: Callable[[], Pipeline], *, labels: Mapping[str, Category] = LABELS, min_score: float = 0.7
    ) -> None:
        self._load = load
        self._labels = labels
        self._min_score = min_score

    @cached_property
    def _classify(self) -> Pipeline:
        return self._load()

    def at_once(self, text: str, surface: Surface) -> list[Finding]:
        return []

    def suspects(self, text: str, surface: Surface) -> bool:
        return bool(text.strip())

    def find(self, text: str, surface: Surface) -> list[Finding]:
        """One finding over the whole text for each label that is sure enough and stands for a category."""
        found: dict[Category, float] = {}
        for row in self._classify(text[:LONGEST]):
            category = self._labels.get(str(row["label"]).casefold())
            if category is not None and row["score"] >= self._min_score:
                found[category] = max(found.get(category, 0.0), float(row["score"]))
        return [
            Finding(category, round(score, 3), "classifier", 0, len(text), text)
            for category, score in found.items()
        ]


def _flat(answer: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
    """The rows of one text: some versions wrap them once more."""
    return answer[0] if answer and isinstance(answer[0], list) else answer


def from_transformers(model: str) -> Classifier:
    """`model`: a directory or a name on a hub. Needs the packages `transformers` and a backend."""

    def load() -> Pipeline:
        from transformers import pipeline  # type: ignore[import-not-found,unused-ignore]

        classify: Pipeline = pipeline("text-classification", model=model, top_k=None)
        return lambda text: _flat(classify(text))

    return Classifier(load)
