"""Prices and stock as spoken against those held."""

import re
from collections.abc import Iterable

from ai.cues.decisions import Evidence, Promise, Warn
from ai.cues.numbers import SpokenNumber, spoken_numbers
from ai.cues.products import ListedProduct

_NOW = re.compile(
    r"(?:只要|只需|仅需|仅要|到手价?|特价|秒杀价?|福利价|现价|价格是?|直播(?:间|价)|卖你们?|今天|今晚|现在)"
    r"(?:只要|只|才|就|是|卖|你们?|给|你|大家|直接|拿走|直播间|到手价?|价|的|要|仅|需|\s){0,6}$"
    r"|\b(?:only|just|for|tonight|today|now|price(?: is)?|yours for|costs?|at)\b"
    r"(?:\s+(?:it|is|it's|only|just|for|at|you pay))*\s*\$?$",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?:原价|平时|专柜|吊牌价?|外面|市场价|官网|正常|日常)[^,，。\s\d]{0,8}$"
    r"|\b(?:usually|normally|regular(?:ly)?|originally|retails?|was|list price)\b[^.\d]{0,20}$",
    re.IGNORECASE,
)
_MONEY = re.compile(r"\s*(?:元|块|¥|yuan|dollars?|bucks)", re.IGNORECASE)
_OTHER_UNIT = re.compile(
    r"\s*(?:[个片盒台单件份套包瓶支袋颗粒条双只人次年月天岁点分秒斤克寸码折倍米层种%度瓦毫]|小时|厘米|千克|公斤"
    r"|号|percent|%|off|hours?|minutes?|seconds?|days?|pieces?|units?|left|of them|people|likes|grams?|inch"
    r"|liters?|colou?rs|sizes|shades|times)",
    re.IGNORECASE,
)
_STOCK = re.compile(
    r"(?:库存|还有|还剩|剩下?|最后|准备了|备了|再加|加了?|只有|仅剩)[^,，。\d]{0,4}$"
    r"|\b(?:only|have|last|got|adding|just)\s*$",
    re.IGNORECASE,
)
_STOCK_UNIT = re.compile(
    r"\s*(?:[台单件份套盒包瓶支袋条双只组箱]|个(?!小时)|(?:units?|pieces?|left|in stock)\b)", re.IGNORECASE
)
_ONE_PIECE = re.compile(r"[一1]块(?!钱|\d|[一二三四五六七八九]|$)")
"""A piece of something: "一块才六十九"."""
_LEAST_PRICE = 1.0


def broken_promises(text: str, language: str, product: ListedProduct, until: int | None = None) -> list[Warn]:
    """Where `text` names a price or a stock for `product` that it does not have, each at most once.

    `until`: only numbers that end before this position count; those behind it may still grow.
    """
    warnings: dict[Promise, Warn] = {}
    for number in spoken_numbers(text, language):
        if until is not None and number.end >= until:
            break
        for promise, said, held in _compare(text, number, product):
            rule = f"said {promise.value}"
            warnings.setdefault(promise, Warn(promise, product.id, said, held, Evidence(text, 1.0, rule)))
    return list(warnings.values())


def _compare(text: str, number: SpokenNumber, product: ListedProduct) -> Iterable[tuple[Promise, int, int]]:
    left, right = text[: number.start], text[number.end :]
    if _STOCK.search(left) and _STOCK_UNIT.match(right):
        if product.stock is not None and number.value > product.stock:
            yield Promise.STOCK, int(number.value), product.stock
        return
    if _OTHER_UNIT.match(right) or _ONE_PIECE.match(text[number.start :]) or number.value < _LEAST_PRICE:
        return
    said = round(number.value * 100)
    prices = {product.price_cents, product.list_price_cents}
    if any(price is not None and said == price - price % 100 for price in prices):
        return  # "29块9" whose last digit was not heard
    if _BEFORE.search(left):
        if product.list_price_cents is not None and said not in prices:
            yield Promise.LIST_PRICE, said, product.list_price_cents
    elif (
        (number.is_money or _NOW.search(left) or _MONEY.match(right))
        and product.price_cents is not None
        and said not in prices
    ):
        yield Promise.PRICE, said, product.price_cents
