"""The assistant: a question in, an answer, hand-over, refusal or silence out."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ai.assistant import graph
from ai.assistant.breaker import HasHealth, ModelHealth
from ai.assistant.classifier import IntentClassifier
from ai.assistant.facts import FactSource
from ai.assistant.index import MemoryIndex, PassageIndex
from ai.assistant.models import Fact, Facts, Outcome, Question
from ai.assistant.recent import RecentQuestions
from ai.assistant.retrieval import attribute_facts, faq_facts, policy_facts
from ai.assistant.steps import State
from ai.embeddings import Embedder


class Assistant:
    """Answers from facts alone. Holds no state of any room but its passage index.

    `writer` words drafts freely (a language model); without one the composer's words are sent.
    `recent` keeps the room from hearing the same answer again and again.
    """

    def __init__(
        self,
        embedder: Embedder,
        *,
        index: PassageIndex | None = None,
        writer: graph.Writer | None = None,
        recent: RecentQuestions | None = None,
    ) -> None:
        self._index = index or MemoryIndex(embedder)
        self._writer = writer
        self._classifier = IntentClassifier(embedder)
        nodes = graph.Nodes(self._index, self._classifier.read, writer, recent)
        self._graph: Any = graph.build(nodes)

    async def prepare(self, facts: Facts | None = None) -> int:
        """Loads what it needs and indexes these facts; says how many passages were new.

        Call it when a show starts and when the catalogue changes, so that no viewer waits.
        """
        await asyncio.to_thread(self._classifier.prepare)
        return await self._index.sync(passages(facts)) if facts else 0

    @property
    def health(self) -> ModelHealth | None:
        """Of the language model; None without one."""
        return self._writer.health if isinstance(self._writer, HasHealth) else None

    async def answer(self, question: Question, facts: FactSource) -> Outcome:
        """Never raises for what a viewer wrote; errors of the fact source pass through."""
        state: State = await self._graph.ainvoke({"question": question, "source": facts})
        return replace(state["outcome"], trace=state["trace"])


def passages(facts: Facts) -> Sequence[Fact]:
    """The facts that are found by meaning: attributes, policies, FAQ."""
    of_products = [fact for product in facts.products for fact in attribute_facts(product)]
    return [*of_products, *policy_facts(facts), *faq_facts(facts)]
