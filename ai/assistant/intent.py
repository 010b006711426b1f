"""What a message wants of the shop, before any fact is looked at."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ai.assistant.models import Language
from ai.assistant.text import table


class Intent(StrEnum):
    QUESTION = "question"
    STATEMENT = "statement"
    OWN_ORDER = "own_order"
    MEDICAL = "medical"
    HANDOFF = "handoff"
    REFUSE = "refuse"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Reading:
    """`reason` names the rule; `attack` means that the moderators should know."""

    intent: Intent
    reason: str
    attack: bool = False


@lru_cache(maxsize=64)
def _rule(kind: str, name: str) -> re.Pattern[str]:
    rules = table("intents")[kind][name]
    return re.compile(rules if isinstance(rules, str) else "|".join(f"(?:{r})" for r in rules))


def matches(kind: str, name: str, text: str) -> bool:
    return _rule(kind, name).search(text) is not None


def language_of(text: str) -> Language:
    """Chinese as soon as it holds two characters of it, or one and no English word."""
    han = sum("\u4e00" <= c <= "\u9fff" for c in text)
    latin = len(re.findall(r"[a-z]{2,}", text))
    return Language.ZH if han >= 2 or (han and not latin) or not latin else Language.EN


def is_noise(text: str) -> bool:
    """Nothing that could be read: no letters, laughter, one character again and again."""
    letters = [c for c in text if unicodedata.category(c).startswith("L")]
    if not letters:
        return True
    if len(set(letters)) == 1 and letters[0] not in "价":
        return True
    return re.fullmatch(r"[哈呵嘿嘻呜啊哇哦噢嗯额呃6w2h3o0l~!！。.,，a\s]+", text) is not None


def asks(text: str, language: Language) -> bool:
    """Whether the wording is a question's, in the message's own language."""
    if language is Language.EN:
        return matches("question", "en", text)
    return matches("question", "zh", text)


def gives_orders(text: str) -> bool:
    """Whether the normalized text of a fact tries to instruct the assistant."""
    return matches("fact", "orders", text)


def _attack(text: str) -> Reading | None:
    for name in ("injection", "private_data", "price_command"):
        if matches("refuse", name, text):
            return Reading(Intent.REFUSE, name, attack=True)
    return None


def read(text: str, language: Language) -> Reading:
    """Classifies a normalized message by rules; the order of the rules is the order of harm."""
    if is_noise(text):
        return Reading(Intent.IGNORE, "noise")
    if attack := _attack(text):
        return attack
    for name in ("human", "money", "complaint"):
        if matches("handoff", name, text):
            return Reading(Intent.HANDOFF, name)
    if matches("handoff", "medical", text) and matches("handoff", "own_safety", text):
        return Reading(Intent.HANDOFF, "own_safety")
    if matches("refuse", "medical_claim", text):
        return Reading(Intent.REFUSE, "medical_claim")
    if matches("handoff", "action", text):
        return Reading(Intent.HANDOFF, "action")
    if matches("order", "own", text):
        return Reading(Intent.OWN_ORDER, "own_order")
    if matches("ignore", "greeting", text):
        return Reading(Intent.IGNORE, "greeting")
    if matches("refuse", "off_topic", text):
        return Reading(Intent.REFUSE, "off_topic")
    question = asks(text, language)
    if matches("handoff", "medical", text) and (question or len(text) > 8):
        return Reading(Intent.MEDICAL, "medical")
    return Reading(Intent.QUESTION if question else Intent.STATEMENT, "wording")
