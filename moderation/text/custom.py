"""Words and patterns that an admin has added to the policy."""

from collections.abc import Sequence
from functools import lru_cache

import re2

from ..findings import Finding
from ..policy import ANY, PatternEntry
from .evidence import Evidence
from .lexicon import Lexicon, Term
from .words import views

LONGEST_PATTERN = 500
_MEMORY = 1 << 20


class BadPattern(ValueError):
    """The pattern is empty, too long, matches the empty text, or is no RE2."""


def compile_pattern(text: str) -> "re2._Regexp[str]":
    """An admin's pattern, bounded in size; its time is linear in the text whatever it is. Raises BadPattern."""
    if not text.strip() or len(text) > LONGEST_PATTERN:
        raise BadPattern(f"between 1 and {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    options.case_sensitive = False
    try:
        pattern = re2.compile(text, options)
    except re2.error as error:
        message = error.args[0] if error.args else b""
        raise BadPattern(message.decode() if isinstance(message, bytes) else str(message)) from None
    if pattern.search("") is not None:
        raise BadPattern("it matches a text without a letter")
    return pattern


class CustomRules:
    """The added patterns of one policy, ready to search."""

    def __init__(self, patterns: Sequence[PatternEntry]) -> None:
        self._regexes = [(p, compile_pattern(p.text)) for p in patterns if p.kind == "regex"]
        self._words = {Term(p.category, "custom", p.text): p for p in patterns if p.kind == "word"}
        self._lexicon = Lexicon(self._words)

    def find(self, evidence: Evidence) -> list[Finding]:
        """A finding for each word and the first match of each pattern."""
        found = []
        for entry, pattern in self._regexes:
            match = pattern.search(evidence.text.digits)
            if match is not None and entry.surface in (ANY, evidence.surface):
                found.append(
                    evidence.finding(
                        entry.category, entry.score, f"{entry.category}.custom", match.start(), match.end()
                    )
                )
        hits, _ = self._lexicon.find(evidence.text, views(evidence.text, frozenset()))
        for group in hits.values():
            for hit in group:
                entry = self._words[hit.term]
                if entry.surface in (ANY, evidence.surface):
                    found.append(
                        evidence.finding(
                            entry.category, entry.score, f"{entry.category}.custom", hit.start, hit.end
                        )
                    )
        return found


@lru_cache(maxsize=8)
def custom_rules(patterns: tuple[PatternEntry, ...]) -> CustomRules:
    """Built once per policy. Raises BadPattern."""
    return CustomRules(patterns)
