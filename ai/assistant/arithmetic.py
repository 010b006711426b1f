"""Facts that are calculated from prices and policies: totals, differences, free shipping."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ai.assistant.models import Product
from ai.assistant.text import arabic, normalize
from app.core.money import format_minor

_QUANTITY = re.compile(
    r"(\d+)\s*(?:盒|包|袋|瓶|件|双|套|只|条|支|罐|箱|台|把|个|块|份|组|张|本|部|对|顶|床|提|桶|听|枚|根|卷|副|辆|盏|单)(?!月|装|人|小时)"
)
_ENGLISH_COUNT = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "a couple of": 2, "both": 1}
_FREE_FROM = re.compile(
    r"满\s*(\d+(?:\.\d+)?)\s*(?:元|块)?[^，。；,]{0,6}(?:包邮|免运费|免邮|免配送费)"
    r"|free (?:shipping |delivery )?(?:over|from|above|for orders over) [¥$€£]?(\d+(?:\.\d+)?)"
)
_FREE_PIECES = re.compile(r"满?\s*(\d+)\s*件(?:及以上)?[^，。；,]{0,4}(?:包邮|免运费|免邮)")
_FEE = re.compile(
    r"(?:不满|未满|不足|否则|不够|未达)[^，。；,]{0,12}?(?:收取?|运费|邮费|付|加)[^，。；,\d]{0,4}(\d+(?:\.\d+)?)\s*(?:元|块)"
    r"|(?:不满|未满|不足|否则|不够|未达)\s*\d+\s*(?:元|块)?[^，。；,\d]{0,6}(\d+(?:\.\d+)?)\s*(?:元|块)"
    r"|otherwise (?:it (?:is|costs) )?[¥$€£]?(\d+(?:\.\d+)?)"
)
_ALL_FREE = re.compile(r"(?:全场|全国|全店|所有(?:商品)?|一律|均|都)?(?:包邮|免运费)")


def amount(cents: int, currency: str = "CNY") -> str:
    """A price as it is spoken: 9900 is 99, 4980 is 49.80."""
    text = format_minor(cents, currency)
    return text[:-3] if text.endswith(".00") else text


def quantity(text: str) -> int | None:
    """How many pieces a question is about, if it says so."""
    plain = arabic(normalize(text))
    if match := re.search(r"(?:买|拍|要|下单|来|订|buy|order|get|for|take)\s*" + _QUANTITY.pattern, plain):
        return int(match.group(1))
    if match := _QUANTITY.search(plain):
        return int(match.group(1))
    if match := re.search(r"\b(?:buy|order|get|purchase|take|for|of) (\d{1,2})\b(?! ?%)", plain):
        return int(match.group(1))
    for word, count in _ENGLISH_COUNT.items():
        if re.search(rf"\b{word}\b(?! of (?:it|them))", plain):
            return count
    return None


def quantity_of(product: Product, text: str) -> int | None:
    """How many of one product a question that names several speaks of: 两盒咖啡加一份螺蛳粉."""
    plain = arabic(normalize(text))
    for word, count in _ENGLISH_COUNT.items():
        plain = re.sub(rf"\b{word}\b(?= \w)", str(count), plain)
    for name in sorted((product.name, product.name_en, *product.aliases), key=len, reverse=True):
        at = plain.find(normalize(name))
        if name and at > 0:
            before = plain[max(0, at - 8) : at]
            if found := re.search(rf"(?:{_QUANTITY.pattern}|\b(\d{{1,2}}))[的 ]?$", before):
                return int(found.group(1) or found.group(2))
            return None
    return None


@dataclass(frozen=True, slots=True)
class Shipping:
    """`fee_cents` None: the policy does not say what is charged below the threshold."""

    free: bool
    threshold: str
    fee_cents: int | None


def shipping(policies: Mapping[str, str], total_cents: int, pieces: int) -> Shipping | None:
    """What shipping costs for an order of this total, or None where no policy tells."""
    for text in policies.values():
        plain = normalize(text)
        fee = _FEE.search(plain)
        fee_cents = round(float(next(g for g in fee.groups() if g)) * 100) if fee else None
        if match := _FREE_FROM.search(plain):
            least = match.group(1) or match.group(2)
            return Shipping(total_cents >= round(float(least) * 100), f"满{least}元", fee_cents)
        if match := _FREE_PIECES.search(plain):
            return Shipping(pieces >= int(match.group(1)), f"满{match.group(1)}件", fee_cents)
    return None


@dataclass(frozen=True, slots=True)
class Comparison:
    cheaper: Product
    dearer: Product
    difference_cents: int


def compare(first: Product, second: Product) -> Comparison:
    """Which of two costs less now; equal prices give a difference of 0."""
    cheaper, dearer = sorted((first, second), key=lambda p: p.price_cents)
    return Comparison(cheaper, dearer, dearer.price_cents - cheaper.price_cents)
