"""What a text is about by its characters alone: a linear reading of character n-grams, words and sounds.

Ridge regression onto the labels over hashed features, fitted by conjugate gradients in seconds. It reads a text in a
fraction of a millisecond and therefore decides which texts are worth a sentence embedding (`meaning.py`).
"""

import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .normalize import Normalized
from .sound import syllables

Floats = npt.NDArray[np.float32]

FEATURES = 1 << 15
_RIDGE = 0.3
_ROUNDS = 60
_CLOSE_ENOUGH = 1e-3
_LONGEST = 200


def features(text: Normalized, side: str) -> npt.NDArray[np.intp]:
    """Hashed features: 1- to 3-grams of the compact view (also by `side`), words and their pairs, pairs of sounds."""
    compact = "^" + "".join("0" if c.isdigit() else c for c in text.compact[:_LONGEST]) + "$"
    grams = {compact[i : i + n] for n in (1, 2, 3) for i in range(len(compact) - n + 1)}
    words = text.plain[: 2 * _LONGEST].split()
    sounds = [syllables().get(c, c) for c in compact]
    found = {f"{side}{gram}" for gram in grams} | grams
    found |= {f" {word}" for word in words} | {f" {a} {b}" for a, b in pairwise(words)}
    found |= {f"p{a}|{b}" for a, b in pairwise(sounds)}
    return np.fromiter({zlib.crc32(f.encode("utf-8", "replace")) % FEATURES for f in found}, np.intp)


class GramReader:
    """Scores of every label for a text; until it has been fitted, zeros."""

    def __init__(self, labels: int) -> None:
        self._weights: Floats = np.zeros((FEATURES, labels), np.float32)
        self._mean: Floats = np.zeros(labels, np.float32)

    def fit(self, texts: Sequence[tuple[Normalized, str]], targets: npt.NDArray[np.floating]) -> None:
        """Fit to (text, side) pairs; `targets` has shape (texts, labels)."""
        rows = [features(text, side) for text, side in texts]
        data = _Sparse(rows)
        mean = targets.mean(axis=0)
        self._weights = data.transposed(_solve(data, (targets - mean).astype(np.float32)))
        self._mean = mean.astype(np.float32)

    def read(self, text: Normalized, side: str) -> Floats:
        """Shape (labels,): about 1 where the text is surely of a label, about 0 where it is not."""
        found = features(text, side)
        scores: Floats = self._weights[found].sum(axis=0) / np.float32(np.sqrt(len(found))) + self._mean
        return scores


class _Sparse:
    """Rows of equal values `1/sqrt(n)` at their features."""

    def __init__(self, rows: Sequence[npt.NDArray[np.intp]]) -> None:
        self._columns = np.concatenate(rows)
        sizes = np.array([len(row) for row in rows])
        self._starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self._scale = (1 / np.sqrt(sizes)).astype(np.float32)[:, None]
        self._sizes = sizes

    def times(self, weights: Floats) -> Floats:
        """`X @ weights`."""
        sums: Floats = np.add.reduceat(weights[self._columns], self._starts, axis=0) * self._scale
        return sums

    def transposed(self, values: Floats) -> Floats:
        """`X.T @ values`."""
        spread = np.repeat(values * self._scale, self._sizes, axis=0)
        return np.stack(
            [np.bincount(self._columns, column, FEATURES).astype(np.float32) for column in spread.T], axis=1
        )


def _solve(data: _Sparse, targets: Floats) -> Floats:
    """`(X X' + ridge) a = targets`, all columns at once."""
    answer = np.zeros_like(targets)
    rest = targets.copy()
    direction = rest.copy()
    size = (rest * rest).sum(axis=0)
    first = size.copy()
    for _ in range(_ROUNDS):
        moved = data.times(data.transposed(direction)) + _RIDGE * direction
        step = size / np.maximum((direction * moved).sum(axis=0), 1e-12)
        answer += step * direction
        rest -= step * moved
        now = (rest * rest).sum(axis=0)
        if bool((now <= _CLOSE_ENOUGH**2 * first).all()):
            break
        direction = rest + now / np.maximum(size, 1e-12) * direction
        size = now
    return answer
