"""The vocabulary of what can be asked about a shop and its goods (`data/concepts.toml`)."""

import re
from dataclasses import dataclass
from functools import lru_cache

from ai.assistant.models import Language
from ai.assistant.text import arabic, has_han, normalize, table


@dataclass(frozen=True, slots=True)
class Concept:
    """`vocabulary`: every Chinese character its patterns use, what a buyer says around it."""

    id: str
    zh: str
    en: str
    keys: re.Pattern[str] | None
    keys_en: re.Pattern[str] | None
    ask: re.Pattern[str] | None
    ask_en: re.Pattern[str] | None
    units: re.Pattern[str] | None
    policy: bool
    closed: bool
    vocabulary: frozenset[str]
    latin: frozenset[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A concept found in a question, and where."""

    concept: Concept
    start: int
    end: int


def _compiled(patterns: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE) if patterns else None


@lru_cache(maxsize=1)
def concepts() -> dict[str, Concept]:
    """All concepts by id, in the file's order."""
    found = {}
    for name, row in table("concepts").items():
        sources = "".join(row.get("keys", [])) + "".join(row.get("ask", [])) + row["zh"]
        english = " ".join([*row.get("ask_en", []), *row.get("keys_en", [])]) + " " + row["en"].lower()
        found[name] = Concept(
            id=name,
            zh=row["zh"],
            en=row["en"],
            keys=_compiled(row.get("keys", [])),
            keys_en=_compiled(row.get("keys_en", [])),
            ask=_compiled(row.get("ask", [])),
            ask_en=_compiled(row.get("ask_en", [])),
            units=_compiled(row.get("units", [])),
            policy=bool(row.get("policy", False)),
            closed=bool(row.get("closed", False)),
            vocabulary=frozenset(c for c in sources if "\u4e00" <= c <= "\u9fff"),
            latin=frozenset(re.findall(r"[a-z]{2,}", english.replace("\\b", " ") + " " + sources)),
        )
    return found


def asked(text: str, language: Language) -> tuple[Asked, ...]:
    """Concepts that a normalized question asks about, with the longest match of each."""
    found = []
    for concept in concepts().values():
        patterns = [concept.ask, concept.ask_en] if language is Language.ZH else [concept.ask_en]
        spans = [m.span() for p in patterns if p is not None for m in p.finditer(text)]
        spans = [span for span in spans if span[1] > span[0]]
        if spans:
            start, end = max(spans, key=lambda s: s[1] - s[0])
            found.append(Asked(concept, start, end))
    return tuple(found)


@lru_cache(maxsize=4096)
def of_label(label: str) -> frozenset[str]:
    """Concepts that an attribute's or a policy's name stands for."""
    name = label.lower()
    found = {c.id for c in concepts().values() if c.keys and c.keys.search(name)}
    if not has_han(name):
        found |= {c.id for c in concepts().values() if c.en.lower() == name}
        found |= {c.id for c in concepts().values() if c.ask_en and c.ask_en.search(name)}
        found |= {c.id for c in concepts().values() if c.keys_en and c.keys_en.search(name)}
    return frozenset(found)


@lru_cache(maxsize=4096)
def of_value(value: str) -> frozenset[str]:
    """Concepts whose values look like this one."""
    text = arabic(normalize(value))
    return frozenset(c.id for c in concepts().values() if c.units and c.units.search(text))
