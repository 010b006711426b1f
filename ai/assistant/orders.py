"""A viewer's own orders: which one is meant, and what may be said of it."""

import re
from dataclasses import dataclass

from ai.assistant.models import Facts, Order
from ai.assistant.products import resolve

_NUMBER = re.compile(r"(?<![a-z0-9])([a-z]{0,6}\d{6,24}|[a-z]{1,6}\d{4,5})(?![a-z0-9])")
_REFUND = re.compile(r"退|钱.{0,4}回|refund|money back")
MAX_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Found:
    """The orders meant; `foreign`: a number that is not one of the viewer's."""

    orders: tuple[Order, ...]
    foreign: str | None = None


def numbers_in(text: str) -> list[str]:
    """Order-like numbers of a normalized message; tracking numbers look the same."""
    return _NUMBER.findall(text)


def find(text: str, facts: Facts) -> Found:
    """Own orders that a message means: by number, by product, by refund, else the latest."""
    named = numbers_in(text)
    if named:
        known = {key.lower(): o for o in facts.orders for key in (o.number, o.tracking or "") if key}
        foreign = next((n for n in named if n not in known), None)
        return Found(tuple(known[n] for n in named if n in known) if foreign is None else (), foreign)
    about = resolve(text, facts)
    if about.named:
        ids = {p.id for p in about.products}
        fitting = tuple(o for o in facts.orders if any(line.product_id in ids for line in o.lines))
        if fitting:
            return Found(fitting[:MAX_SHOWN])
    if _REFUND.search(text):
        refunds = tuple(o for o in facts.orders if o.status in {"refunding", "refunded"})
        return Found((refunds or facts.orders)[:MAX_SHOWN])
    return Found(facts.orders[:MAX_SHOWN])
