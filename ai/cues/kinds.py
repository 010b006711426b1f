"""Which products "这支口红", "this lipstick" may mean where no product is named: all of that kind in the room.

By letters and sound where several names end alike; by embedding where the host has another word for the kind
("唇釉", "口红").
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ai.cues.products import ListedProduct
from ai.cues.rules_zh import MEASURE
from ai.cues.sounds import Sound, sounds
from ai.embeddings import Embedder, Vector

_POINTS = re.compile(
    rf"(?:(?:这|下)[一1]?|(?:这|下)?[两二三23]){MEASURE}(?:[^ ,，。]{{0,6}}的)?"
    r"|\b(?:this|these|our|the next|both|two)\s+(?:[a-z]+\s+)?",
    re.IGNORECASE,
)
"""What leads to the word for a kind."""
_HEADS = (4, 3, 2)
"""Syllables at the end of a Chinese name that may be the word for its kind, the longest first."""
_MOST_CHOICES = 4
"""Of a kind with more products nothing is to be guessed."""
_WORD_LENGTHS = (2, 3)
"""Characters of a Chinese word for a kind; where it ends is not known."""
_MOST_BY_MEANING = 60
"""Products; in larger rooms another word is too easily near something."""
_LEARNED_A_TIME = 4
"""Products; two names each, 5 to 10 ms a name."""
_NEAR = 0.02
_CLEARLY_NEAREST = 0.008
"""How much nearer than all other kinds. In two rooms of 14 and 16 products these two let through 34 of 43 other
words for what is in the room, one for the wrong kind, and 3 of 32 words for other things: enough to suggest, too
little to pin."""
_EVERYDAY = (
    "衣服", "鞋子", "水果", "饮料", "手机", "家具", "玩具", "书", "药", "化妆品", "零食", "价格", "颜色", "东西",
    "朋友", "时间", "天气", "汽车", "猫粮", "洗衣液",
)  # fmt: skip
"""What is common to words is no likeness: their mean is taken off."""
_NO_KIND = re.compile(
    "特别|非常|真的|就是|真是|价[格位钱]|颜色|东西|宝贝|链接|直播|时候|朋友|产品|商品|品牌|款式|尺码|活动|福利"
    "|优惠|问题|质[地量]|味道|手感|牌子|大家|今天|我们|你们"
)
"""Words after "这个" that stand for no kind of product."""


@dataclass(frozen=True, slots=True)
class KindMatch:
    """A word for a kind of product, and which of the room's products it may mean."""

    word: str
    start: int
    end: int
    """Where it stands in the text."""
    product_ids: tuple[str, ...]
    """In the order of the queue."""
    by_meaning: bool


class Kinds:
    """Of one room; products are embedded a few at a time, and only when words call for it."""

    def __init__(self, embedder: Callable[[], Embedder] | None) -> None:
        self._embedder = embedder
        self._vectors: dict[tuple[str, str], Vector] = {}
        self._everyday: Vector | None = None
        self.update(())

    def update(self, products: Sequence[ListedProduct]) -> None:
        """The queue has changed."""
        self._products = tuple(products)
        self._heads: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for product in products:
            for head in {_key(head) for name in _names(product) for head in _heads_of(name)}:
                self._heads[head].append(product.id)

    def meant(self, text: str) -> KindMatch | None:
        """The first kind that `text` points at; by letters without an embedding, else at most four."""
        points = list(_POINTS.finditer(text))
        by_letters = (self._by_letters(text, point.end()) for point in points)
        found = next((match for match in by_letters if match is not None), None)
        words = [word for point in points[:1] for word in _words_at(text, point.end())]
        if found is not None or not words or self._embedder is None or len(self._products) > _MOST_BY_MEANING:
            return found
        embedder = self._embedder()
        return self._by_meaning(text, words, embedder) if self._learned(embedder) else None

    def _by_letters(self, text: str, start: int) -> KindMatch | None:
        heard = sounds(text[start:])
        for size in _HEADS if heard and heard[0].is_syllable else (1,):
            ids = self._heads.get(_key(heard[:size]), [])
            if len(heard) >= size and 1 < len(ids) <= _MOST_CHOICES and heard[0].start == 0:
                end = start + heard[size - 1].end
                return KindMatch(text[start:end], start, end, tuple(ids), by_meaning=False)
        return None

    def _learned(self, embedder: Embedder) -> bool:
        """Whether every product is embedded; embeds a few more of them first."""
        names = dict.fromkeys((product.name, product.name_en) for product in self._products)
        unknown = [pair for pair in names if pair not in self._vectors]
        for name, name_en in unknown[:_LEARNED_A_TIME]:
            kinds = [_kind_of(name), *([name_en] if name_en else [])]
            self._vectors[name, name_en] = np.mean(embedder.passages(kinds), axis=0)
        return len(unknown) <= _LEARNED_A_TIME

    def _by_meaning(
        self, text: str, words: Sequence[tuple[int, int]], embedder: Embedder
    ) -> KindMatch | None:
        """The word that is clearly nearest to one kind, if any."""
        if self._everyday is None:
            self._everyday = np.mean(embedder.passages(_EVERYDAY), axis=0)
        vectors = np.stack([self._vectors[product.name, product.name_en] for product in self._products])
        best: tuple[float, KindMatch] | None = None
        for start, end in words:
            word = text[start:end]
            likeness = vectors @ (embedder.passages([word])[0] - self._everyday)
            nearest = int(np.argmax(likeness))
            kind = self._alike(nearest)
            others = [float(likeness[n]) for n in range(len(vectors)) if n not in kind]
            ahead = float(likeness[nearest]) - max(others, default=0.0)
            if likeness[nearest] < _NEAR or ahead < _CLEARLY_NEAREST or len(kind) > _MOST_CHOICES:
                continue
            if best is None or ahead > best[0]:
                ids = tuple(self._products[n].id for n in kind)
                best = (ahead, KindMatch(word, start, end, ids, by_meaning=True))
        return best[1] if best else None

    def _alike(self, number: int) -> list[int]:
        """The products whose names end as this one's does."""
        product = self._products[number]
        ends = {_key(head) for name in _names(product) for head in _heads_of(name)}
        ids = {id for end in ends for id in self._heads[end]}
        return [n for n, other in enumerate(self._products) if other.id in ids]


def _names(product: ListedProduct) -> Iterable[str]:
    return (name for name in (product.name, product.name_en, *product.aliases) if name)


def _heads_of(name: str) -> list[list[Sound]]:
    heard = sounds(name)
    if not heard:
        return []
    if not heard[-1].is_syllable:
        return [heard[-1:]]
    return [heard[-size:] for size in _HEADS if size <= len(heard)]


def _kind_of(name: str) -> str:
    """The last two syllables of a Chinese name ("口红"); other names as they are."""
    heard = sounds(name)
    if len(heard) > 2 and heard[-1].is_syllable and heard[-2].is_syllable:
        return name[heard[-2].start :]
    return name


def _key(heard: Sequence[Sound]) -> tuple[str, ...]:
    return tuple(sound.key or f"{sound.initial}-{sound.final}" for sound in heard)


def _words_at(text: str, start: int) -> list[tuple[int, int]]:
    """Where Chinese words of each length may stand."""
    rest = re.match(r"[㐀-鿿]*", text[start:])
    length = len(rest[0]) if rest else 0
    found = [(start, start + size) for size in _WORD_LENGTHS if size <= length]
    return [] if _NO_KIND.match(text, start) else found
