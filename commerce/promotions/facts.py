"""Everything that decides the prices of a batch of carts, loaded in a constant number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx
from commerce.errors import CouponNotUsable, NotDeliverable, RoomNotFound
from commerce.inventory.rooms import ProductRooms
from commerce.promotions import repository
from commerce.promotions.pricing import Discount, FlashPrice, Item, Quote, price_cart
from commerce.shipping.fees import Fee, Parcels, ShippingFee, Zone, zone_of


@dataclass(frozen=True, slots=True)
class Cart:
    """What one buyer wants priced. `region`: where it goes, as in an address; None: nobody knows yet."""

    buyer_id: UUID | None
    room_id: UUID | None
    quantities: Mapping[UUID, int]
    coupon_code: str | None
    region: str | None = None


@dataclass(slots=True)
class PriceFacts:
    """Prices as they are now; `take` notes what an accepted cart uses up, for those behind it."""

    at: datetime
    room_prices: Mapping[tuple[UUID, UUID], int]
    flash_sales: Mapping[UUID, Sequence[DictRow]]
    coupons: Mapping[str, DictRow]
    fees: Mapping[str, DictRow]
    templates: Sequence[DictRow] = ()
    rooms: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)
    taken: dict[UUID, int] = field(default_factory=dict)
    taken_by: dict[tuple[UUID, UUID], int] = field(default_factory=dict)

    @classmethod
    async def load(
        cls, tx: Tx, rooms: ProductRooms, carts: Sequence[Cart], at: datetime, *, lock: bool
    ) -> "PriceFacts":
        """`lock`: nobody else may use a sale or a coupon before `tx` ends."""
        sku_ids = {sku_id for cart in carts for sku_id in cart.quantities}
        pairs = {(cart.room_id, sku_id) for cart in carts if cart.room_id for sku_id in cart.quantities}
        codes = {cart.coupon_code for cart in carts if cart.coupon_code}
        room_ids = {cart.room_id for cart in carts if cart.room_id}
        buyers = {cart.buyer_id for cart in carts if cart.buyer_id}
        sales = await repository.running_flash_sales(tx, sku_ids, at, lock=lock)
        coupons = await repository.coupons_by_code(tx, codes, lock=lock) if codes else {}
        fees, templates = await repository.shipping_rules(tx)
        facts = cls(
            at=at,
            room_prices=await repository.room_prices(tx, pairs) if pairs else {},
            flash_sales={sku_id: [s for s in sales if s["sku_id"] == sku_id] for sku_id in sku_ids},
            coupons=coupons,
            fees=fees,
            templates=templates,
            rooms=await rooms.selling(tx, room_ids) if room_ids else {},
        )
        if sales and buyers:
            ids = [sale["id"] for sale in sales]
            facts.taken_by |= await repository.used_by(tx, "flash_sale_id", ids, buyers)
        if coupons and buyers:
            ids = [coupon["id"] for coupon in coupons.values()]
            facts.taken_by |= await repository.used_by(tx, "coupon_id", ids, buyers)
        return facts

    def quote(self, cart: Cart, offers: Mapping[UUID, Mapping[str, Any]]) -> Quote:
        """What the cart costs now; raises RoomNotFound, CouponNotUsable or NotDeliverable.

        `offers`: price, currency, product, weight and shipping template of each SKU.
        """
        currency = offers[next(iter(cart.quantities))]["currency"]
        here = self._sold_here(cart, offers)
        items = [
            Item(
                sku_id=sku_id,
                quantity=quantity,
                sale_price_cents=offers[sku_id]["price_cents"],
                room_price_cents=self.room_prices.get((cart.room_id, sku_id))
                if cart.room_id and sku_id in here
                else None,
                flash=self._flash(cart, sku_id, in_room=sku_id in here),
            )
            for sku_id, quantity in cart.quantities.items()
        ]
        code = cart.coupon_code
        discount = self._discount(cart, code, currency, in_room=bool(here)) if code else None
        return price_cart(items, discount, self._fee(cart, offers, currency))

    def _sold_here(self, cart: Cart, offers: Mapping[UUID, Mapping[str, Any]]) -> set[UUID]:
        """The cart's SKUs that its room shows: only those have the room's prices."""
        if cart.room_id is None:
            return set()
        if cart.room_id not in self.rooms:
            raise RoomNotFound
        shown = self.rooms[cart.room_id]
        return {sku_id for sku_id in cart.quantities if offers[sku_id]["product_id"] in shown}

    def _fee(self, cart: Cart, offers: Mapping[UUID, Mapping[str, Any]], currency: str) -> Fee | None:
        """By the products' templates, else the currency's default one, else its flat fee."""
        row = self.fees.get(currency)
        flat = ShippingFee(row["fee_cents"], row["free_from_cents"]) if row else None
        usable = [template for template in self.templates if template["currency"] == currency]
        if not usable:
            return flat
        by_id = {template["id"]: template for template in usable}
        default = next((template for template in usable if template["is_default"]), None)
        weights: dict[str, int] = {}
        loose = False
        for sku_id, quantity in cart.quantities.items():
            offer = offers[sku_id]
            template = by_id.get(str(offer["shipping_template_id"]), default)
            if template is None:
                loose = True
                continue
            weights[template["id"]] = weights.get(template["id"], 0) + offer["weight_g"] * quantity
        weighed = tuple((self._zone(by_id[key], cart.region), grams) for key, grams in weights.items())
        return Parcels(weighed, flat if loose else None)

    @staticmethod
    def _zone(template: Mapping[str, Any], region: str | None) -> Zone:
        zone = zone_of([Zone.from_record(record) for record in template["zones"]], region)
        if zone is None or not zone.delivers:
            raise NotDeliverable(region=region)
        return zone

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

    def _flash(self, cart: Cart, sku_id: UUID, *, in_room: bool) -> FlashPrice | None:
        """The cheapest sale that runs in the cart's room or everywhere, and what it leaves this buyer."""
        for sale in self.flash_sales.get(sku_id, ()):
            if sale["room_id"] is not None and not (in_room and sale["room_id"] == cart.room_id):
                continue
            left = sale["quantity"] - sale["sold"] - self.taken.get(sale["id"], 0)
            if cart.buyer_id:
                left = min(left, sale["per_buyer"] - self.taken_by.get((sale["id"], cart.buyer_id), 0))
            if left > 0:
                return FlashPrice(sale["id"], sale["price_cents"], left)
        return None

    def _discount(self, cart: Cart, code: str, currency: str, *, in_room: bool) -> Discount:
        coupon = self.coupons.get(code)
        if coupon is None or coupon["currency"] != currency:
            raise CouponNotUsable("there is no such coupon", reason="unknown")
        if coupon["room_id"] is not None and not (in_room and coupon["room_id"] == cart.room_id):
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
