"""The meaning layer: three readings learned from labelled examples, which moderators' decisions extend.

Characters (`grams.py`) first; unless they are innocent, the words' own vectors, both within a millisecond and at once.
Where these two are unsure a sentence encoder, which takes long, has the last word. A text counts when its best
forbidden label exceeds `allow` by a margin. Figures: `docs/reference/moderation.md`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..findings import Category, Finding, Surface
from .grams import GramReader
from .normalize import normalize
from .ridge import KernelRidge

Vectors = npt.NDArray[np.floating]

ALLOW = "allow"
_NOT_LEARNED = (Category.IMPERSONATION, Category.ATTACK, Category.UNSCREENED)
LABELS = (ALLOW, *(c.value for c in Category if c not in _NOT_LEARNED))
MARGIN = 0.0
MARGIN_ON_AIR = 0.1
"""Of what hosts and merchants say: to interrupt them for nothing costs more."""
SURE = 0.2
SCORE, SURE_SCORE = 0.6, 0.8
_LEANS = -0.5
_UNSURE = -0.2
_AT_ONCE_SHARES = (0.5, 0.5)
_SHARES = (0.25, 0.25, 0.5)
_LONGEST = 300
_REMEMBERED = 2_000
_STORE = Path(__file__).parent / "examples.npz"


class Embedder(Protocol):
    """Texts to vectors, alike texts to near ones."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Of whole sentences, shape (len(texts), dimensions); takes milliseconds a text."""
        ...

    def glance(self, texts: Sequence[str]) -> Vectors:
        """Of the words alone, of folded texts (`normalize.Normalized.plain`); takes a fraction of a millisecond."""
        ...


@dataclass(frozen=True, slots=True)
class Labelled:
    """An example: `label` is a category or `allow`."""

    text: str
    surface: Surface
    label: str


class MeaningLayer:
    """A `screen.Meaning` and an `aside.SlowLayer`. `learn` replaces what it knows; until then it finds nothing.

    Safe to share between threads.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: _Known | None = None
        self._glanced: dict[tuple[str, Surface], Vectors] = {}

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
        self._known = _fit(examples, np.concatenate(parts), self._embedder)
        self._glanced = {}

    def at_once(self, text: str, surface: Surface) -> list[Finding]:
        """One finding over the whole text where characters and words are sure. Takes less than a millisecond."""
        scores = self._glance(text, surface)
        return [] if scores is None else _finding(text, scores @ _weights(_AT_ONCE_SHARES), SURE)

    def suspects(self, text: str, surface: Surface) -> bool:
        """Whether characters and words leave it open, so that the sentence is worth a look."""
        scores = self._glance(text, surface)
        return scores is not None and _UNSURE < _lead(scores @ _weights(_AT_ONCE_SHARES)) <= SURE

    def find(self, text: str, surface: Surface) -> list[Finding]:
        """What all three readings tell: one finding over the whole text, or none."""
        known = self._known
        if known is None or not self.suspects(text, surface):
            return self.at_once(text, surface)
        margin = MARGIN if surface in _WRITTEN_BY_VIEWERS else MARGIN_ON_AIR
        return _finding(text, self._read(known, text, surface), margin)

    def lead(self, text: str, surface: Surface) -> float:
        """By how much the best forbidden label exceeds `allow` to all three; minus infinity for surely innocent characters."""
        known = self._known
        if known is None or self._glance(text, surface) is None:
            return float("-inf")
        return _lead(self._read(known, text, surface))

    def _read(self, known: "_Known", text: str, surface: Surface) -> Vectors:
        """Shape (labels,)."""
        vector = np.asarray(self._embedder.embed([text[:_LONGEST]]), dtype=np.float64)[0]
        glanced = self._glance(text, surface)
        assert glanced is not None
        scores: Vectors = np.column_stack(
            [
                glanced,
                known.sentences.read(vector, _sign(surface)),
            ]
        ) @ _weights(_SHARES)
        return scores

    def _glance(self, text: str, surface: Surface) -> Vectors | None:
        """Scores by characters and by words, shape (labels, 2); None where the characters are innocent."""
        known, key = self._known, (text[:_LONGEST], surface)
        if known is None or not text.strip():
            return None
        if (before := self._glanced.get(key)) is not None:
            return before if before.size else None
        scores = self._look(known, *key)
        if len(self._glanced) >= _REMEMBERED:
            self._glanced.clear()
        self._glanced[key] = _INNOCENT if scores is None else scores
        return scores

    def _look(self, known: "_Known", text: str, surface: Surface) -> Vectors | None:
        folded = normalize(text)
        characters = known.grams.read(folded, _side(surface))
        if _lead(characters) <= _LEANS:
            return None
        words = known.words.read(self._embedder.glance([folded.plain])[0], _sign(surface))
        return np.column_stack([characters, words])


@dataclass(frozen=True, slots=True)
class _Known:
    """What was learned from one set of examples."""

    grams: GramReader
    words: KernelRidge
    sentences: KernelRidge


_INNOCENT: Vectors = np.zeros((0, 2), np.float32)


def _fit(examples: Sequence[Labelled], vectors: Vectors, embedder: Embedder) -> _Known:
    targets = np.zeros((len(examples), len(LABELS)), np.float32)
    for row, example in enumerate(examples):
        targets[row, LABELS.index(example.label)] = 1
    folded = [normalize(e.text[:_LONGEST]) for e in examples]
    grams = GramReader(len(LABELS))
    grams.fit([(text, _side(e.surface)) for text, e in zip(folded, examples, strict=True)], targets)
    sides = np.array([_sign(e.surface) for e in examples], np.float32)
    words = np.asarray(embedder.glance([text.plain for text in folded]), dtype=np.float64)
    return _Known(grams, KernelRidge.fit(words, sides, targets), KernelRidge.fit(vectors, sides, targets))


def _finding(text: str, scores: Vectors, margin: float) -> list[Finding]:
    lead = _lead(scores)
    if lead <= margin:
        return []
    label = LABELS[int(np.argmax(scores[1:])) + 1]
    return [Finding(label, SURE_SCORE if lead > SURE else SCORE, "meaning", 0, len(text), text)]


def _weights(shares: tuple[float, ...]) -> Vectors:
    return np.array(shares, np.float32)


def _sign(surface: Surface) -> float:
    return 1.0 if surface in _WRITTEN_BY_VIEWERS else -1.0


def _side(surface: Surface) -> str:
    return "c" if surface in _WRITTEN_BY_VIEWERS else "o"


_WRITTEN_BY_VIEWERS = (Surface.CHAT, Surface.PROFILE)


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

    def glance(self, texts: Sequence[str]) -> Vectors:
        return self.embed(texts)

    def embed(self, texts: Sequence[str]) -> Vectors:
        out = np.zeros((len(texts), 64))
        for row, text in enumerate(texts):
            for character in text:
                out[row, ord(character) % 64] += 1
        return out
