"""Sentence embeddings for moderation's meaning layer."""

from collections.abc import Sequence
from pathlib import Path

from ai.embeddings import Embedder
from ai.embeddings import default_embedder as default
from moderation.evaluation import labelled
from moderation.text.meaning import MeaningLayer, Vectors


class Sentences:
    """A `moderation.text.meaning.Embedder` over the assistant's model."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.passages(texts)


def meaning_of(files: Sequence[Path]) -> MeaningLayer:
    """A layer that has learned labelled files such as `tests/data/moderation/own.json`."""
    layer = MeaningLayer(Sentences(default()))
    layer.learn([example for path in files for example in labelled(path)])
    return layer
