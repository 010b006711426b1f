"""Which of the room's products a sentence names: by letters, by sound, by a telling part of the name."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import accumulate

from ai.cues.products import ListedProduct
from ai.cues.sounds import Sound, distance, sounds, word_key

_MISSING = 0.9
"""Cost of a sound of the name that was not heard."""
_LETTERS_MISSING = 0.4
"""Of letters in a Chinese name ("维C精华"), which recognizers often leave out."""
_EXTRA = 0.6
"""Cost of a sound heard inside the name."""
_TIE = 0.06
_HEARD_EXACTLY = 0.95
_NOT_HEARD = 0.5
"""Mean distance of sounds that were not said."""
_JOINED = 0.25
"""Words written as one, or one as two, must sound as alike as this."""
_CONTAINERS = frozenset(
    {"pack", "trio", "bundle", "bottle", "case", "cream", "series", "collection", "edition"}
)


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
    whole: bool
    """The product's name itself, not an alias or a part of it."""
    rivals: tuple[str, ...] = ()
    """Other products that may just as well be meant."""


@dataclass(frozen=True, slots=True)
class _Variant:
    product_id: str
    text: str
    sounds: tuple[Sound, ...]
    trust: Trust
    whole: bool
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
        pairs = (_joined(heard[n : n + 2]) for n in range(len(heard) - 1))
        for fold in {_fold(sound) for sound in (*heard, *(pair for pair in pairs if pair is not None))}:
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
    titles = {_plain(title) for product in products for title in (product.name, product.name_en)}
    spellings = {_plain(n): n for p in products for n in (p.name, p.name_en, *p.aliases) if n}
    for plain, ids in whole.items():
        heard = tuple(sounds(spellings[plain]))
        trust = Trust.SHORT if len(heard) <= (2 if heard[0].is_syllable else 1) else Trust.FULL
        for product_id in sorted(ids):
            yield _Variant(product_id, spellings[plain], heard, trust, plain in titles, _threshold(heard))
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
        yield _Variant(next(iter(ids)), part, heard, Trust.PART, False, _threshold(heard) + 0.05)


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
        spans = [span for span in spans if span[1] - span[0] > 1 or _telling(heard[span[0]])]
    return [(heard[first].start, heard[last - 1].end) for first, last in spans]


def _telling(word: Sound) -> bool:
    """Whether one English word may stand for a product: "earbuds", but not "set" or "box"."""
    return len(word.text) >= 4 and word.text not in _CONTAINERS


def _threshold(heard: Sequence[Sound]) -> float:
    weight = sum(1.0 if sound.is_syllable else 1.7 for sound in heard)
    for least, threshold in ((6, 0.68), (4, 0.73), (3, 0.82), (2, 0.92)):
        if weight >= least:
            return threshold
    return 0.95


def _align(variant: _Variant, heard: Sequence[Sound], text: str) -> Iterable[NameMatch]:
    """Semi-global alignment: the name anywhere in the text; every end that passes the threshold.

    A cell holds the cost of a beginning of the name and where in the text it begins. Latin words may be heard
    as two ("Wu Chang"), or several as one ("Dahongpao").
    """
    name = variant.sounds
    limit = (1.0 - variant.threshold) * len(name) + 1e-9
    chinese = any(sound.is_syllable for sound in name)
    missing = [_LETTERS_MISSING if chinese and not sound.is_syllable else _MISSING for sound in name]
    column = [(cost, 0) for cost in accumulate(missing, initial=0.0)]
    earlier = column
    for position, sound in enumerate(heard):
        before, column = column, [(0.0, position + 1)]
        two = _joined(heard[position - 1 : position + 1]) if position else None
        for index, wanted in enumerate(name, 1):
            cost, begin = before[index - 1]
            best = (cost + distance(wanted, sound), begin)
            if column[index - 1][0] + missing[index - 1] < best[0]:
                best = _plus(column[index - 1], missing[index - 1])
            if index < len(name) and before[index][0] + _EXTRA < best[0]:
                best = _plus(before[index], _EXTRA)
            if sound.is_syllable:
                column.append(best)
                continue
            options = [best]
            if two is not None and (apart := distance(wanted, two)) <= _JOINED:
                options.append(_plus(earlier[index - 1], apart))
            for size in (2, 3):
                if index >= size and (whole := _joined(name[index - size : index])) is not None:
                    apart = distance(whole, sound)
                    if apart <= _JOINED:
                        options.append(_plus(before[index - size], apart))
            column.append(min(options))
        earlier = before
        cost, begin = column[-1]
        if cost <= limit and begin <= position:
            start, end = heard[begin].start, sound.end
            by_letters = _plain(text[start:end]) == _plain(variant.text)
            score = 1.0 - cost / len(name)
            yield NameMatch(
                variant.product_id, variant.text, score, variant.trust, start, end, by_letters, variant.whole
            )


def _plus(cell: tuple[float, int], cost: float) -> tuple[float, int]:
    return cell[0] + cost, cell[1]


def _joined(words: Sequence[Sound]) -> Sound | None:
    """Latin words read as one; None for syllables."""
    if any(word.is_syllable for word in words):
        return None
    text = "".join(word.text for word in words)
    return Sound(text, words[0].start, words[-1].end, key=word_key(text))


def _best(found: Sequence[NameMatch]) -> list[NameMatch]:
    """Of overlapping matches the best; close runners-up of other products become its rivals."""
    found = [match for match in found if not any(_padded(match, other) for other in found)]
    ranked = sorted(found, key=_strength, reverse=True)
    kept: list[NameMatch] = []
    for match in ranked:
        if any(_overlap(match, other) for other in kept):
            continue
        rivals = {
            other.product_id
            for other in ranked
            if other.product_id != match.product_id
            and _overlap(match, other)
            and not any(_overlap(other, taken) for taken in kept)
            and _strength(match) - _strength(other) <= _TIE * len(match.name)
        }
        kept.append(replace(match, rivals=tuple(sorted(rivals))))
    return sorted(kept, key=lambda match: match.start)


def _padded(match: NameMatch, inner: NameMatch) -> bool:
    """Whether `match` is the shorter name `inner` with other words around it taken for the rest of the long one."""
    if match.product_id != inner.product_id or not (match.start <= inner.start and inner.end <= match.end):
        return False
    size, inner_size = len(sounds(match.name)), len(sounds(inner.name))
    if size <= inner_size or inner.score < _HEARD_EXACTLY:
        return False
    return (1 - match.score) * size / (size - inner_size) > _NOT_HEARD


def _overlap(a: NameMatch, b: NameMatch) -> bool:
    return a.start < b.end and b.start < a.end


def _strength(match: NameMatch) -> float:
    """Longer and surer wins; what was not matched counts against a long name."""
    return len(match.name) * (match.score - 0.45) + 0.01 * match.trust
