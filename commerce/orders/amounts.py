"""What an order costs: pure arithmetic on integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Item:
    """One wanted line at its unit price."""

    sku_id: UUID
    quantity: int
    unit_price_cents: int


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """`total_cents` = unit price × quantity − discount."""

    sku_id: UUID
    quantity: int
    unit_price_cents: int
    discount_cents: int

    @property
    def total_cents(self) -> int:
        return self.unit_price_cents * self.quantity - self.discount_cents


@dataclass(frozen=True, slots=True)
class OrderAmounts:
    """An order's sums; `total_cents` is what the buyer pays."""

    lines: tuple[LineAmounts, ...]
    shipping_cents: int

    @property
    def items_cents(self) -> int:
        return sum(line.unit_price_cents * line.quantity for line in self.lines)

    @property
    def discount_cents(self) -> int:
        return sum(line.discount_cents for line in self.lines)

    @property
    def total_cents(self) -> int:
        return self.items_cents - self.discount_cents + self.shipping_cents


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` over `weights` in proportion; the parts sum to `total` exactly.

    What rounding leaves goes, one unit each, to the largest remainders, earlier first. Weights are not
    negative; where all are 0 they count as equal. ValueError for no weights.
    """
    if not weights:
        raise ValueError("nothing to allocate to")
    if sum(weights) == 0:
        weights = [1] * len(weights)
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts
