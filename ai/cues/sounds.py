"""Words as they sound: pinyin for Chinese, a consonant key for English; and how far two are apart."""

import functools
import re
from dataclasses import dataclass

from ai.cues.numbers import spoken_digits

_TOKEN = re.compile(r"[A-Za-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?|[㐀-鿿]")
_HAN = re.compile(r"[㐀-鿿]")


def _pairs(table: str) -> frozenset[frozenset[str]]:
    """ "n/l zh/z": pairs that are taken for each other; "-" stands for no initial."""
    return frozenset(frozenset(pair.replace("-", "").split("/")) for pair in table.split())


_NEAR_INITIALS = _pairs("n/l zh/z ch/c sh/s h/f r/l zh/j ch/q sh/x z/j c/q s/x -/w -/y zh/ch z/c")
_CONFUSED_INITIALS = _pairs("b/p d/t g/k j/q q/x j/x m/n b/m g/h k/h f/p zh/sh ch/sh r/y r/- l/d w/h")
_NEAR_FINALS = _pairs(
    "an/ang en/eng in/ing ian/iang uan/uang o/uo e/uo ong/eng un/ong v/i v/u uen/un iong/ong ue/ve"
    " ie/ian ui/ei uei/ei iou/ou ao/iao ou/iu ia/a ian/an uan/an iang/ang uo/ou e/i ua/a uai/ai"
)

_SAME_SOUND = 0.05
_NEAR = 0.18
_CONFUSED = 0.35
_FAR = 0.6
_LIKE = 0.4
"""English words further apart than this have nothing in common."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One Chinese syllable or one Latin word, and where it stands in the text."""

    text: str
    start: int
    end: int
    initial: str = ""
    final: str = ""
    key: str = ""

    @property
    def is_syllable(self) -> bool:
        return not self.key


def sounds(text: str) -> list[Sound]:
    """The sounds of `text`. Digits are read aloud in Chinese text ("5升": wu sheng), kept in English text."""
    chinese = _HAN.search(text) is not None
    found: list[Sound] = []
    run: list[tuple[str, int, int]] = []
    for match in _TOKEN.finditer(text):
        token, start, end = match[0], match.start(), match.end()
        if _HAN.fullmatch(token):
            run.append((token, start, end))
        elif token[0].isdigit() and chinese:
            run += [(character, start, end) for character in spoken_digits(token)]
        else:
            found += _syllables(run)
            run = []
            found.append(Sound(token.lower(), start, end, key=word_key(token.lower())))
    return found + _syllables(run)


def _syllables(run: list[tuple[str, int, int]]) -> list[Sound]:
    if not run:
        return []
    from pypinyin import Style, lazy_pinyin

    characters = "".join(character for character, _, _ in run)
    initials = lazy_pinyin(characters, style=Style.INITIALS, strict=False)
    finals = lazy_pinyin(characters, style=Style.FINALS, strict=False)
    return [
        Sound(character, start, end, initial, final)
        for (character, start, end), initial, final in zip(run, initials, finals, strict=True)
    ]


def distance(a: Sound, b: Sound) -> float:
    """0 for the same word, 1 for sounds that have nothing in common."""
    if a.text == b.text:
        return 0.0
    if a.is_syllable != b.is_syllable:
        return 1.0
    if a.is_syllable:
        return _syllable_distance(a.initial, a.final, b.initial, b.final)
    return word_distance(a.text, b.text)


@functools.lru_cache(maxsize=65_536)
def _syllable_distance(initial_a: str, final_a: str, initial_b: str, final_b: str) -> float:
    if initial_a == initial_b and final_a == final_b:
        return _SAME_SOUND
    return min(1.0, _initial_distance(initial_a, initial_b) + _final_distance(final_a, final_b))


def _initial_distance(a: str, b: str) -> float:
    if a == b:
        return 0.0
    if frozenset((a, b)) in _NEAR_INITIALS:
        return _NEAR
    return _CONFUSED if frozenset((a, b)) in _CONFUSED_INITIALS else _FAR


def _final_distance(a: str, b: str) -> float:
    if a == b:
        return 0.0
    if frozenset((a, b)) in _NEAR_FINALS:
        return _NEAR
    return _FAR * edit_distance(a, b) / max(len(a), len(b))


@functools.lru_cache(maxsize=65_536)
def word_distance(a: str, b: str) -> float:
    """English words: by letters, or by their consonants when these say more."""
    if _stem(a) == _stem(b):
        return _SAME_SOUND
    letters = edit_distance(a, b) / max(len(a), len(b))
    key_a, key_b = word_key(a), word_key(b)
    longest = max(len(key_a), len(key_b))
    by_key = edit_distance(key_a, key_b) / longest if longest else 1.0
    apart = min(letters, 0.5 * letters + 0.5 * by_key + _SAME_SOUND)
    return apart if apart <= _LIKE else 1.0


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("es") and word[-3] in "sxh":
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


_KEY_RULES = (
    (re.compile(r"^(kn|gn|pn|wr)"), lambda m: m[0][1]),
    (re.compile(r"^x"), lambda m: "s"),
    (re.compile(r"tch|ch"), lambda m: "C"),
    (re.compile(r"sch"), lambda m: "sk"),
    (re.compile(r"sh|ti(?=[oa])|ci(?=[oae])|ssi(?=o)"), lambda m: "S"),
    (re.compile(r"th"), lambda m: "T"),
    (re.compile(r"ph"), lambda m: "f"),
    (re.compile(r"gh(?=t)|gh$"), lambda m: ""),
    (re.compile(r"dge|dg"), lambda m: "j"),
    (re.compile(r"g(?=[eiy])"), lambda m: "j"),
    (re.compile(r"ck|q|c(?![eiy])"), lambda m: "k"),
    (re.compile(r"c"), lambda m: "s"),
    (re.compile(r"z"), lambda m: "s"),
    (re.compile(r"x"), lambda m: "ks"),
    (re.compile(r"d"), lambda m: "t"),
    (re.compile(r"b"), lambda m: "p"),
    (re.compile(r"v"), lambda m: "f"),
    (re.compile(r"[wh]"), lambda m: ""),
)


@functools.lru_cache(maxsize=65_536)
def word_key(word: str) -> str:
    """A Metaphone-like key: a first vowel as "A", then consonants, voiced like voiceless."""
    if word.isdigit() or not word.isascii():
        return word
    key = word.replace("'", "")
    for pattern, replace in _KEY_RULES:
        key = pattern.sub(replace, key)
    head = "A" if key[:1] in "aeiouy" else key[:1]
    tail = re.sub(r"[aeiouy]", "", key[1:])
    return re.sub(r"(.)\1+", r"\1", head + tail) or word


def edit_distance(a: str, b: str) -> int:
    """Levenshtein."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]
