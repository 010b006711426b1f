"""Everything that decides the prices of a batch of carts, loaded in a constant number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx
from commerce.errors import CouponNotUsable
from commerce.promotions import repository
from commerce.promotions.pricing import Discount, FlashPrice, Item, Quote, ShippingFee, price_cart


@dataclass(frozen=True, slots=True)
class Cart:
    """What one buyer wants priced."""

    buyer_id: UUID | None
    room_id: UUID | None
    quantities: Mapping[UUID, int]
    coupon_code: str | None


@dataclass(slots=True)
class PriceFacts:
    """Prices as they are now; `take` notes what an accepted cart uses up, for those behind it."""

    at: datetime
    room_prices: Mapping[tuple[UUID, UUID], int]
    flash_sales: Mapping[UUID, Sequence[DictRow]]
    coupons: Mapping[str, DictRow]
    fees: Mapping[str, DictRow]
    taken: dict[UUID, int] = field(default_factory=dict)
    taken_by: dict[tuple[UUID, UUID], int] = field(default_factory=dict)

    @classmethod
    async def load(cls, tx: Tx, carts: Sequence[Cart], at: datetime, *, lock: bool) -> "PriceFacts":
        """`lock`: nobody else may use a sale or a coupon before `tx` ends."""
        sku_ids = {sku_id for cart in carts for sku_id in cart.quantities}
        pairs = {(cart.room_id, sku_id) for cart in carts if cart.room_id for sku_id in cart.quantities}
        codes = {cart.coupon_code for cart in carts if cart.coupon_code}
        buyers = {cart.buyer_id for cart in carts if cart.buyer_id}
        sales = await repository.running_flash_sales(tx, sku_ids, at, lock=lock)
        coupons = await repository.coupons_by_code(tx, codes, lock=lock) if codes else {}
        facts = cls(
            at=at,
            room_prices=await repository.room_prices(tx, pairs) if pairs else {},
            flash_sales={sku_id: [s for s in sales if s["sku_id"] == sku_id] for sku_id in sku_ids},
            coupons=coupons,
            fees=await repository.shipping_fees(tx),
        )
        if sales and buyers:
            ids = [sale["id"] for sale in sales]
            facts.taken_by |= await repository.used_by(tx, "flash_sale_id", ids, buyers)
        if coupons and buyers:
            ids = [coupon["id"] for coupon in coupons.values()]
            facts.taken_by |= await repository.used_by(tx, "coupon_id", ids, buyers)
        return facts

    def quote(self, cart: Cart, offers: Mapping[UUID, Mapping[str, Any]]) -> Quote:
        """What the cart costs now; raises CouponNotUsable. `offers`: price and currency of each SKU."""
        currency = offers[next(iter(cart.quantities))]["currency"]
        items = [
            Item(
                sku_id=sku_id,
                quantity=quantity,
                sale_price_cents=offers[sku_id]["price_cents"],
                room_price_cents=self.room_prices.get((cart.room_id, sku_id)) if cart.room_id else None,
                flash=self._flash(cart, sku_id),
            )
            for sku_id, quantity in cart.quantities.items()
        ]
        discount = self._discount(cart, cart.coupon_code, currency) if cart.coupon_code else None
        fee = self.fees.get(currency)
        return price_cart(
            items, discount, ShippingFee(fee["fee_cents"], fee["free_from_cents"]) if fee else None
        )

    def take(self, cart: Cart, quote: Quote) -> list[tuple[UUID | None, UUID | None, int]]:
        """Note what an accepted cart uses: (flash sale or None, coupon or None, quantity) each."""
        uses: list[tuple[UUID | None, UUID | None, int]] = [
            (line.flash_sale_id, None, line.quantity) for line in quote.lines if line.flash_sale_id
        ]
        if quote.coupon_id:
            uses.append((None, quote.coupon_id, 1))
        for sale_id, coupon_id, quantity in uses:
            key = sale_id or coupon_id
            assert key is not None
            self.taken[key] = self.taken.get(key, 0) + quantity
            if cart.buyer_id:
                mine = key, cart.buyer_id
                self.taken_by[mine] = self.taken_by.get(mine, 0) + quantity
        return uses

    def _flash(self, cart: Cart, sku_id: UUID) -> FlashPrice | None:
        """The cheapest sale that runs in the cart's room or everywhere, and what it leaves this buyer."""
        for sale in self.flash_sales.get(sku_id, ()):
            if sale["room_id"] not in (None, cart.room_id):
                continue
            left = sale["quantity"] - sale["sold"] - self.taken.get(sale["id"], 0)
            if cart.buyer_id:
                left = min(left, sale["per_buyer"] - self.taken_by.get((sale["id"], cart.buyer_id), 0))
            if left > 0:
                return FlashPrice(sale["id"], sale["price_cents"], left)
        return None

    def _discount(self, cart: Cart, code: str, currency: str) -> Discount:
        coupon = self.coupons.get(code)
        if coupon is None or coupon["currency"] != currency:
            raise CouponNotUsable("there is no such coupon", reason="unknown")
        if coupon["room_id"] not in (None, cart.room_id):
            raise CouponNotUsable("it counts in another live room", reason="other_room")
        if not coupon["starts_at"] <= self.at < coupon["ends_at"]:
            raise CouponNotUsable("it is not valid now", reason="expired")
        used = coupon["used"] + self.taken.get(coupon["id"], 0)
        if coupon["total_limit"] is not None and used >= coupon["total_limit"]:
            raise CouponNotUsable("all have been used", reason="used_up")
        if cart.buyer_id and self.taken_by.get((coupon["id"], cart.buyer_id), 0) >= coupon["per_buyer"]:
            raise CouponNotUsable("you have used it", reason="already_used")
        return Discount(
            coupon_id=coupon["id"],
            code=code,
            threshold_cents=coupon["threshold_cents"],
            amount_cents=coupon["amount_cents"],
            rate_bps=coupon["rate_bps"],
            max_discount_cents=coupon["max_discount_cents"],
            funded_by=coupon["funded_by"],
        )
