"""How much a refund gives back, line by line: pure arithmetic on integers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commerce.errors import RefundTooLarge, SkuNotFound
from commerce.payments.schemas import RefundIn, RefundLineIn


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """Of the order's line at `position`."""

    position: int
    quantity: int
    amount_cents: int


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """`amount_cents` holds the shipping fee as well where everything goes back."""

    lines: tuple[PlannedLine, ...]
    amount_cents: int


def plan(order: Mapping[str, Any], wanted: RefundIn) -> RefundPlan:
    """Raises SkuNotFound or RefundTooLarge. `order`: a row with its lines."""
    if wanted.lines is None:
        lines = tuple(_rest(line) for line in order["lines"])
        return RefundPlan(lines, order["total_cents"] - order["refunded_cents"])
    by_sku = {line["sku_id"]: line for line in order["lines"]}
    planned: dict[int, PlannedLine] = {}
    for part in wanted.lines:
        line = by_sku.get(str(part.sku_id))
        if line is None:
            raise SkuNotFound(sku_id=str(part.sku_id))
        if line["position"] in planned:
            raise RefundTooLarge("a SKU comes twice")
        planned[line["position"]] = _part(line, part)
    return RefundPlan(tuple(planned.values()), sum(line.amount_cents for line in planned.values()))


def _rest(line: Mapping[str, Any]) -> PlannedLine:
    return PlannedLine(
        line["position"],
        line["quantity"] - line["refunded_quantity"],
        line["total_cents"] - line["refunded_cents"],
    )


def _part(line: Mapping[str, Any], part: RefundLineIn) -> PlannedLine:
    """Units give back their share of the line, so that all of them together give back exactly the line."""
    left = _rest(line)
    if part.quantity > left.quantity:
        raise RefundTooLarge("more units than are left", refundable_quantity=left.quantity)
    amount_cents = part.amount_cents
    if amount_cents is None:
        refunded = line["refunded_quantity"] + part.quantity
        so_far = line["total_cents"] * refunded // line["quantity"]
        amount_cents = max(so_far - line["refunded_cents"], 0)
    if not 0 < amount_cents <= left.amount_cents:
        raise RefundTooLarge(refundable_cents=left.amount_cents)
    return PlannedLine(line["position"], part.quantity, amount_cents)
