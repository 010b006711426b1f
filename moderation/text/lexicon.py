"""Word lists and the automata that find them all in one pass.

A list file holds sections `[category.class]` and comma-separated terms. Terms with Chinese characters are searched in
the compact view, so separators do not hide them; all others as whole words in the word views (`words.py`).
`*` at the end of a word term matches any continuation. A hit inside a longer term of `[exception]` does not count.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import ahocorasick

from .normalize import GAP_HARD, GAP_NONE, Normalized, is_cjk, normalize
from .words import WordView, tokenize

LISTS = Path(__file__).parent / "lists"


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of a list: `kind` is its class within the category, such as `strong` or `channel`."""

    category: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A term found: half-open span in `Normalized.plain`."""

    term: Term
    start: int
    end: int
    detector: str


def read_lists(folder: Path = LISTS) -> list[Term]:
    """All terms of all `*.txt` files; the file name's first part is the category."""
    terms = []
    for path in sorted(folder.glob("*.txt")):
        category = path.name.split(".")[0]
        kind = ""
        for line in path.read_text("utf-8").splitlines():
            line = line.strip()
            if not line or line.startswith("# "):
                continue
            if line.startswith("["):
                kind = line.strip("[]").removeprefix(f"{category}.")
                continue
            terms += [Term(category, kind, t) for part in line.split(",") if (t := part.strip())]
    return terms


class Lexicon:
    """Finds every term of the lists in a normalized text."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.terms = list(dict.fromkeys(terms))
        self._chinese: Any = ahocorasick.Automaton()
        self._latin: Any = ahocorasick.Automaton()
        chinese: dict[str, list[Term]] = defaultdict(list)
        latin: dict[str, list[Term]] = defaultdict(list)
        for term in self.terms:
            folded = normalize(term.text)
            if any(map(is_cjk, folded.plain)):
                chinese[folded.compact].append(term)
            else:
                stem = term.text.endswith("*")
                words = " ".join(w.text for w in tokenize(folded.plain.rstrip("*")) if w.text != "|")
                if words:
                    latin[f" {words}" if stem else f" {words} "].append(term)
        for text, entries in chinese.items():
            self._chinese.add_word(text, (len(text), tuple(entries)))
        for text, entries in latin.items():
            self._latin.add_word(text, (len(text), tuple(entries)))
        self._chinese.make_automaton()
        self._latin.make_automaton()

    def find(
        self, text: Normalized, views: Iterable[WordView], further: Iterable[Hit] = ()
    ) -> tuple[dict[str, list[Hit]], list[Hit]]:
        """Hits by `category.kind` with the exceptions applied, and the exceptions; `further` hits are treated alike."""
        hits = self._find_chinese(text)
        for view in views:
            hits += self._find_words(view)
        hits += further
        return group(without_excepted(hits)), [h for h in hits if h.term.kind == "exception"]

    def _find_chinese(self, text: Normalized) -> list[Hit]:
        compact, at, gaps = text.compact, text.compact_at, text.gaps
        hits = []
        for last, (length, terms) in self._chinese.iter(compact) if len(self._chinese) else ():
            first = last - length + 1
            if not _whole(compact, gaps, first, last) or not _joined(gaps[first + 1 : last + 1]):
                continue
            hits += [Hit(term, at[first], at[last] + 1, "terms") for term in terms]
        return hits

    def _find_words(self, view: WordView) -> list[Hit]:
        hits = []
        for last, (length, terms) in self._latin.iter(view.text) if len(self._latin) else ():
            first = last - length + 2
            end = last - 1 if view.text[last] == " " else last
            start_at, end_at = view.starts[first], view.ends[end]
            hits += [Hit(term, start_at, end_at, view.detector) for term in terms]
        return hits


def _whole(compact: str, gaps: list[int], first: int, last: int) -> bool:
    """Whether Latin letters at either edge of the match are not the middle of a longer word."""

    def inside(a: int, b: int) -> bool:
        return compact[a].isascii() and compact[b].isascii() and compact[b].isalpha() and gaps[b] == GAP_NONE

    if compact[last].isascii() and last + 1 < len(compact) and inside(last, last + 1):
        return False
    return not (
        compact[first].isascii() and first > 0 and compact[first - 1].isalpha() and inside(first - 1, first)
    )


def _joined(gaps: list[int]) -> bool:
    """Separators inside a term may hide it; the end of a clause does so only when every character has one."""
    return GAP_HARD not in gaps or (len(gaps) >= 2 and GAP_NONE not in gaps)


def without_excepted(hits: list[Hit]) -> list[Hit]:
    """Drop the exceptions and all hits of the same category that lie inside one."""
    exceptions = defaultdict(list)
    for hit in hits:
        if hit.term.kind == "exception":
            exceptions[hit.term.category].append((hit.start, hit.end))
    return [
        hit
        for hit in hits
        if hit.term.kind != "exception"
        and not any(a <= hit.start and hit.end <= b for a, b in exceptions[hit.term.category])
    ]


def group(hits: Iterable[Hit]) -> dict[str, list[Hit]]:
    """Hits by `category.kind`."""
    grouped: dict[str, list[Hit]] = defaultdict(list)
    for hit in sorted(hits, key=lambda h: (h.start, -h.end)):
        grouped[f"{hit.term.category}.{hit.term.kind}"].append(hit)
    return grouped


def strong_words(terms: Iterable[Term], kinds: Mapping[str, int] | None = None) -> frozenset[str]:
    """Single Latin words of the strong classes, for the search behind masks and blanks."""
    minimum = (kinds or {}).get("minimum", 4)
    words = set()
    for term in terms:
        text = term.text.rstrip("*")
        if term.kind == "strong" and text.isascii() and text.isalpha() and len(text) >= minimum:
            words.add(text)
    return frozenset(words)


@lru_cache(maxsize=1)
def default_lexicon() -> Lexicon:
    """The lists that come with the package, read once."""
    return Lexicon(read_lists())
