"""The assistant: a question in, an answer, hand-over, refusal or silence out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ai.assistant import graph
from ai.assistant.classifier import IntentClassifier
from ai.assistant.facts import FactSource
from ai.assistant.models import Fact, Outcome, Question
from ai.assistant.similarity import PassageSimilarity
from ai.embeddings import Embedder


class Assistant:
    """Answers from facts alone. Thread-safe; holds no state of any room."""

    def __init__(self, embedder: Embedder, *, writer: graph.Writer | None = None) -> None:
        self._similarity = PassageSimilarity(embedder)
        self._classifier = IntentClassifier(embedder)
        self._graph: Any = graph.build(graph.Nodes(self._near, self._classifier.read, writer))

    def warm_up(self, facts: Sequence[Fact] = ()) -> None:
        """Loads models and embeds examples and the given facts, so that no viewer waits for it."""
        self._classifier.prepare()
        self._similarity.prepare(facts)

    async def answer(self, question: Question, facts: FactSource) -> Outcome:
        """Never raises for what a viewer wrote; errors of the fact source pass through."""
        state: graph.State = await self._graph.ainvoke({"question": question, "source": facts})
        return replace(state["outcome"], trace=state["trace"])

    def _near(self, text: str, facts: Sequence[Fact]) -> Mapping[str, float]:
        return self._similarity.of(text, facts)
