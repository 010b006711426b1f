"""Cosine of a question with facts, by embeddings kept for as long as the facts' words stay."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np

from ai.assistant.models import Fact
from ai.embeddings import Embedder, Vector

MAX_PASSAGES = 20_000
MAX_QUERIES = 2_000


class PassageSimilarity:
    """Embeds a fact once for its wording, a question once for its text; both caches are bounded."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._passages: OrderedDict[str, Vector] = OrderedDict()
        self._queries: OrderedDict[str, Vector] = OrderedDict()

    def prepare(self, facts: Sequence[Fact]) -> None:
        missing = list(dict.fromkeys(p for p in map(passage, facts) if p not in self._passages))
        if not missing:
            return
        for text, vector in zip(missing, self._embedder.passages(missing), strict=True):
            self._passages[text] = vector
        while len(self._passages) > MAX_PASSAGES:
            self._passages.popitem(last=False)

    def of(self, text: str, facts: Sequence[Fact]) -> Mapping[str, float]:
        """Cosine by fact id."""
        if not facts:
            return {}
        self.prepare(facts)
        query = self._query(text)
        matrix = np.stack([self._passages[passage(fact)] for fact in facts])
        scores = matrix @ query
        return {fact.id: float(score) for fact, score in zip(facts, scores, strict=True)}

    def _query(self, text: str) -> Vector:
        if (vector := self._queries.get(text)) is not None:
            self._queries.move_to_end(text)
            return vector
        vector = self._embedder.query(text)
        self._queries[text] = vector
        while len(self._queries) > MAX_QUERIES:
            self._queries.popitem(last=False)
        return vector


def passage(fact: Fact) -> str:
    """What is embedded of a fact; never its price or stock."""
    return f"{fact.label}：{fact.text}"
