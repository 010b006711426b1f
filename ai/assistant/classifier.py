"""What no rule decides: a linear reading of e5 embeddings, fitted to a few labelled examples."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ai.assistant.intent import Intent, Reading
from ai.assistant.models import Language
from ai.assistant.text import normalize, table
from ai.embeddings import Embedder, Vector

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


class IntentClassifier:
    """Loads its examples at first use; `prepare` does it ahead."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._model: _Model | None = None

    def prepare(self) -> None:
        if self._model is None:
            texts, labels = examples()
            vectors = np.stack([self._embedder.query(text) for text in texts])
            self._model = fit(vectors, labels)

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
