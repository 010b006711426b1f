"""Answers viewers' questions from facts alone, or brings them to a person."""

from ai.assistant.assistant import Assistant
from ai.assistant.facts import FactSource, StaticFacts
from ai.assistant.models import (
    Answer,
    Fact,
    Facts,
    Faq,
    Handoff,
    Language,
    Order,
    OrderLine,
    Outcome,
    Product,
    Question,
    Refusal,
    Silence,
    Sku,
    Source,
)

__all__ = [
    "Answer",
    "Assistant",
    "Fact",
    "FactSource",
    "Facts",
    "Faq",
    "Handoff",
    "Language",
    "Order",
    "OrderLine",
    "Outcome",
    "Product",
    "Question",
    "Refusal",
    "Silence",
    "Sku",
    "Source",
    "StaticFacts",
]
