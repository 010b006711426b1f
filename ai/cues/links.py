"""Link numbers: "三号链接", "link number three" mean a place in the room's queue."""

import re
from collections.abc import Iterable

from ai.cues.matcher import NameMatch, Trust
from ai.cues.numbers import chinese_value, english_value
from ai.cues.products import ListedProduct

_LINK = re.compile(
    r"(?P<zh>[\d一二两三四五六七八九十]+)号(?:[链连练联恋脸][接结街节姐界解]|商品|宝贝|链|品)"
    r"|(?:[链连练联恋脸][接结街节姐界解]|宝贝)(?P<after>[\d一二三四五六七八九十]+)号?"
    r"|\b(?:link|item|product) (?:number |no\.? ?|#)?"
    r"(?P<en>\d+|one|two|three|four|five|six|seven|eight|nine|ten)\b",
    re.IGNORECASE,
)


def linked(text: str, products: Iterable[ListedProduct]) -> list[NameMatch]:
    """The products whose link numbers `text` names."""
    by_position = {product.position: product for product in products if product.position is not None}
    found = []
    for match in _LINK.finditer(text):
        number = _number(match["zh"] or match["after"] or match["en"])
        product = by_position.get(number) if number is not None else None
        if product is not None:
            found.append(
                NameMatch(
                    product.id,
                    match[0],
                    1.0,
                    Trust.FULL,
                    match.start(),
                    match.end(),
                    by_letters=True,
                    whole=True,
                )
            )
    return found


def _number(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    value = english_value(text) if text.isascii() else chinese_value(text)
    return None if value is None else int(value)
