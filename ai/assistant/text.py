"""Reading buyers' Chinese and English: one spelling, numerals, sounds, clauses."""

import re
import tomllib
import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import Any

from opencc import OpenCC
from pypinyin import lazy_pinyin

MAX_QUESTION_CHARS = 300
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN_WORD = re.compile(r"[a-z][a-z0-9'+-]*|\d+(?:\.\d+)?")
_CJK_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_MEASURES = (
    "年|个月|个|月|天|日|小时|分钟|秒|周|次|片|盒|包|袋|瓶|件|双|套|只|条|支|罐|箱|台|把|斤|公斤|"
    "千克|克|岁|寸|米|度|元|块|折|人|倍|期|升|码|档|级|杯|份|组|张|本|部|对|顶|床|提|桶|听|枚|粒|"
    "颗|根|卷|副|辆|盏|口|串|枝|厘米|毫升|瓦|伏"
)
_NUMERAL = re.compile(rf"([零一二两三四五六七八九十百千]+)(?={_MEASURES})|([二两三四五六七八九十]+)(?=点)")


@lru_cache(maxsize=1)
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")


@lru_cache(maxsize=4)
def table(name: str) -> dict[str, Any]:
    """A TOML file of `ai/assistant/data`."""
    return tomllib.loads((files("ai.assistant") / "data" / f"{name}.toml").read_text("utf-8"))


@lru_cache(maxsize=16384)
def normalize(text: str) -> str:
    """Lower-case simplified text without control characters, full-width forms and emoji."""
    folded = unicodedata.normalize("NFKC", text)
    kept = "".join(c for c in folded if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    if _HAN.search(kept):
        kept = _to_simplified().convert(kept)
    return re.sub(r"\s+", " ", kept.lower().replace("’", "'")).strip()


def has_han(text: str) -> bool:
    return _HAN.search(text) is not None


def words(text: str) -> list[str]:
    """Latin words and numbers of a normalized text."""
    return _LATIN_WORD.findall(text)


def stem(word: str) -> str:
    """An English word without its plural."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def cjk_number(numeral: str) -> int:
    """十五 → 15, 两 → 2, 一百二十 → 120, 二三 → 23."""
    if not any(c in "十百千" for c in numeral):
        return int("".join(str(_CJK_DIGITS[c]) for c in numeral))
    total = current = 0
    for c in numeral:
        if c in "十百千":
            total += (current or 1) * {"十": 10, "百": 100, "千": 1000}[c]
            current = 0
        else:
            current = _CJK_DIGITS[c]
    return total + current


@lru_cache(maxsize=8192)
def arabic(text: str) -> str:
    """The same text with Chinese numerals before measure words as digits: 三年 → 3年."""
    return _NUMERAL.sub(lambda m: str(cjk_number(m.group(0))), text)


def numbers(text: str) -> frozenset[str]:
    """Every number of a text in one spelling: 2,999 and 2999.00 are 2999, 三年 gives 3."""
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))|(?<=\d):00(?!\d)", "", arabic(normalize(text)))
    found = set()
    for raw in re.findall(r"\d+(?:\.\d+)?", plain):
        value = raw.lstrip("0") or "0"
        if "." in value:
            value = value.rstrip("0").rstrip(".")
        found.add("0" + value if value.startswith(".") else value)
    return frozenset(found)


@lru_cache(maxsize=4096)
def pinyin(text: str) -> tuple[str, ...]:
    """Syllables without tones; letters and digits stay as they are."""
    return tuple(lazy_pinyin(text))


def clauses(text: str, *, lists: bool = False) -> list[str]:
    """Parts between commas and stops; with `lists` also between enumeration marks."""
    marks = r"[，。；;！!\n]|,(?!\d)|(?<=[a-z\d])\.(?= [A-Z]|$)" + ("|、" if lists else "")
    return [part.strip() for part in re.split(marks, text) if part.strip()]


def common_length(a: str, b: str) -> int:
    """Length of the longest substring of both."""
    best = 0
    row = [0] * (len(b) + 1)
    for i in range(1, len(a) + 1):
        previous = 0
        for j in range(1, len(b) + 1):
            kept = row[j]
            row[j] = previous + 1 if a[i - 1] == b[j - 1] else 0
            best = max(best, row[j])
            previous = kept
    return best


@lru_cache(maxsize=1)
def _synonyms() -> tuple[re.Pattern[str], dict[str, str]]:
    canonical: dict[str, str] = {}
    for group in table("lexicon")["synonyms"]["groups"]:
        for word in group:
            canonical.setdefault(word, group[0])
    parts = []
    for word in sorted(canonical, key=len, reverse=True):
        escaped = re.escape(word)
        if re.fullmatch(r"[a-z0-9]+", word):
            escaped = rf"(?<![a-z]){escaped}(?![a-z])"
        parts.append(escaped)
    return re.compile("|".join(parts)), canonical


@lru_cache(maxsize=8192)
def canonical(text: str) -> str:
    """A normalized text with each synonym replaced by the first of its group, without spaces."""
    return common_words(text).replace(" ", "")


def common_words(text: str) -> str:
    """The same with its spaces kept."""
    pattern, words_of = _synonyms()
    return pattern.sub(lambda m: words_of[m.group(0)], normalize(text))


@lru_cache(maxsize=1)
def _rewrites() -> tuple[re.Pattern[str], dict[str, str]]:
    rewrites: dict[str, str] = table("lexicon")["rewrites"]
    ordered = sorted(rewrites, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))), rewrites


def colloquial(text: str) -> str:
    """A normalized Chinese question with dialect and common slips put into standard words."""
    pattern, rewrites = _rewrites()
    return pattern.sub(lambda m: rewrites[m.group(0)], text)


@lru_cache(maxsize=1)
def _rewrites_en() -> tuple[re.Pattern[str], dict[str, str]]:
    rewrites: dict[str, str] = table("lexicon")["rewrites_en"]
    ordered = sorted(rewrites, key=len, reverse=True)
    return re.compile(rf"(?<![\w'])({'|'.join(map(re.escape, ordered))})(?![\w'])"), rewrites


def spelt_out(text: str) -> str:
    """A normalized English question with the shorthand of chats written out."""
    pattern, rewrites = _rewrites_en()
    return pattern.sub(lambda m: rewrites[m.group(1)], text)
