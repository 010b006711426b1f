"""Many patterns over one text in one pass: RE2's set tells which match, only these are searched for their place.

Pattern files (`lists/<category>.<language>.patterns`) hold one RE2 pattern a line, sections `[kind]` and definitions
`@name = pattern`. English patterns see the words with single blanks between and around them, written `_`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import re2

_CLASS = re.compile(r"\[[^\]]*\]")
_FOLDED = {"，": ",", "！": "!", "？": "?", "；": ";"}
LISTS = Path(__file__).parent / "lists"


class Phrases:
    """A fixed list of RE2 patterns, each with a kind; time is linear in the text's length whatever they are."""

    def __init__(self, patterns: Sequence[tuple[str, str]]) -> None:
        self.kinds = [kind for kind, _ in patterns]
        self._patterns = [re2.compile(pattern) for _, pattern in patterns]
        self._set = re2.Set.SearchSet()
        for _, pattern in patterns:
            self._set.Add(pattern)
        self._set.Compile()

    def find(self, text: str) -> Iterator[tuple[str, int, int]]:
        """For each pattern that matches: its kind and the first match's half-open span."""
        for index in sorted(self._set.Match(text) or ()):
            match = self._patterns[index].search(text)
            if match is not None and match.start() < match.end():
                yield self.kinds[index], match.start(), match.end()


def _halfwidth(pattern: str) -> str:
    """Classes of characters that name full-width punctuation mean the folded one as well."""
    return _CLASS.sub(
        lambda m: re.sub("[，！？；]", lambda p: p.group() + _FOLDED[p.group()], m.group()), pattern
    )


@lru_cache
def load(category: str, language: str) -> Phrases:
    """The patterns of one file; read once."""
    definitions: dict[str, str] = {}
    patterns = []
    kind = "phrase"
    for line in (LISTS / f"{category}.{language}.patterns").read_text("utf-8").splitlines():
        if not line or line.startswith("# "):
            continue
        if line.startswith("@") and " = " in line:
            name, _, definition = line.partition(" = ")
            definitions[name] = definition
        elif line.startswith("[") and line.endswith("]") and line.strip("[]").isalpha() and line.isascii():
            kind = line.strip("[]")
        else:
            for name, definition in definitions.items():
                line = line.replace(name, definition)
            patterns.append((kind, line.replace("_", " ") if language == "en" else _halfwidth(line)))
    return Phrases(patterns)
