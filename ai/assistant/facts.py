"""Where facts come from. The platform implements `FactSource`; here is one on plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from ai.assistant.models import Facts, Faq, Order, OrderLine, Product, Question, Sku


class FactSource(Protocol):
    async def read(self, question: Question) -> Facts:
        """The facts as they are now, for this viewer in this room.

        Called when a question is answered and again just before the answer is sent, so it
        must read live prices and stock. Contains orders of `question.viewer_id` only.
        """
        ...


class StaticFacts:
    """A catalogue in memory, for evaluations and tests; `change` swaps it while in use."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.reads = 0

    def change(self, **fields: Any) -> None:
        self.facts = replace(self.facts, **fields)

    async def read(self, question: Question) -> Facts:
        self.reads += 1
        if question.viewer_id is None:
            return replace(self.facts, orders=())
        return self.facts


def product_from_row(row: Mapping[str, Any]) -> Product:
    """A product of a catalogue file: one SKU, `details` as attributes."""
    list_price = row.get("list_price_cents")
    sku = Sku(
        id=str(row["id"]),
        name=str(row["name"]),
        price_cents=int(row["price_cents"]),
        list_price_cents=None if list_price is None else int(list_price),
        available=int(row["stock"]),
    )
    return Product(
        id=str(row["id"]),
        name=str(row["name"]),
        name_en=str(row.get("name_en", "")),
        skus=(sku,),
        attributes={str(k): str(v) for k, v in row.get("details", {}).items()},
        aliases=tuple(str(alias) for alias in row.get("aliases", ())),
        category=str(row.get("category", "")),
    )


def order_from_row(row: Mapping[str, Any], products: Sequence[Product]) -> Order:
    """An order of an evaluation file: one product each."""
    product_id = str(row["product"])
    name = next((p.name for p in products if p.id == product_id), product_id)
    return Order(
        number=str(row["number"]),
        status=str(row["status"]),
        lines=(OrderLine(product_id, name, int(row.get("quantity", 1))),),
        carrier=row.get("carrier"),
        tracking=row.get("tracking"),
        total_cents=row.get("paid_cents"),
    )


def facts_from_file(data: Mapping[str, Any], case: Mapping[str, Any]) -> Facts:
    """The facts of one case of an evaluation file (see shared/data/README.md)."""
    products = tuple(product_from_row(row) for row in data["catalog"])
    return Facts(
        products=products,
        policies={str(k): str(v) for k, v in data.get("policies", {}).items()},
        faq=tuple(Faq(f["question"], f["answer"]) for f in data.get("faq", ())),
        orders=tuple(order_from_row(row, products) for row in case.get("orders", ())),
        pinned=case.get("pinned"),
    )
