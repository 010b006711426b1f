"""English for the Chinese of facts: labels, values and policies. Numbers pass through exactly."""

import re
from functools import lru_cache

from ai.assistant.concepts import concepts, of_label
from ai.assistant.text import arabic, clauses, has_han, normalize, table

_UNIT_WORDS = [
    ("个月", "months"), ("小时", "hours"), ("分钟", "minutes"), ("年", "years"), ("天", "days"),
    ("日", "days"), ("周", "weeks"), ("岁", "years of age"), ("公斤", "kg"), ("千克", "kg"), ("克", "g"),
    ("毫升", "ml"), ("升", "L"), ("厘米", "cm"), ("毫米", "mm"), ("英寸", "inches"), ("寸", "inches"),
    ("米", "m"), ("瓦", "W"), ("伏", "V"), ("片", "pieces"), ("件", "pieces"), ("包", "packs"),
    ("小包", "sachets"), ("袋", "bags"), ("粒", "pieces"), ("颗", "pieces"), ("支", "count"),
    ("人", "people"), ("度", "degrees"), ("键", "keys"), ("次", "times"), ("元", "yuan"), ("码", ""),
    ("斤", "jin"), ("只", "pieces"), ("张", "sheets"), ("瓶", "bottles"), ("盒", "boxes"),
]  # fmt: skip
_PHRASES = [
    ("所有肤质", "all skin types"), ("每周", " per week "), ("每天", " per day "), ("每日", " per day "),
    ("每次", " each time "), ("以上", " and up"), ("以下", " and below"), ("含坚果", "contains nuts"),
    ("不含", "free of "), ("不支持", "no "), ("支持", "supports "), ("可机洗", "machine washable"),
    ("不可机洗", "not machine washable"), ("建议手洗", "hand wash recommended"), ("手洗", "hand wash"),
    ("不可", "no "), ("可用", " OK"), ("慎用", " use with caution"), ("都适合", " all suit"), ("可游泳佩戴", "fine for swimming"),
    ("可放", "keeps "), ("约", "about "), ("到", " to "), ("至", " to "), ("单次", "per charge "), ("共", " in total "),
    ("水温不超过", "water no hotter than "), ("通用", "both fine"), ("每", " per "), ("净重", "net weight "), ("含", "contains "),
    ("典型", "typical use "), ("常亮", "always-on "), ("保温", "keeps warm "), ("加充电盒", "with the case "),
    ("单只", "each "), ("防水", "water resistance "), ("可拆洗", "removable and washable"), ("可调", "adjustable"),
    ("礼盒包装", "gift box"), ("不可烘干", "do not tumble dry"), ("不可漂白", "do not bleach"),
    ("不可放洗碗机", "not dishwasher safe"),
    ("可放洗碗机", "dishwasher safe"), ("环保", "eco-friendly "), ("单果", "each fruit "), ("左右", " or so"),
]  # fmt: skip
_MARKS = str.maketrans({"，": ", ", "、": ", ", "。": ". ", "；": "; ", "：": ": ", "（": " (", "）": ") "})
_NUMBER = r"(\d+(?:\.\d+)?)"
_CLOCK = r"(?:早|晚|上午|下午)?(\d{1,2}(?::\d{2})?)点?"
_PLACES = r"((?:[\u4e00-\u9fff]{2,6}?、)*[\u4e00-\u9fff]{2,8}?)"
_LIST = r"([\u4e00-\u9fffa-zA-Z、和或 ]+?)"


def label(text: str) -> str:
    """An attribute's name in English; the original where none is known."""
    if not has_han(text):
        return text
    exact = next((c.en for c in concepts().values() if c.zh == text), None)
    if exact:
        return exact
    known = [c.en for c in concepts().values() if c.id in of_label(text) and not c.policy]
    return known[0] if known else text


def value(text: str) -> str:
    """A value in English with the original behind it; the original alone where a word is unknown."""
    if not has_han(text):
        return text
    english = _translated(text)
    return text if has_han(english) else f"{english} ({text})"


@lru_cache(maxsize=1)
def _terms() -> list[tuple[str, str]]:
    terms = [(form, en) for en, forms in table("lexicon")["glossary"].items() for form in forms]
    terms += _PHRASES
    return sorted(((zh, en) for zh, en in terms if has_han(zh)), key=lambda t: (-len(t[0]), len(t[1])))


def _translated(text: str) -> str:
    english = text
    for zh, en in _terms():
        if len(zh) >= 2 or zh in "无辣甜酸糖鱼约到至共含每":
            english = english.replace(zh, f" {en} ")
    english = arabic(english)
    for unit, word in sorted(_UNIT_WORDS, key=lambda u: -len(u[0])):
        english = re.sub(rf"(?<=\d){unit}", f" {word} ", english)
    english = re.sub(r"/\s*(盒|袋|瓶|罐|包|件)", " each", english)
    english = re.sub(r"\s+", " ", english.translate(_MARKS)).replace(" ,", ",").replace(" )", ")")
    return re.sub(r"\b1 (month|year|day|hour|minute|piece|week)s\b", r"1 \1", english).strip(" ,.")


@lru_cache(maxsize=1)
def _clause_rules() -> list[tuple[re.Pattern[str], str]]:
    rules = []
    for pattern, english in table("clauses")["rules"]:
        expression = (
            pattern.replace("{n}", _NUMBER)
            .replace("{t}", _CLOCK)
            .replace("{p}", _PLACES)
            .replace("{list}", _LIST)
        )
        rules.append((re.compile(expression, re.IGNORECASE), english))
    return rules


def policy(text: str) -> str:
    """A policy in English, clause by clause; clauses without a rule stay in Chinese."""
    if not has_han(text):
        return text
    parts = [_clause(part) for part in clauses(text)]
    return "; ".join(parts)


def _clause(text: str) -> str:
    plain = arabic(normalize(text))
    for pattern, english in _clause_rules():
        if match := pattern.fullmatch(plain):
            return english.format(*(_part(group or "") for group in match.groups()))
    return text


def _part(text: str) -> str:
    """A captured list of names; unknown ones stay as they are."""
    if not has_han(text):
        return text
    names = re.split(r"、|和|或", re.sub(r"(付款|支付|结算|等)$", "", text))
    return ", ".join(_name(name) for name in names if name)


@lru_cache(maxsize=256)
def _name(text: str) -> str:
    for en, forms in table("lexicon")["glossary"].items():
        if text in forms:
            return _titled(en)
    english = _translated(text)
    return text if has_han(english) else _titled(english)


def _titled(text: str) -> str:
    known = {
        "wechat": "WeChat",
        "wechat pay": "WeChat Pay",
        "alipay": "Alipay",
        "apple pay": "Apple Pay",
        "paypal": "PayPal",
    }
    return known.get(text, text.title() if len(text) > 3 else text)
