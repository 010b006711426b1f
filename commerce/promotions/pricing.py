"""What a cart costs: one pure function over integers, with a line of explanation per step.

The priority rule: of the flash sale, the room price and the sale price, the lowest counts for a line; at
equal prices the flash sale, then the room price. A flash sale counts for a whole line or not at all. Then
one coupon at the most, on the goods' sum; then shipping, whose free threshold is measured on what the
goods cost after the coupon.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from commerce.shipping.fees import Fee

BPS = 10_000
MIN_TOTAL_CENTS = 1

PriceKind = Literal["flash", "room", "sale"]
Funder = Literal["platform", "merchant"]


@dataclass(frozen=True, slots=True)
class FlashPrice:
    """`left` units may still be had at this price, by this buyer."""

    sale_id: UUID
    price_cents: int
    left: int


@dataclass(frozen=True, slots=True)
class Item:
    """One wanted line and every price that it might have."""

    sku_id: UUID
    quantity: int
    sale_price_cents: int
    room_price_cents: int | None = None
    flash: FlashPrice | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """A coupon that may be used: fixed (`amount_cents`) or in basis points (`rate_bps`), one of the two."""

    coupon_id: UUID
    code: str
    threshold_cents: int
    amount_cents: int | None
    rate_bps: int | None
    max_discount_cents: int | None
    funded_by: Funder


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the explanation: what it is (`rule`), of which line, and by how much it changed the sum."""

    rule: Literal["sale", "room", "flash", "coupon", "coupon_below_threshold", "shipping", "free_shipping"]
    cents: int
    sku_id: UUID | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class PricedLine:
    """`total_cents` = unit price × quantity − the line's part of the coupon."""

    sku_id: UUID
    quantity: int
    unit_price_cents: int
    kind: PriceKind
    discount_cents: int
    flash_sale_id: UUID | None = None

    @property
    def gross_cents(self) -> int:
        return self.unit_price_cents * self.quantity

    @property
    def total_cents(self) -> int:
        return self.gross_cents - self.discount_cents


@dataclass(frozen=True, slots=True)
class Quote:
    """A priced cart; `total_cents` is what the buyer pays."""

    lines: tuple[PricedLine, ...]
    shipping_cents: int
    coupon_id: UUID | None
    platform_discount_cents: int
    steps: tuple[Step, ...]

    @property
    def items_cents(self) -> int:
        return sum(line.gross_cents for line in self.lines)

    @property
    def discount_cents(self) -> int:
        return sum(line.discount_cents for line in self.lines)

    @property
    def total_cents(self) -> int:
        return self.items_cents - self.discount_cents + self.shipping_cents


def price_cart(items: Sequence[Item], discount: Discount | None, fee: Fee | None) -> Quote:
    """Price at least one item (ValueError for none), all in one currency."""
    if not items:
        raise ValueError("nothing to price")
    lines = [_line(item) for item in items]
    steps = [Step(line.kind, line.gross_cents, line.sku_id) for line in lines]
    goods_cents = sum(line.gross_cents for line in lines)
    off_cents = _off(discount, goods_cents) if discount else 0
    if discount:
        rule: Literal["coupon", "coupon_below_threshold"] = (
            "coupon" if off_cents else "coupon_below_threshold"
        )
        steps.append(Step(rule, -off_cents, code=discount.code))
    parts = allocate(off_cents, [line.gross_cents for line in lines])
    shipping_cents = fee.cents(goods_cents - off_cents) if fee else 0
    if fee:
        steps.append(Step("shipping" if shipping_cents else "free_shipping", shipping_cents))
    return Quote(
        lines=tuple(replace(line, discount_cents=part) for line, part in zip(lines, parts, strict=True)),
        shipping_cents=shipping_cents,
        coupon_id=discount.coupon_id if discount and off_cents else None,
        platform_discount_cents=off_cents if discount and discount.funded_by == "platform" else 0,
        steps=tuple(steps),
    )


def _line(item: Item) -> PricedLine:
    flash = item.flash if item.flash and item.flash.left >= item.quantity else None
    offers: list[tuple[int, int, PriceKind]] = [(item.sale_price_cents, 2, "sale")]
    if item.room_price_cents is not None:
        offers.append((item.room_price_cents, 1, "room"))
    if flash:
        offers.append((flash.price_cents, 0, "flash"))
    price_cents, _, kind = min(offers)
    sale_id = flash.sale_id if flash and kind == "flash" else None
    return PricedLine(item.sku_id, item.quantity, price_cents, kind, 0, sale_id)


def _off(discount: Discount, goods_cents: int) -> int:
    """What the coupon takes off; never so much that nothing is left to pay."""
    if goods_cents < discount.threshold_cents:
        return 0
    if discount.amount_cents is not None:
        off_cents = discount.amount_cents
    else:
        assert discount.rate_bps is not None
        off_cents = goods_cents * discount.rate_bps // BPS
    if discount.max_discount_cents is not None:
        off_cents = min(off_cents, discount.max_discount_cents)
    return min(off_cents, goods_cents - MIN_TOTAL_CENTS)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` over `weights` in proportion; the parts sum to `total` exactly.

    What rounding leaves goes, one unit each, to the largest remainders, earlier first; so no part exceeds
    its weight while `total` does not exceed their sum. Where all weights are 0 they count as equal.
    ValueError for no weights.
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
