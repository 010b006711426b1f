"""The meaning layer: two readings learned from labelled examples, which moderators' decisions extend.

The first reads characters (`grams.py`) and costs a fraction of a millisecond; only where it leans towards a forbidden
label is the second asked, a kernel ridge over sentences' embeddings. A text counts when, in the weighted mean of both,
its best forbidden label exceeds `allow` by `margin`. Figures: `docs/reference/moderation.md`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..findings import Category, Finding, Surface
from .grams import GramReader

Vectors = npt.NDArray[np.floating]

ALLOW = "allow"
LABELS = (ALLOW, *(c.value for c in Category if c not in (Category.ATTACK, Category.UNSCREENED)))
MARGIN = 0.04
SURE = 0.2
SCORE, SURE_SCORE = 0.6, 0.8
_LEANS = -0.35
_BY_CHARACTERS = 0.4
_RIDGE = 0.2
_NEARNESS, _LINEAR, _SAME_SIDE = 2.0, 0.3, 0.5
_LONGEST = 300
_REMEMBERED = 2_000
_STORE = Path(__file__).parent / "examples.npz"


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
    """A `screen.Meaning`. `learn` replaces what it knows; until then it finds nothing. Safe to share between threads."""

    def __init__(self, embedder: Embedder, margin: float = MARGIN) -> None:
        self._embedder = embedder
        self._margin = margin
        self._known: _Known | None = None
        self._read_before: dict[tuple[str, Surface], tuple[float, str]] = {}

    def learn(self, examples: Sequence[Labelled], vectors: Vectors | None = None) -> None:
        """Fit to all examples; at least one of `allow` and one other are needed, else it finds nothing.

        `vectors`: the embeddings of the first examples, where they are known.
        """
        if len({e.label for e in examples}) < 2:
            self._known = None
            return
        given = 0 if vectors is None else len(vectors)
        parts = [] if vectors is None else [np.asarray(vectors, dtype=np.float64)]
        if given < len(examples):
            texts = [e.text[:_LONGEST] for e in examples[given:]]
            parts.append(np.asarray(self._embedder.embed(texts), dtype=np.float64))
        self._known = _fit(examples, np.concatenate(parts))
        self._read_before = {}

    def suspects(self, text: str, surface: Surface) -> bool:
        """Whether the text's characters make it worth a look at its meaning. Takes a fraction of a millisecond."""
        known = self._known
        return known is not None and bool(text.strip()) and _lead(known.read(text, surface)) > _LEANS

    def find(self, text: str, surface: Surface) -> list[Finding]:
        """One finding over the whole text, or none."""
        lead, label = self._read(text, surface)
        if lead <= self._margin:
            return []
        return [Finding(label, SURE_SCORE if lead > SURE else SCORE, "meaning", 0, len(text), text)]

    def lead(self, text: str, surface: Surface) -> float:
        """By how much the best forbidden label exceeds `allow`; minus infinity where the characters are innocent."""
        return self._read(text, surface)[0]

    def _read(self, text: str, surface: Surface) -> tuple[float, str]:
        known = self._known
        if known is None or not text.strip():
            return float("-inf"), ALLOW
        read = known.read(text, surface)
        if _lead(read) <= _LEANS:
            return float("-inf"), ALLOW
        before = self._read_before
        if (text, surface) not in before:
            vector = np.asarray(self._embedder.embed([text[:_LONGEST]]), dtype=np.float64)
            scores = _BY_CHARACTERS * read + (1 - _BY_CHARACTERS) * known.understand(vector, surface)
            if len(before) >= _REMEMBERED:
                before.clear()
            before[text, surface] = _lead(scores), LABELS[int(np.argmax(scores[1:])) + 1]
        return before[text, surface]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was learned from one set of examples: the character reading, and a kernel ridge over their embeddings."""

    grams: GramReader
    center: Vectors
    points: Vectors
    sides: Vectors
    duals: Vectors
    mean: Vectors

    def read(self, text: str, surface: Surface) -> Vectors:
        return self.grams.read(text[:_LONGEST], _side(surface))

    def understand(self, vector: Vectors, surface: Surface) -> Vectors:
        """Scores of every label by the sentence's embedding, shape (1, dimensions)."""
        side = np.array([_sign(surface)], np.float32)
        alike = _kernel(_units(vector, self.center), self.points, side, self.sides)
        scores: Vectors = (alike @ self.duals)[0] + self.mean
        return scores


def _fit(examples: Sequence[Labelled], vectors: Vectors) -> _Known:
    targets = np.zeros((len(examples), len(LABELS)), np.float32)
    for row, example in enumerate(examples):
        targets[row, LABELS.index(example.label)] = 1
    grams = GramReader(len(LABELS))
    grams.fit([(e.text[:_LONGEST], _side(e.surface)) for e in examples], targets)
    center: Vectors = vectors.mean(axis=0)
    points = _units(vectors, center)
    sides = np.array([_sign(e.surface) for e in examples], np.float32)
    mean = targets.mean(axis=0)
    alike = _kernel(points, points, sides, sides)
    alike[np.diag_indices(len(examples))] += np.float32(_RIDGE)
    return _Known(grams, center, points, sides, np.linalg.solve(alike, targets - mean), mean)


def _units(vectors: Vectors, center: Vectors) -> Vectors:
    """Centred unit vectors."""
    centred = vectors - center
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    return centred.astype(np.float32)


def _kernel(a: Vectors, b: Vectors, sides_a: Vectors, sides_b: Vectors) -> Vectors:
    """How alike sentences are, shape (len(a), len(b)): near ones count most, those of the same side (chat or not) more."""
    cosines: Vectors = a @ b.T
    alike: Vectors = np.exp(np.float32(_NEARNESS) * (cosines - np.float32(1)))
    alike += np.float32(_LINEAR) * cosines
    alike *= np.float32(1) + np.float32(_SAME_SIDE) * np.outer(sides_a, sides_b)
    return alike


def _sign(surface: Surface) -> float:
    return 1.0 if surface is Surface.CHAT else -1.0


def _side(surface: Surface) -> str:
    return "c" if surface is Surface.CHAT else "o"


def _lead(scores: Vectors) -> float:
    """By how much the best forbidden label exceeds `allow`."""
    return float(np.max(scores[1:]) - scores[0])


def store(examples: Sequence[Labelled], embedder: Embedder, path: Path = _STORE) -> None:
    """Write examples with their embeddings, a byte a dimension."""
    vectors = np.asarray(embedder.embed([e.text[:_LONGEST] for e in examples]), dtype=np.float64)
    scaled = np.round(vectors * 127 / np.abs(vectors).max(axis=1, keepdims=True)).astype(np.int8)
    np.savez_compressed(
        path,
        vectors=scaled,
        texts=np.frombuffer("\n".join(e.text.replace("\n", " ") for e in examples).encode(), np.uint8),
        labels=np.array([LABELS.index(e.label) for e in examples], np.uint8),
        surfaces=np.array([list(Surface).index(e.surface) for e in examples], np.uint8),
    )


def stored(path: Path = _STORE) -> tuple[list[Labelled], Vectors]:
    """The examples that come with the package, and their unit embeddings."""
    with np.load(path) as kept:
        texts = kept["texts"].tobytes().decode().split("\n")
        rows: Iterable[tuple[str, int, int]] = zip(texts, kept["surfaces"], kept["labels"], strict=True)
        examples = [Labelled(text, list(Surface)[surface], LABELS[label]) for text, surface, label in rows]
        vectors = kept["vectors"].astype(np.float64)
    return examples, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class LetterEmbedder:
    """An Embedder for tests: counts of letters."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        out = np.zeros((len(texts), 64))
        for row, text in enumerate(texts):
            for character in text:
                out[row, ord(character) % 64] += 1
        return out
