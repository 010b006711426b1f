"""The passage index: facts by meaning (e5 in pgvector) and by spelling (trigrams) together."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Protocol

import numpy as np

from ai.assistant import repository
from ai.assistant.classifier import centred
from ai.assistant.models import Fact
from ai.embeddings import Embedder, Vector
from app.core.clock import Clock
from app.core.db import Database

MAX_PASSAGES = 20_000
MAX_QUERIES = 2_000
TRIGRAM_WEIGHT = 0.2


class PassageIndex(Protocol):
    async def sync(self, facts: Sequence[Fact]) -> int:
        """Embeds the passages that are new or have changed; says how many those were."""
        ...

    async def near(self, text: str, facts: Sequence[Fact]) -> Mapping[str, float]:
        """How near a question is to each fact, by fact id: centred cosine plus weighted trigrams."""
        ...


def passage(fact: Fact) -> str:
    """What is embedded of a fact; never its price or stock."""
    return f"{fact.label}：{fact.text}"


def digest(text: str) -> str:
    """Passages are stored under the hash of their words, so a changed fact is a new passage."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class QueryCache:
    """Centred vectors of the last questions, oldest dropped first."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._one_at_a_time = Lock()
        self._vectors: OrderedDict[str, Vector] = OrderedDict()

    async def vector(self, text: str) -> Vector:
        if (known := self._vectors.get(text)) is not None:
            self._vectors.move_to_end(text)
            return known
        vector = await asyncio.to_thread(self._embed, text)
        self._vectors[text] = vector
        while len(self._vectors) > MAX_QUERIES:
            self._vectors.popitem(last=False)
        return vector

    def _embed(self, text: str) -> Vector:
        """One at a time: many at once would take every core from those who serve viewers."""
        with self._one_at_a_time:
            return centred(self._embedder, text)


class MemoryIndex:
    """The same answers without a database, for evaluations and tests; bounded."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._queries = QueryCache(embedder)
        self._passages: OrderedDict[str, Vector] = OrderedDict()

    async def sync(self, facts: Sequence[Fact]) -> int:
        missing = list(dict.fromkeys(p for p in map(passage, facts) if p not in self._passages))
        if missing:
            vectors = await asyncio.to_thread(self._embedder.passages, missing)
            self._passages.update(zip(missing, vectors, strict=True))
        while len(self._passages) > MAX_PASSAGES:
            self._passages.popitem(last=False)
        return len(missing)

    async def near(self, text: str, facts: Sequence[Fact]) -> Mapping[str, float]:
        if not facts:
            return {}
        await self.sync(facts)
        query = await self._queries.vector(text)
        cosines = np.stack([self._passages[passage(fact)] for fact in facts]) @ query
        return {
            fact.id: float(cosine) + TRIGRAM_WEIGHT * trigram_similarity(text, passage(fact))
            for fact, cosine in zip(facts, cosines, strict=True)
        }


class PgIndex:
    """Passages in PostgreSQL. A passage is embedded once for all processes."""

    def __init__(self, db: Database, embedder: Embedder, clock: Clock) -> None:
        self._db = db
        self._embedder = embedder
        self._clock = clock
        self._queries = QueryCache(embedder)
        self._known: OrderedDict[str, None] = OrderedDict()

    async def sync(self, facts: Sequence[Fact]) -> int:
        texts = {digest(p): p for p in map(passage, facts)}
        unsure = [key for key in texts if key not in self._known]
        if not unsure:
            return 0
        async with self._db.transaction() as tx:
            stored = await repository.known_passages(tx, unsure, self._embedder.name, self._clock.now())
        missing = [key for key in unsure if key not in stored]
        if missing:
            vectors = await asyncio.to_thread(self._embedder.passages, [texts[key] for key in missing])
            rows = [
                repository.Passage(key, texts[key], vector)
                for key, vector in zip(missing, vectors, strict=True)
            ]
            async with self._db.transaction() as tx:
                await repository.add_passages(tx, rows, self._embedder.name, self._clock.now())
        self._known.update(dict.fromkeys(unsure))
        while len(self._known) > MAX_PASSAGES:
            self._known.popitem(last=False)
        return len(missing)

    async def near(self, text: str, facts: Sequence[Fact]) -> Mapping[str, float]:
        if not facts:
            return {}
        await self.sync(facts)
        query = await self._queries.vector(text)
        keys = {fact.id: digest(passage(fact)) for fact in facts}
        async with self._db.transaction() as tx:
            scores = await repository.nearest(
                tx, text, query, list(keys.values()), self._embedder.name, TRIGRAM_WEIGHT
            )
        return {fact_id: scores[key] for fact_id, key in keys.items() if key in scores}


def trigram_similarity(a: str, b: str) -> float:
    """pg_trgm's similarity(): shared trigrams of padded words over all of them."""
    left, right = _trigrams(a), _trigrams(b)
    return len(left & right) / len(left | right) if left and right else 0.0


def _trigrams(text: str) -> set[str]:
    cleaned = "".join(c if c.isalnum() else " " for c in text.lower())
    padded = [f"  {word} " for word in cleaned.split()]
    return {word[i : i + 3] for word in padded for i in range(len(word) - 2)}
