"""Which words stand where around a product's name: what the sentences of `ai/cues/examples` teach beyond the rules."""

import re
from collections.abc import Iterable, Sequence

from ai.cues.usage import Usage

_WORD = re.compile(r"[a-z']+|\d+|[.!?,]")
_NO_LETTER = re.compile(r"\W")
_REACH = {"zh": 14, "en": 10}
"""Characters, or words and marks, on each side of the name."""
_SIZES = {"zh": (2, 3), "en": (1, 2)}


def phrases(usage: Usage) -> frozenset[str]:
    """Pairs and triples of Chinese characters, English words and pairs, by side; "^" marks those next to the name."""
    reach = _REACH[usage.language]
    if usage.language == "en":
        before: Sequence[str] = _WORD.findall(usage.before.lower())[-reach:]
        after: Sequence[str] = _WORD.findall(usage.after.lower())[:reach]
    else:
        before = _NO_LETTER.sub("", usage.before)[-reach:]
        after = _NO_LETTER.sub("", usage.after)[:reach]
    found = {f"<{part}" for part in _parts(before, usage.language)}
    found |= {f">{part}" for part in _parts(after, usage.language)}
    for size in (1, 2):
        if len(before) >= size:
            found.add(f"<{' '.join(before[-size:])}^")
        if len(after) >= size:
            found.add(f"^>{' '.join(after[:size])}")
    return frozenset(found)


def _parts(words: Sequence[str], language: str) -> Iterable[str]:
    for size in _SIZES[language]:
        for first in range(len(words) - size + 1):
            yield " ".join(words[first : first + size])
