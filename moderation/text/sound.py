"""Words written by sound: `约pao`, `赌bo`, and whole words in other characters of the same sound.

Characters become syllables without tones. A term counts when part of it is spelled in Latin letters and the rest in
its own characters, or when it has three or more characters of which at least half are its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import ahocorasick

from .lexicon import Hit, Term
from .normalize import GAP_HARD, Normalized, is_cjk, normalize

_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeiiiioooouuuuvvvvvnnnm")
_LONGEST = 6


@lru_cache(maxsize=1)
def syllables() -> dict[str, str]:
    """The most usual reading of each character, without tone."""
    from pypinyin.constants import PINYIN_DICT

    return {
        chr(code): reading.split(",")[0].translate(_TONES)
        for code, reading in PINYIN_DICT.items()
        if 0x4E00 <= code <= 0x9FFF
    }


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(syllables().values())


@lru_cache(maxsize=4096)
def split_pinyin(letters: str) -> tuple[str, ...]:
    """Latin letters as syllables, the longest first, or the letters themselves when they are no pinyin."""
    best: dict[int, tuple[str, ...]] = {len(letters): ()}
    for start in range(len(letters) - 1, -1, -1):
        for size in range(min(_LONGEST, len(letters) - start), 0, -1):
            part = letters[start : start + size]
            if part in _known() and start + size in best:
                best[start] = (part, *best[start + size])
                break
    return best.get(0, (letters,))


@dataclass(frozen=True, slots=True)
class _Sound:
    """A syllable and its half-open span in the compact view; `latin` when it was spelled in letters."""

    text: str
    start: int
    end: int
    latin: bool


def _sounds(compact: str) -> list[_Sound]:
    out: list[_Sound] = []
    i = 0
    while i < len(compact):
        character = compact[i]
        if "a" <= character <= "z":
            end = i
            while end < len(compact) and "a" <= compact[end] <= "z" and end - i < 24:
                end += 1
            at = i
            for part in split_pinyin(compact[i:end]):
                out.append(_Sound(part, at, at + len(part), True))
                at += len(part)
            i = end
        else:
            out.append(_Sound(syllables().get(character, character), i, i + 1, False))
            i += 1
    return out


class SoundIndex:
    """Finds the strong Chinese terms by their sound."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._automaton: Any = ahocorasick.Automaton()
        entries: dict[str, list[tuple[Term, str]]] = {}
        for term in terms:
            compact = normalize(term.text).compact
            if (
                term.kind != "strong"
                or term.category == "ad_law"
                or len(compact) < 2
                or not all(map(is_cjk, compact))
            ):
                continue
            key = "|" + "|".join(syllables().get(c, c) for c in compact) + "|"
            entries.setdefault(key, []).append((term, compact))
        for key, value in entries.items():
            self._automaton.add_word(key, (len(key), tuple(value)))
        self._automaton.make_automaton()

    def find(self, text: Normalized) -> list[Hit]:
        """Hits that the letters alone did not give."""
        if not len(self._automaton):
            return []
        sounds = _sounds(text.compact)
        joined = "|" + "".join(f"{s.text}|" for s in sounds)
        index_at = [0] * (len(joined) + 1)
        at = 0
        for index, sound in enumerate(sounds):
            index_at[at] = index
            at += len(sound.text) + 1
        hits = []
        for last, (length, entries) in self._automaton.iter(joined):
            first = index_at[last - length + 1]
            for term, own in entries:
                found = sounds[first : first + len(own)]
                if _counts(found, own, text):
                    hits.append(
                        Hit(
                            term,
                            text.compact_at[found[0].start],
                            text.compact_at[found[-1].end - 1] + 1,
                            "sound",
                        )
                    )
        return hits


def _counts(found: list[_Sound], own: str, text: Normalized) -> bool:
    if len(found) != len(own) or GAP_HARD in text.gaps[found[0].start + 1 : found[-1].end]:
        return False
    latin = sum(s.latin for s in found)
    same = sum(text.compact[s.start : s.end] == c for s, c in zip(found, own, strict=True))
    if same == len(own):
        return False
    if latin:
        return (
            latin < len(own) and same == len(own) - latin and all(len(s.text) > 1 for s in found if s.latin)
        )
    return len(own) >= 3 and same * 2 >= len(own) and same >= 2
