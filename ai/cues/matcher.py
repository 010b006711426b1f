"""Which of the room's products a sentence names: by letters, by sound, by a telling part of the name."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ai.cues.products import ListedProduct
from ai.cues.sounds import Sound, distance, sounds

_MISSING = 0.9
"""Cost of a sound of the name that was not heard."""
_EXTRA = 0.6
"""Cost of a sound heard inside the name."""
_TIE = 0.06


class Trust(IntEnum):
    """How surely somebody who says this means the product."""

    PART = 1
    """A part of the name that no other product has ("大米" of "五常稻花香大米")."""
    SHORT = 2
    """A whole name or alias, but a word of every day ("台灯", "earbuds")."""
    FULL = 3


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A product heard in a text."""

    product_id: str
    name: str
    """The spelling of the catalogue."""
    score: float
    """1: every sound as in the catalogue; thresholds lie between 0.68 and 0.95, higher for shorter names."""
    trust: Trust
    start: int
    end: int
    """Where it stands in the text."""
    by_letters: bool
    rivals: tuple[str, ...] = ()
    """Other products that may just as well be meant."""


@dataclass(frozen=True, slots=True)
class _Variant:
    product_id: str
    text: str
    sounds: tuple[Sound, ...]
    trust: Trust
    threshold: float

    @property
    def weight(self) -> float:
        return len(self.sounds) * (1.0 if self.sounds[0].is_syllable else 1.7)


class Matcher:
    """Built once a catalogue; `find` takes about a millisecond for a sentence and 500 products."""

    def __init__(self, products: Sequence[ListedProduct]) -> None:
        self._variants = list(_variants(products))
        self._index: dict[str, list[int]] = defaultdict(list)
        for number, variant in enumerate(self._variants):
            for fold in {_fold(sound) for sound in variant.sounds}:
                self._index[fold].append(number)

    def find(self, text: str) -> list[NameMatch]:
        """The products named in `text`, in order, not overlapping."""
        heard = sounds(text)
        found = [match for variant in self._candidates(heard) for match in _align(variant, heard, text)]
        return _best(found)

    def _candidates(self, heard: Sequence[Sound]) -> Iterable[_Variant]:
        hits: dict[int, int] = defaultdict(int)
        for fold in {_fold(sound) for sound in heard}:
            for number in self._index.get(fold, ()):
                hits[number] += 1
        for number, count in hits.items():
            variant = self._variants[number]
            if count >= 0.45 * len({_fold(sound) for sound in variant.sounds}):
                yield variant


_FOLD_INITIAL = {
    "n": "l", "zh": "z", "ch": "z", "c": "z", "sh": "x", "s": "x", "f": "h", "r": "l", "p": "b", "t": "d",
    "k": "g", "q": "j", "w": "", "y": "",
}  # fmt: skip


def _fold(sound: Sound) -> str:
    """A coarse class that near sounds share, for looking up candidates."""
    if not sound.is_syllable:
        return sound.key[:2]
    return _FOLD_INITIAL.get(sound.initial, sound.initial) + "-" + sound.final.strip("iuv")[:1]


def _variants(products: Sequence[ListedProduct]) -> Iterable[_Variant]:
    whole: dict[str, set[str]] = defaultdict(set)
    parts: dict[str, set[str]] = defaultdict(set)
    for product in products:
        names = [name for name in (product.name, product.name_en, *product.aliases) if sounds(name)]
        for name in names:
            whole[_plain(name)].add(product.id)
            for start, end in _part_spans(sounds(name)):
                parts[name[start:end]].add(product.id)
    spellings = {_plain(n): n for p in products for n in (p.name, p.name_en, *p.aliases) if n}
    for plain, ids in whole.items():
        heard = tuple(sounds(spellings[plain]))
        trust = Trust.SHORT if len(heard) <= (2 if heard[0].is_syllable else 1) else Trust.FULL
        for product_id in sorted(ids):
            yield _Variant(product_id, spellings[plain], heard, trust, _threshold(heard))
    everything = list(whole)
    for part, ids in parts.items():
        plain = _plain(part)
        if (
            len(ids) > 1
            or plain in whole
            or any(plain in other and not whole[other] <= ids for other in everything)
        ):
            continue
        heard = tuple(sounds(part))
        yield _Variant(next(iter(ids)), part, heard, Trust.PART, _threshold(heard) + 0.05)


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _part_spans(heard: Sequence[Sound]) -> Iterable[tuple[int, int]]:
    """Positions of the parts of a name that people use for it: its head noun, or the beginning without it."""
    if all(sound.is_syllable for sound in heard):
        if len(heard) >= 4:
            spans = [(len(heard) - size, len(heard)) for size in (2, 3, 4) if size < len(heard)]
            spans += [(0, size) for size in (3, 4) if size < len(heard) - 1]
        else:
            spans = []
    else:
        spans = [(first, len(heard)) for first in range(1, len(heard))]
        spans += [(0, last) for last in range(2, len(heard))]
    return [(heard[first].start, heard[last - 1].end) for first, last in spans]


def _threshold(heard: Sequence[Sound]) -> float:
    weight = sum(1.0 if sound.is_syllable else 1.7 for sound in heard)
    for least, threshold in ((6, 0.68), (4, 0.73), (3, 0.82), (2, 0.92)):
        if weight >= least:
            return threshold
    return 0.95


def _align(variant: _Variant, heard: Sequence[Sound], text: str) -> Iterable[NameMatch]:
    """Semi-global alignment: the name anywhere in the text; every end that passes the threshold."""
    name = variant.sounds
    limit = (1.0 - variant.threshold) * len(name) + 1e-9
    costs = [index * _MISSING for index in range(len(name) + 1)]
    begins = [0] * (len(name) + 1)
    for position, sound in enumerate(heard):
        left_cost, left_begin = costs[0], begins[0]
        costs[0], begins[0] = 0.0, position + 1
        for index, wanted in enumerate(name, 1):
            up_cost, up_begin = costs[index], begins[index]
            cost, begin = left_cost + distance(wanted, sound), left_begin
            if up_cost + _EXTRA < cost and index < len(name):
                cost, begin = up_cost + _EXTRA, up_begin
            if costs[index - 1] + _MISSING < cost:
                cost, begin = costs[index - 1] + _MISSING, begins[index - 1]
            costs[index], begins[index] = cost, begin
            left_cost, left_begin = up_cost, up_begin
        if costs[-1] <= limit and begins[-1] <= position:
            start, end = heard[begins[-1]].start, sound.end
            score = 1.0 - costs[-1] / len(name)
            by_letters = _plain(text[start:end]) == _plain(variant.text)
            yield NameMatch(variant.product_id, variant.text, score, variant.trust, start, end, by_letters)


def _best(found: Sequence[NameMatch]) -> list[NameMatch]:
    """Of overlapping matches the best; close runners-up of other products become its rivals."""
    ranked = sorted(found, key=_strength, reverse=True)
    kept: list[NameMatch] = []
    for match in ranked:
        if any(match.start < other.end and other.start < match.end for other in kept):
            continue
        rivals = {
            other.product_id
            for other in ranked
            if other.product_id != match.product_id
            and match.start < other.end
            and other.start < match.end
            and _strength(match) - _strength(other) <= _TIE * len(match.name)
        }
        kept.append(
            NameMatch(
                match.product_id,
                match.name,
                match.score,
                match.trust,
                match.start,
                match.end,
                match.by_letters,
                tuple(sorted(rivals)),
            )
        )
    return sorted(kept, key=lambda match: match.start)


def _strength(match: NameMatch) -> float:
    """Longer and surer wins; what was not matched counts against a long name."""
    return len(match.name) * (match.score - 0.45) + 0.01 * match.trust
