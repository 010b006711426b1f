"""Which of price, list price, savings and stock a question asks for."""

import re

from ai.assistant.segments import Segment
from ai.assistant.text import has_han

_OF_SALE = frozenset({"price", "list_price", "savings", "stock"})
_SHIPPING = re.compile(
    r"(运费|邮费|快递费|邮资|配送费).{0,5}(多少|几)|(多少|几).{0,3}(运费|邮费|快递费)|shipping|postage|delivery"
)


def asked_of_sale(question: Segment) -> frozenset[str]:
    """Of `price`, `list_price`, `savings` and `stock` those that it asks for."""
    ids = set(question.ids)
    if ids & {"shipping_fee", "return_fee"} and _SHIPPING.search(question.text):
        ids.discard("price")
    if _counts_pieces(question) or _swallowed(question, "price") or "savings" in ids:
        ids.discard("price")
    return frozenset(ids & _OF_SALE)


def _swallowed(question: Segment, concept_id: str) -> bool:
    """ "price" in "price protection": its words are part of a longer term."""
    spans_of = {a.concept.id: (a.start, a.end) for a in question.concepts}
    if concept_id not in spans_of or has_han(question.text):
        return False
    start, end = spans_of[concept_id]
    return any(
        a.concept.id not in _OF_SALE and a.start <= start and end <= a.end and a.end - a.start > end - start
        for a in question.concepts
    )


def _counts_pieces(question: Segment) -> bool:
    """一盒有多少块 asks for pieces, not for money."""
    spans = {a.concept.id: (a.start, a.end) for a in question.concepts}
    price, pieces = spans.get("price"), spans.get("spec")
    if price is None or pieces is None or "钱" in question.text[slice(*price)]:
        return False
    return pieces[0] < price[0] < pieces[1] or pieces[0] < price[1] < pieces[1]
