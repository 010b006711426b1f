"""Splits a message into single questions and finds what each one is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ai.assistant.concepts import Asked, asked
from ai.assistant.intent import asks
from ai.assistant.measures import measures
from ai.assistant.models import Language
from ai.assistant.text import canonical, common_words, has_han, normalize, stem, table, words

_FUNCTION_WORDS = re.compile(
    "请问|想问|问一?下|主播|老板|亲们?|宝贝|姐妹|美女|帅哥|小姐姐|掌柜|家人们?|哥|姐|"
    "这个|那个|这款|那款|这些|那些|这种|这边|那边|这里|这儿|这样|这|那|你们家?|我们家?|咱们?家?|你家|我家|你|我|他|她|它|您|本人|自己|人家|"
    "可不可以|能不能|会不会|是不是|有没有|要不要|行不行|好不好|能否|是否|可否|可以|能够|能|会|要|得|想|应该|需要|是|有|在|"
    "为什么|什么样|什么|怎么样|怎么|怎样|如何|哪个|哪些|哪种|哪里|哪儿|哪|谁|多少|多|几|啥|"
    "一下|一点|有点|一些|一个|一款|一件|一般|平时|现在|目前|今天|到底|究竟|大概|左右|大约|其实|真的|真|直接|"
    "吗|呢|吧|啊|呀|么|嘛|哦|哈|呗|哒|滴|的|地|了|着|过|没|不|都|也|还|就|才|只|又|再|很|太|挺|非常|特别|比较|更|最|"
    "如果|要是|万一|假如|的话|因为|所以|但是|但|那么|或者|和|跟|与|或|及|还是|以及|给|把|被|让|对|从|向|往|为|按|"
    "用|使用|买|购买|拍|下单|订|入手|拿|弄|搞|做|放|扔|进|出|来|去|上|下|里面|里|中|内|外|后|前|时候|时|"
    "个|款|件|只|双|台|盒|瓶|支|条|套|箱|把|袋|种|部|包|罐|块|张|样|东西|产品|商品|宝宝们|合适|适合|适用|支持|行|好|呵|嗯|喔"
)
_STOPWORD_TEXT = """
    a an the this that these those it its they them their there here is are was were be been am do does
    did can could will would may might should shall must have has had i me my mine we us our you your u
    ur r he she his her and or but if so then than of in on at to for from with by about into as not no
    yes any some all more most very what which who whom whose when where why how much many long often
    please pls plz tell know wonder wondering want need like get got use used using work works working
    come comes make made take takes put go going really just still also too hi hello hey thanks thank ok
    okay good safe suitable fine right able one ones thing product item item's does't dont don't isn't
    can't whats what's hows how's is't actually ever even wear eat drink buy order support supports
    supported available possible allowed accept
"""
STOPWORDS = frozenset(_STOPWORD_TEXT.split())
_TOLD = re.compile(r"(平时|平常|一般|正常)(都)?穿|usually|normally")
_WH = re.compile(r"什么|啥|多少|几(?!乎)|怎么|如何|哪|谁|多(大|长|久|高|重|宽|厚|快|沉|远|深)|还是|为什么")
_YES_NO = re.compile(r"吗|么|嘛|不|没|能否|是否|可否|可以|能|会|有|支持")
_YES_NO_EN = re.compile(
    r"\b(is|are|am|was|do|does|did|can|could|will|would|may|should|has|have|got|does'?nt|isn'?t|any)\b"
)
_WH_EN = re.compile(r"\b(what|what's|whats|which|how|how's|when|where|who|why|whens|wheres)\b")


@dataclass(frozen=True, slots=True)
class Segment:
    """One question. `chunks`: content words left without names and function words, canonical
    Chinese (English ones through the glossary); `unknown`: English words with no translation."""

    text: str
    language: Language
    concepts: tuple[Asked, ...]
    chunks: tuple[str, ...]
    unknown: tuple[str, ...]
    open_question: bool
    bare: str
    """The question without product names."""
    names: tuple[tuple[int, int], ...] = ()
    """Where product names stand in `text`."""

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(a.concept.id for a in self.concepts)

    def says(self, label: str) -> bool:
        """Whether it has these words beyond a product's name: 锅盖 of a 锅, not 猫砂 of a 猫砂盆."""
        spots = [m.span() for m in re.finditer(re.escape(label), self.text)]
        return any(not any(s <= start and end <= e for s, e in self.names) for start, end in spots)


@lru_cache(maxsize=1)
def glossary() -> dict[str, list[str]]:
    rows: dict[str, list[str]] = table("lexicon")["glossary"]
    return dict(sorted(rows.items(), key=lambda row: -len(row[0])))


def split(text: str, language: Language) -> list[str]:
    """Single questions of a message. Chinese ones may stand side by side with a space."""
    if language is Language.EN:
        parts = re.split(
            r"[?？!！;\n]+|[.,，。]\s|\band (?=(?:how|what|when|where|which|who|is|are|do|does|can|will)\b)",
            text,
        )
    else:
        parts = re.split(
            r"[，。？！；、?!;~…\n]+|,(?!\d)|(?<=[\u4e00-\u9fff]) +| +(?=[\u4e00-\u9fff]{2})", text
        )
    return [part.strip() for part in parts if part and part.strip(" .,")]


def told_with_asked(parts: Sequence[str], language: Language) -> list[str]:
    """A size, an age or an area that is told, with the question that goes on from it:
    我家客厅30平，用这个够吗."""
    found: list[str] = []
    told = ""
    for number, part in enumerate(parts):
        tells = (measures(part) or _TOLD.search(part)) and not asks(part, language)
        if tells and number + 1 < len(parts):
            told += f"{part}，" if language is Language.ZH else f"{part}, "
            continue
        found.append(told + part)
        told = ""
    return found


def segment(text: str, rest: str, language: Language, names: Sequence[tuple[int, int]] = ()) -> Segment:
    """`rest`: the same question with product names blanked; `names`: where these stand in `text`.
    A name asks for nothing: who says 门锁 does not ask about its lock."""
    found = tuple(a for a in asked(text, language) if not any(s <= a.start and a.end <= e for s, e in names))
    if language is Language.EN:
        chunks, unknown = _english_chunks(rest)
        wh = _WH_EN.search(text) is not None or _YES_NO_EN.search(text) is None
    else:
        chunks, unknown = _chinese_chunks(rest), ()
        wh = _WH.search(text) is not None or _YES_NO.search(text) is None
    bare = re.sub(r"[\x00 ]+", " ", rest).strip() or text
    return Segment(text, language, found, chunks, unknown, wh, bare, tuple(names))


def _chinese_chunks(rest: str) -> tuple[str, ...]:
    bare = _FUNCTION_WORDS.sub("\x00", canonical(rest.replace(" ", "\x00")))
    parts = re.split(r"[^\u4e00-\u9fffa-z0-9.%+]+", bare)
    return tuple(part for part in parts if part)


def _english_chunks(rest: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    pattern, meaning = _glossary_pattern()
    terms = [canonical(meaning[m.group(1)]) for m in pattern.finditer(rest)]
    left = pattern.sub(" ", rest)
    unknown = tuple(
        stem(w) for w in words(left) if w not in STOPWORDS and not re.fullmatch(r"\d+(\.\d+)?", w)
    )
    return tuple(terms), unknown


@lru_cache(maxsize=8192)
def said(text: str) -> str:
    """A fact's words as questions are read: canonical, English ones through the glossary with their
    spaces kept, and after each thing its kind: 榛子 is 坚果."""
    plain = normalize(text)
    if has_han(plain):
        plain = canonical(plain)
    else:
        pattern, meaning = _glossary_pattern()
        plain = common_words(pattern.sub(lambda m: canonical(meaning[m.group(1)]), plain))
    for kind, things in table("lexicon")["kinds"].items():
        if kind not in plain:
            plain = re.sub("|".join(things), rf"\g<0>({kind})", plain)
    return plain


@lru_cache(maxsize=1)
def _glossary_pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    meaning = {phrase: forms[0] for phrase, forms in glossary().items() if phrase not in STOPWORDS}
    longest_first = sorted(meaning, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<![a-z])({either})(?:es|s)?(?![a-z])"), meaning
