"""Prices and stock as spoken against those held."""

from collections.abc import Iterable

from ai.cues import promise_patterns as patterns
from ai.cues.decisions import Evidence, Promise, Warn
from ai.cues.numbers import SpokenNumber, spoken_numbers
from ai.cues.products import ListedProduct

_FEWEST = 5
""" "The last one" is the last product of the show."""
_SCARCER = 0.8
"""Of the stock held; whoever says that there is less than this makes it look scarce."""
_LEAST_PRICE = 1.0
_LEAST_BARE = 5.0
"""Smaller numbers without a unit of money count something else."""
_POSSIBLE = (0.2, 5.0)
"""Of what is held; a number without a unit of money beyond it was misheard, or is none."""
_LIKELY = (0.3, 3.0)
"""Of the listed price; a bare number beyond it is no price."""


def broken_promises(text: str, language: str, product: ListedProduct, until: int | None = None) -> list[Warn]:
    """Where `text` names a price or a stock for `product` that it does not have, each at most once.

    `until`: only numbers that end before this position count; those behind it may still grow.
    """
    warnings: dict[Promise, Warn] = {}
    for number in spoken_numbers(text, language):
        if until is not None and number.end >= until:
            break
        for promise, said, held in _compare(text, number, product, language):
            rule = f"said {promise.value}"
            warnings.setdefault(promise, Warn(promise, product.id, said, held, Evidence(text, 1.0, rule)))
    return list(warnings.values())


def _compare(
    text: str, number: SpokenNumber, product: ListedProduct, language: str
) -> Iterable[tuple[Promise, int, int]]:
    number = _without_one(text, number, product)
    left, right = text[: number.start], text[number.end :]
    if patterns.STOCK.search(left) and patterns.STOCK_UNIT.match(right):
        if product.stock is not None and _misstates(left, number.value, right, product.stock):
            yield Promise.STOCK, int(number.value), product.stock
        return
    if (
        patterns.GARBLED.match(right)
        or patterns.OTHER_UNIT.match(right)
        or patterns.ONE_PIECE.match(text[number.start :])
    ):
        return
    if number.value < (_LEAST_PRICE if number.is_money or patterns.MONEY.match(right) else _LEAST_BARE):
        return
    if patterns.DISCOUNT.search(left) or patterns.DISCOUNTED.match(right):
        return
    if patterns.COUNTDOWN.fullmatch(text[number.start : number.end]):
        return
    said = round(number.value * 100)
    if language == "en" and product.price_cents is not None and _in_pairs(said, product.price_cents):
        said *= 100
    prices = [price for price in (product.price_cents, product.list_price_cents) if price is not None]
    if any(_as_listed(said, price) for price in prices):
        return
    if patterns.EIGHT.search(text[: number.end]) and any(_as_listed(said - 800, price) for price in prices):
        return
    if patterns.BEFORE.search(left):
        if product.list_price_cents is not None and _possible(number, right, product.list_price_cents):
            yield Promise.LIST_PRICE, said, product.list_price_cents
    elif product.price_cents is not None and _is_price(left, right, number, product.price_cents, language):
        yield Promise.PRICE, said, product.price_cents


def _possible(number: SpokenNumber, right: str, held_cents: int) -> bool:
    """Whether a number may be the price or the list price of something that has `held_cents`."""
    least, most = _POSSIBLE
    stated = number.is_money or patterns.MONEY.match(right) is not None
    return stated or least * held_cents <= number.value * 100 <= most * held_cents


def _misstates(left: str, said: float, right: str, stock: int) -> bool:
    """More than there is, or, where it is said to be all, clearly less."""
    all_there_is = patterns.ALL_THERE_IS.search(left) or patterns.LEFT.match(right)
    return said > stock or (_FEWEST <= said < _SCARCER * stock and all_there_is is not None)


def _without_one(text: str, number: SpokenNumber, product: ListedProduct) -> SpokenNumber:
    """ "491大瓶", far above the price, is "四十九一大瓶": what one costs."""
    above = product.price_cents is not None and number.value * 100 > _LIKELY[1] * product.price_cents
    if not (above and text[: number.end].endswith("1") and patterns.OF_ONE.match(text[number.end :])):
        return number
    return SpokenNumber(number.value // 10, number.start, number.end - 1)


def _in_pairs(said: int, price_cents: int) -> bool:
    """ "Two ninety nine" is written as 2.99, also where 299 was said."""
    least, most = _LIKELY
    return (
        said % 100 > 0
        and said < least * price_cents
        and least * price_cents <= said * 100 <= most * price_cents
    )


def _as_listed(said: int, price: int) -> bool:
    """Also where its last digits were not heard ("29块9"), or a pack follows them ("29.93大包"); "nine ninety nine"."""
    return said == price - price % 100 or said // 10 == price // 10 or said == price * 100


def _is_price(left: str, right: str, number: SpokenNumber, price_cents: int, language: str) -> bool:
    """Whether a number is money: by its unit, by what leads to it, or alone in its clause and near the price."""
    if patterns.MULTIPLE.search(left) or patterns.MULTIPLE_AFTER.match(right):
        return False
    if number.is_money or patterns.MONEY.match(right):
        return True
    if not _possible(number, right, price_cents) or (language == "en" and patterns.COUNTED.match(right)):
        return False
    if patterns.NOW.search(left):
        return True
    least, most = _LIKELY
    if not least * price_cents <= number.value * 100 <= most * price_cents:
        return False
    begins, ends = (
        (patterns.EN_BEGINS, patterns.EN_ENDS) if language == "en" else (patterns.BEGINS, patterns.ENDS)
    )
    return begins.search(left) is not None and ends.match(right) is not None
