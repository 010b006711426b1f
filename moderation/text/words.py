"""Latin words of a text, as written and as meant: leet, masks, blanks between letters, stretched letters."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from .normalize import Normalized, is_cjk

_WORD = re.compile(r"[a-z0-9%#]+(?:'[a-z]+)*")
_CHUNK = re.compile(r"[^\s\u3400-\u9fff，。！？；：]+")
_LEET = str.maketrans(
    {
        "0": "o",
        "1": "i",
        "3": "e",
        "4": "a",
        "5": "s",
        "7": "t",
        "8": "b",
        "@": "a",
        "$": "s",
        "!": "i",
        "|": "l",
        "€": "e",
        "£": "l",
        "¡": "i",
        "+": "t",
    }
)
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_MASKS = frozenset("*#·•_%.-")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its half-open span in `Normalized.plain`. `|` stands for Chinese text between words."""

    text: str
    start: int
    end: int


class WordView:
    """A sequence of words as one string with single blanks, with the way back for each character."""

    __slots__ = ("detector", "ends", "starts", "text")

    def __init__(self, words: list[Word], detector: str) -> None:
        self.detector = detector
        text = [" "]
        starts, ends = [0], [0]
        for word in words:
            text += [word.text, " "]
            starts += [word.start] * len(word.text) + [word.end]
            ends += [word.end] * len(word.text) + [word.end]
        self.text = "".join(text)
        self.starts, self.ends = starts, ends


def tokenize(plain: str) -> list[Word]:
    """Words in order, apostrophes dropped (`don't` is `dont`), a `|` where Chinese text stands between two."""
    words: list[Word] = []
    previous = 0
    for match in _WORD.finditer(plain):
        if words and any(map(is_cjk, plain[previous : match.start()])):
            words.append(Word("|", previous, previous))
        words.append(Word(match.group().replace("'", ""), match.start(), match.end()))
        previous = match.end()
    return words


def views(text: Normalized, strong: frozenset[str]) -> Iterator[WordView]:
    """The words as written, then what they may stand for; only views that differ."""
    words = tokenize(text.plain)
    if not words:
        return
    yield WordView(words, "terms")
    decoded = _decoded(text.plain, strong)
    if decoded:
        yield WordView(decoded, "disguise")
    for change in (_squeezed(words, r"\1"), _squeezed(words, r"\1\1"), _rejoined(words, strong)):
        if change:
            yield WordView(change, "disguise")


def _decoded(plain: str, strong: frozenset[str]) -> list[Word]:
    """The text with leet and masked words read out, or nothing when there are none."""
    out, changed = [], False
    for match in _CHUNK.finditer(plain):
        chunk = match.group().strip(".,?\"'()[]{}:;~…")
        chunk = chunk.rstrip("!")
        letters = sum(c.isalpha() for c in chunk)
        if chunk.isalpha() or letters < (1 if "$" in chunk else 2) or len(chunk) > 32:
            out.append(Word(re.sub(r"[^a-z0-9%#]", "", match.group()) or "|", match.start(), match.end()))
            continue
        word = _unmasked(chunk, strong) or re.sub(r"[^a-z]", "", chunk.translate(_LEET))
        changed = True
        out.append(Word(word or "|", match.start(), match.end()))
    return out if changed else []


@lru_cache(maxsize=4096)
def _unmasked(chunk: str, strong: frozenset[str]) -> str | None:
    """The strong word behind `f*ck` or `motherf***er`: at least two letters must show, each mask hides one."""
    if not any(c in _MASKS for c in chunk):
        return None
    for word in sorted(strong):
        if len(word) <= len(chunk) and all(c == w or c in _MASKS for c, w in zip(chunk, word, strict=False)):
            shown = sum(c.isalpha() for c in chunk[: len(word)])
            if 2 <= shown < len(word):
                return word + chunk[len(word) :]
    return None


def _squeezed(words: list[Word], replacement: str) -> list[Word]:
    """Stretched letters (`fuuuck`) shortened, or nothing when there are none."""
    if not any(_STRETCHED.search(word.text) for word in words):
        return []
    return [Word(_STRETCHED.sub(replacement, w.text), w.start, w.end) for w in words]


def _rejoined(words: list[Word], strong: frozenset[str]) -> list[Word]:
    """Words whose letters were set apart (`f u c k`, `bi tch`), each in its place, or nothing."""
    out: list[Word] = []
    i = 0
    while i < len(words):
        run = i
        while run < len(words) and len(words[run].text) == 1 and words[run].text.isalpha():
            run += 1
        if run - i >= 3:
            joined = "".join(w.text for w in words[i:run])
            out.append(Word(joined, words[i].start, words[run - 1].end))
            out += [
                Word(word, words[i + at].start, words[i + at + len(word) - 1].end)
                for word in strong
                if len(word) < len(joined) and (at := joined.find(word)) >= 0
            ]
            i = run
            continue
        if i + 1 < len(words):
            first, second = words[i].text, words[i + 1].text
            if (
                len(first) + len(second) >= 4
                and min(len(first), len(second)) <= 3
                and first + second in strong
            ):
                out.append(Word(first + second, words[i].start, words[i + 1].end))
        i = max(run, i + 1)
    return out
