"""What no rule decides: a linear reading of e5 embeddings, fitted to a few labelled examples."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np

from ai.assistant.intent import Intent, Reading, language_of
from ai.assistant.models import Language
from ai.assistant.text import normalize, table
from ai.embeddings import Embedder, Vector

CENTRED = 0.8
"""Share of what all questions have in common that is taken off a question before it is compared with
facts: passages that lie near to everything (no pick-up, no refund) then lead no more."""
LABELS = ("ignore", "handoff", "refuse", "question")
RIDGE = 1.0
SURE = 0.2
"""How far the best label must lie before the second; so far ahead, 19 of 20 left-out examples are right."""
_INTENTS = {
    "ignore": Intent.IGNORE,
    "handoff": Intent.HANDOFF,
    "refuse": Intent.REFUSE,
    "question": Intent.QUESTION,
}


@dataclass(frozen=True)
class _Model:
    weights: Vector
    center: Vector

    def scores(self, vector: Vector) -> dict[str, float]:
        values = (vector - self.center) @ self.weights
        return {label: float(value) for label, value in zip(LABELS, values, strict=True)}


def fit(vectors: Vector, labels: list[str], ridge: float = RIDGE) -> _Model:
    """Ridge regression to one-hot labels, in its dual form (few examples, many dimensions)."""
    center = vectors.mean(axis=0)
    x = vectors - center
    targets = np.array([[float(label == one) for one in LABELS] for label in labels], dtype=np.float32)
    counts = targets.sum(axis=0)
    targets = targets - counts / counts.sum()
    gram = x @ x.T
    scale = ridge * float(np.trace(gram)) / len(labels)
    weights = x.T @ np.linalg.solve(gram + scale * np.eye(len(labels), dtype=np.float32), targets)
    return _Model(weights.astype(np.float32), center)


@lru_cache(maxsize=1)
def examples() -> tuple[list[str], list[str]]:
    """(texts, labels) of `data/examples.toml`."""
    rows = [(normalize(text), label) for label in LABELS for text in table("examples")[label]]
    return [text for text, _ in rows], [label for _, label in rows]


@dataclass(frozen=True)
class _Examples:
    """(examples, dims), and the mean of each language's."""

    vectors: Vector
    means: Mapping[Language, Vector]


_EXAMPLES: WeakKeyDictionary[Embedder, _Examples] = WeakKeyDictionary()


def _embedded(embedder: Embedder) -> _Examples:
    """The labelled examples, embedded once by each embedder."""
    if (known := _EXAMPLES.get(embedder)) is not None:
        return known
    texts, _ = examples()
    vectors = np.stack([embedder.query(text) for text in texts])
    spoken = np.array([language_of(text).value for text in texts])
    means = {language: vectors[spoken == language.value].mean(axis=0) for language in Language}
    return _EXAMPLES.setdefault(embedder, _Examples(vectors, means))


def centred(embedder: Embedder, text: str) -> Vector:
    """A question's vector less what questions of its language have in common; not of unit length."""
    common = _embedded(embedder).means[language_of(normalize(text))]
    vector: Vector = embedder.query(text) - CENTRED * common
    return vector


class IntentClassifier:
    """Loads its examples at first use; `prepare` does it ahead."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._model: _Model | None = None

    def prepare(self) -> None:
        if self._model is None:
            self._model = fit(_embedded(self._embedder).vectors, examples()[1])

    def read(self, text: str, language: Language) -> Reading | None:
        """A reading where one label is clearly ahead, else None."""
        self.prepare()
        assert self._model is not None
        scores = self._model.scores(self._embedder.query(text))
        first, second = sorted(scores.values(), reverse=True)[:2]
        label = max(scores, key=scores.__getitem__)
        if first - second < SURE:
            return None
        return Reading(_INTENTS[label], f"like {label} examples ({first - second:.2f} ahead)")
