"""The meaning layer: a linear reading of sentence embeddings, learned from labelled examples.

Ridge regression onto the labels (closed form, so that learning again takes milliseconds): a text counts when its best
forbidden label exceeds `allow` by `margin`. Measured on texts written after the lists (`docs/reference/moderation.md`):
it finds what no list knows, and raises false alarms; its findings score below what holds a message back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..findings import Category, Finding, Surface

Vectors = npt.NDArray[np.floating]

ALLOW = "allow"
LABELS = (ALLOW, *(c.value for c in Category if c is not Category.UNSCREENED))
MARGIN = 0.25
SCORE = 0.6
_RIDGE = 1.0
_LONGEST = 300


class Embedder(Protocol):
    """Sentences to vectors of one length, alike sentences to near ones."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimensions)."""
        ...


@dataclass(frozen=True, slots=True)
class Labelled:
    """An example: `label` is a category or `allow`."""

    text: str
    surface: Surface
    label: str


class MeaningLayer:
    """A `screen.Meaning`. `learn` replaces what it knows; until then it finds nothing."""

    def __init__(self, embedder: Embedder, margin: float = MARGIN) -> None:
        self._embedder = embedder
        self._margin = margin
        self._center: Vectors | None = None
        self._weights: Vectors | None = None

    def learn(self, examples: Sequence[Labelled]) -> None:
        """Fit to all examples; at least one of `allow` and one other are needed, else it finds nothing."""
        if len({e.label for e in examples}) < 2:
            self._weights = None
            return
        vectors = np.asarray(self._embedder.embed([e.text[:_LONGEST] for e in examples]), dtype=np.float64)
        self._center = vectors.mean(axis=0)
        features = self._features(vectors, [e.surface for e in examples])
        targets = np.zeros((len(examples), len(LABELS)))
        for row, example in enumerate(examples):
            targets[row, LABELS.index(example.label)] = 1
        gram = features.T @ features + _RIDGE * np.eye(features.shape[1])
        self._weights = np.linalg.solve(gram, features.T @ targets)

    def find(self, text: str, surface: Surface) -> list[Finding]:
        """One finding over the whole text, or none."""
        if self._weights is None or not text.strip():
            return []
        vectors = np.asarray(self._embedder.embed([text[:_LONGEST]]), dtype=np.float64)
        scores = (self._features(vectors, [surface]) @ self._weights)[0]
        best = int(np.argmax(scores[1:])) + 1
        if scores[best] - scores[0] <= self._margin:
            return []
        return [Finding(LABELS[best], SCORE, "meaning", 0, len(text), text)]

    def _features(self, vectors: Vectors, surfaces: Sequence[Surface]) -> Vectors:
        """Centred unit vectors, the same by surface (chat or not), the surface itself and a constant."""
        assert self._center is not None
        centred = vectors - self._center
        centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
        side = np.array([[1.0] if s is Surface.CHAT else [-1.0] for s in surfaces])
        return np.concatenate([centred, centred * side, 0.3 * side, np.ones_like(side)], axis=1)


class LetterEmbedder:
    """An Embedder for tests: counts of letters."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        out = np.zeros((len(texts), 64))
        for row, text in enumerate(texts):
            for character in text:
                out[row, ord(character) % 64] += 1
        return out
