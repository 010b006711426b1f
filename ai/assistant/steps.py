"""What the steps of the graph hand on, and the mark that each leaves in the trace."""

import time
from collections.abc import Awaitable
from typing import Protocol, TypedDict

from ai.assistant.composer import Statement
from ai.assistant.drafting import Draft
from ai.assistant.facts import FactSource
from ai.assistant.intent import Reading
from ai.assistant.models import Fact, Facts, Language, Outcome, Question, TraceStep


class State(TypedDict, total=False):
    """What the steps hand on."""

    question: Question
    source: FactSource
    text: str
    language: Language
    reading: Reading
    facts: Facts
    draft: Draft
    private: bool
    own: bool
    composed_by: str
    text_out: str
    askers: int
    due: bool
    outcome: Outcome
    trace: tuple[TraceStep, ...]


class Step(Protocol):
    def __call__(self, state: State) -> Awaitable[State]: ...


def traced(name: str, step: Step) -> Step:
    """The step with its mark in the trace."""

    async def run(state: State) -> State:
        started = time.perf_counter()
        added = await step(state)
        took_ms = (time.perf_counter() - started) * 1000
        mark = TraceStep(name, _summary(added), round(took_ms, 2))
        return {**added, "trace": (*state.get("trace", ()), mark)}

    return run


def _summary(added: State) -> str:
    """What a step found, for people to read."""
    if "outcome" in added:
        return type(added["outcome"]).__name__.lower()
    if "askers" in added:
        return f"{added['askers']} asking" + ("" if added["due"] else ", answered a moment ago")
    if "text_out" in added:
        return f"{added['composed_by']}: {added['text_out']}"
    if "draft" in added:
        made = added["draft"]
        judged = f" [{added['reading'].reason}]" if "reading" in added else ""
        return (_facts_summary(made.statements) or f"no fact: {made.gap}") + judged
    if "reading" in added:
        private = " private" if added.get("private") else ""
        return f"{added['reading'].intent.value} ({added['reading'].reason}){private}"
    return ""


def _facts_summary(statements: tuple[Statement, ...]) -> str:
    found: list[Fact] = [fact for s in statements for fact in s.facts]
    return "; ".join(f"{fact.source.value} {fact.label}={fact.text}" for fact in found)
